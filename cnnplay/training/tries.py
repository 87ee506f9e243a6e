"""Short pieces of work that are timed, and whether something else of this program computed meanwhile."""

import sys
import time
from typing import NamedTuple

UNDISTURBED = 0.9
"""Who has a core for himself computes for this share of the time at least, or spins while his other threads
compute. Measured with 2 threads on 2 cores: 1.0; beside another thread of the program that computes 0.25 to
0.5, and the layers of LeNet-5 took 2.8 times as long."""
TICK = 0.016 if sys.platform == "win32" else 0.0
"""Seconds by which a thread's clock may be wrong: Windows moves it on 64 times a second. What takes
no longer than a few ticks is taken for sure there."""


class Tried(NamedTuple):
    """What a piece of work took, in seconds. Not `sure` where this thread had to wait for a core, or for the
    interpreter: it would have been faster alone."""

    seconds: float
    sure: bool


class Watch:
    """Runs from when it is made until it is read, in one thread."""

    def __init__(self) -> None:
        self._computed, self._start = time.thread_time(), time.perf_counter()

    def read(self) -> Tried:
        """The time since it was made."""
        seconds = time.perf_counter() - self._start
        computed = time.thread_time() - self._computed + 2 * TICK
        return Tried(seconds, computed >= UNDISTURBED * seconds)
