"""What of a folder is not in its data set, by kind and reason."""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["damaged", "link", "outside", "run", "other", "hidden"]

KINDS: dict[Kind, tuple[str, str]] = {
    "damaged": ("damaged or unreadable image", "damaged or unreadable images"),
    "link": ("link to a folder", "links to folders"),
    "outside": ("file or folder outside the class folders", "files and folders outside the class folders"),
    "run": ("run folder", "run folders"),
    "other": ("file without an image extension", "files without an image extension"),
    "hidden": ("hidden or system file", "hidden and system files"),
}
"""The kinds, the most important first, and what one and several are called."""


class LeftOut(msgspec.Struct, frozen=True):
    """A file or folder that is not in the data set. `reason` is a phrase: "no such file", …"""

    kind: Kind
    path: str
    reason: str

    @property
    def line(self) -> str:
        """``/data/cat/3.png: cannot be read as an image (damaged)``"""
        return f"{self.path}: {self.reason}"


class Group(msgspec.Struct, frozen=True):
    """All that was left out for one kind of reason: how many, and the first few."""

    kind: Kind
    count: int
    examples: tuple[LeftOut, ...]

    @property
    def title(self) -> str:
        """``3 damaged or unreadable images``"""
        return f"{self.count:,} {KINDS[self.kind][self.count != 1]}"

    @property
    def line(self) -> str:
        """``3 damaged or unreadable images: /data/cat/3.png: cannot be read as an image, …``"""
        more = ", …" if self.count > 1 else ""
        return f"{self.title}: {self.examples[0].line}{more}"


def grouped(left_out: Iterable[LeftOut], examples: int = 5) -> tuple[Group, ...]:
    """What was left out by kind, the most important kinds first, with at most so many examples of each."""
    by_kind: dict[Kind, list[LeftOut]] = {}
    for one in left_out:
        by_kind.setdefault(one.kind, []).append(one)
    return tuple(
        Group(kind, len(by_kind[kind]), tuple(by_kind[kind][:examples])) for kind in KINDS if kind in by_kind
    )


def in_order(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """The most important kinds first."""
    order = list(KINDS)
    return tuple(sorted(left_out, key=lambda one: order.index(one.kind)))
