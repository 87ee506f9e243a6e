"""Finds the number of threads with which a computation is currently fastest."""

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import torch

from cnnplay.training.timing import ComputeTimer

CLEARLY_FASTER = 0.93
"""Fewer threads than all must reduce the time to this share."""
HOPELESS = 4.0
"""Larger numbers of threads are not tried after a step that takes this many times as long as with fewer."""


class ThreadTimes(NamedTuple):
    """Seconds per step by number of threads. `quiet`: the computation with one had a core of its own."""

    seconds: dict[int, float]
    quiet: bool


def measure_threads(most: int, step: Callable[[], None]) -> ThreadTimes:
    """Times a step with 1, 2, 4 … and `most` threads, until more threads make it much slower.

    If fewer seem better, or it was not quiet, all are timed twice and the shorter time counts: the program,
    just started, may have needed a core for a moment.
    """
    found, quiet = _measured(most, step)
    if not quiet or choose_threads(found, most) != most:
        again, quiet = _measured(most, step)
        for threads, seconds in again.items():
            found[threads] = min(seconds, found.get(threads, seconds))
    return ThreadTimes(found, quiet)


def _measured(most: int, step: Callable[[], None]) -> ThreadTimes:
    counts = sorted({most, *(1 << power for power in range(most.bit_length()))})
    found, quiet = dict[int, float](), True
    for threads in counts:
        torch.set_num_threads(threads)
        limit = HOPELESS * min(found.values(), default=float("inf"))
        timer = ComputeTimer()
        found[threads] = seconds_per_step(step, limit)
        if threads == 1:  # several wait for each other: their own time does not tell
            quiet = timer.read().reliable
        if found[threads] > limit / 2:
            break
    return ThreadTimes(found, quiet)


def choose_threads(found: dict[int, float], most: int) -> int:
    """The fastest number; `most` unless another is clearly better, so that the choice is the same each
    time.
    """
    best = min(found, key=found.__getitem__)
    if most in found and found[best] > CLEARLY_FASTER * found[most]:
        return most
    return best


def seconds_per_step(step: Callable[[], None], limit: float = float("inf")) -> float:
    """The median of a few, until one takes longer than `limit`."""
    times = [_seconds(step)]  # the first also allocates memory: it counts only if it is hopeless
    if times[0] <= limit:
        times = [_seconds(step)]
        while len(times) < 7 and times[-1] <= limit:
            times.append(_seconds(step))
    return median(times)


def _seconds(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
