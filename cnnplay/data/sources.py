"""The downloadable data sets: where they are, how they are packed, and what they contain.

The table is ``resources/data/sources.json``. Sizes and SHA-256 checksums are those given by the publishers,
and by libraries that download the same files. Each mirror is a URL prefix, to which a file's name is
appended.
"""

from functools import cache
from importlib.resources import files
from math import prod
from typing import Literal

import msgspec


class SourceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published file; `size` is in bytes."""

    name: str
    size: int
    sha256: str


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file in an archive, containing that many images."""

    name: str
    images: int


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data set: its first `train` images are for training, the `test` images after them are held out.

    `shape` is (C, H, W). `idx`: four files, the training images and labels, then the test images and labels.
    `cifar`: an archive whose `members` come in that order; each image is preceded by `label_bytes`, of which
    the last is the class.
    """

    key: str
    title: str
    about: str
    licence: str
    format: Literal["idx", "cifar"]
    shape: tuple[int, int, int]
    train: int
    test: int
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: tuple[SourceFile, ...]
    label_bytes: int = 1
    members: tuple[Member, ...] = ()

    @property
    def size(self) -> int:
        """The total number of images."""
        return self.train + self.test

    @property
    def download_bytes(self) -> int:
        """The total size of the files to download."""
        return sum(file.size for file in self.files)

    @property
    def unpacked_bytes(self) -> int:
        """The size of images and labels on disk and in memory."""
        return self.size * (prod(self.shape) + 1)


def sources() -> tuple[Source, ...]:
    """All of them, in the order in which they are listed."""
    return _table()


def source(key: str) -> Source | None:
    """The one with that key, or None."""
    return next((each for each in sources() if each.key == key), None)


def megabytes(count: int) -> str:
    """``11.6 MB``; a megabyte is 10⁶ bytes, as in browsers."""
    return f"{count / 1e6:,.0f} MB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"


@cache
def _table() -> tuple[Source, ...]:
    content = files("cnnplay.resources").joinpath("data", "sources.json").read_bytes()
    return msgspec.json.decode(content, type=tuple[Source, ...])
