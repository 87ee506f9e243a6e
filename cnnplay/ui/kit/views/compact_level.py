"""What the header's parts leave out, step by step, if the window is narrow or the text large."""

from enum import IntEnum
from typing import Protocol, runtime_checkable


class CompactLevel(IntEnum):
    """From the full header to the most compact one. Each level also leaves out what the ones before do."""

    FULL = 0
    NO_DETAILS = 1
    """Without the pickers' muted details, and the remaining time."""
    NO_RESTART = 2
    """Without the button "Train from scratch", which is also in the menu, and the sparkline."""
    NO_FINISHED_RUN = 3
    """Without the progress bar of a finished run."""
    SHORT_NAMES = 4
    """With elided names: there is nothing else to leave out."""


@runtime_checkable
class Compactable(Protocol):
    """A part of the header that knows its width at each level."""

    def width_at(self, level: CompactLevel) -> int:
        """The width in pixels that it needs."""

    def set_compact(self, level: CompactLevel) -> None:
        """Leaves out what this level says."""
