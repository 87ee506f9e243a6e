"""What the header's parts leave out, step by step, where the window is narrow or the text large."""

from enum import IntEnum
from typing import Protocol, runtime_checkable


class Thrift(IntEnum):
    """From a header with all to one with what must be there. Each step keeps what those before left out."""

    NOTHING = 0
    FACTS = 1
    """The pickers' muted facts go, and the time that is left."""
    AFRESH = 2
    """Train afresh stays in the menu alone, and so does the curve in small."""
    DONE = 3
    """The bar of a run that is over goes."""
    NAMES = 4
    """Names are shortened: nothing else is left to go."""


@runtime_checkable
class Thrifty(Protocol):
    """A part of the header that knows how wide it is at each step."""

    def width_at(self, thrift: Thrift) -> int:
        """Pixels that it needs."""

    def economise(self, thrift: Thrift) -> None:
        """Leaves out what this step says."""
