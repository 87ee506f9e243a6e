"""Times short computations, and detects whether another part of this program was computing."""

import sys
import time
from typing import NamedTuple

UNDISTURBED = 0.9
"""A thread with a core of its own computes for at least this share of the time, or spins while its other
threads compute. Measured with 2 threads on 2 cores: 1.0; beside another computing thread of the program, 0.25
to 0.5, with LeNet-5's layers taking 2.8 times as long.
"""
TICK = 0.016 if sys.platform == "win32" else 0.0
"""The resolution of a thread's clock in seconds: Windows updates it 64 times per second. There, anything that
takes no longer than a few ticks counts as reliable.
"""


class Timing(NamedTuple):
    """A duration in seconds. Not `reliable` if the thread had to wait for a core or the interpreter: it would
    have been faster alone.
    """

    seconds: float
    reliable: bool


class ComputeTimer:
    """Runs from its creation until it is read, in one thread."""

    def __init__(self) -> None:
        self._computed, self._start = time.thread_time(), time.perf_counter()

    def read(self) -> Timing:
        """The time since the timer was created."""
        seconds = time.perf_counter() - self._start
        computed = time.thread_time() - self._computed + 2 * TICK
        return Timing(seconds, computed >= UNDISTURBED * seconds)
