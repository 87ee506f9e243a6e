"""Finds the number of threads with which a computation is currently fastest."""

import time
from collections.abc import Callable
from statistics import median

import torch

CLEARLY_FASTER = 0.93
"""Fewer threads than all must reduce the time to this share."""
HOPELESS = 4.0
"""Larger numbers of threads are not tried after a step that takes this many times as long as with fewer."""


def measure_threads(most: int, step: Callable[[], None]) -> dict[int, float]:
    """Seconds per step with 1, 2, 4 … and `most` threads, until more threads make it much slower.

    If fewer seem better, all are timed twice and the shorter time counts: the program, just started, may have
    needed a core for a moment.
    """
    found = _measured(most, step)
    if choose_threads(found, most) != most:
        for threads, seconds in _measured(most, step).items():
            found[threads] = min(seconds, found.get(threads, seconds))
    return found


def _measured(most: int, step: Callable[[], None]) -> dict[int, float]:
    counts = sorted({most, *(1 << power for power in range(most.bit_length()))})
    found: dict[int, float] = {}
    for threads in counts:
        torch.set_num_threads(threads)
        limit = HOPELESS * min(found.values(), default=float("inf"))
        found[threads] = seconds_per_step(step, limit)
        if found[threads] > limit / 2:
            break
    return found


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
