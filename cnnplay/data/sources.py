"""The data sets that are fetched on request: where they lie, how they are packed, what is in them.

The table is ``resources/data/sources.json``. Sizes and SHA-256 of the files are those that their publishers,
and the libraries that fetch them too, give. Each of a set's mirrors is the beginning of an address; a file's
name goes behind it.
"""

from functools import cache
from importlib.resources import files
from math import prod
from typing import Literal

import msgspec


class SourceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file as it is published: `size` in bytes."""

    name: str
    size: int
    sha256: str


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file within an archive, which holds so many pictures."""

    name: str
    pictures: int


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data set: its first `train` pictures are for learning, the `test` behind them are kept apart.

    `shape` is (C, H, W). `idx`: four files, the training part's pictures and labels, then the test part's.
    `cifar`: an archive whose `members` come in that order; each picture has `label_bytes` before it, of which
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
        """How many pictures there are in all."""
        return self.train + self.test

    @property
    def download_bytes(self) -> int:
        """What is fetched."""
        return sum(file.size for file in self.files)

    @property
    def unpacked_bytes(self) -> int:
        """What pictures and labels take on the disk, and in memory."""
        return self.size * (prod(self.shape) + 1)


def sources() -> tuple[Source, ...]:
    """All of them, in the order in which they are offered."""
    return _table()


def source(key: str) -> Source | None:
    """The one of that key, or None."""
    return next((each for each in sources() if each.key == key), None)


def megabytes(count: int) -> str:
    """``11.6 MB``; a megabyte is 10⁶ bytes, as browsers count."""
    return f"{count / 1e6:,.0f} MB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"


@cache
def _table() -> tuple[Source, ...]:
    content = files("cnnplay.resources").joinpath("data", "sources.json").read_bytes()
    return msgspec.json.decode(content, type=tuple[Source, ...])
