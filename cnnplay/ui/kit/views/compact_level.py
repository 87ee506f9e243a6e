"""What the header's parts leave out, step by step, where the window is narrow or the text large."""

from enum import IntEnum
from typing import Protocol, runtime_checkable


class CompactLevel(IntEnum):
    """From a header with all to one with what must be there. Each step keeps what those before left out."""

    FULL = 0
    NO_DETAILS = 1
    """The pickers' muted facts go, and the time that is left."""
    NO_RESTART = 2
    """Train afresh stays in the menu alone, and so does the curve in small."""
    NO_FINISHED_RUN = 3
    """The bar of a run that is over goes."""
    SHORT_NAMES = 4
    """Names are shortened: nothing else is left to go."""


@runtime_checkable
class Compactable(Protocol):
    """A part of the header that knows how wide it is at each step."""

    def width_at(self, level: CompactLevel) -> int:
        """Pixels that it needs."""

    def set_compact(self, level: CompactLevel) -> None:
        """Leaves out what this step says."""
