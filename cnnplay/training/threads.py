"""With how many threads a piece of work is fastest just now."""

import time
from collections.abc import Callable
from statistics import median

import torch

CLEARLY = 0.93
"""Fewer threads than all must bring the time to this share."""
HOPELESS = 4.0
"""More threads are given up at the first step that takes so many times as long as with fewer."""


def measure_threads(most: int, step: Callable[[], None]) -> dict[int, float]:
    """Seconds a step with 1, 2, 4 … and `most` threads, up to where more make it much slower.

    Where fewer seem better all are measured twice, and the shorter time counts: the program itself, just
    started, may have needed a core for a moment.
    """
    found = _measured(most, step)
    if choose(found, most) != most:
        for threads, seconds in _measured(most, step).items():
            found[threads] = min(seconds, found.get(threads, seconds))
    return found


def _measured(most: int, step: Callable[[], None]) -> dict[int, float]:
    counts = sorted({most, *(1 << power for power in range(most.bit_length()))})
    found: dict[int, float] = {}
    for threads in counts:
        torch.set_num_threads(threads)
        limit = HOPELESS * min(found.values(), default=float("inf"))
        found[threads] = seconds_a_step(step, limit)
        if found[threads] > limit / 2:
            break
    return found


def choose(found: dict[int, float], most: int) -> int:
    """The fastest; all threads unless others are clearly better: the choice is the same each time."""
    best = min(found, key=found.__getitem__)
    if most in found and found[best] > CLEARLY * found[most]:
        return most
    return best


def seconds_a_step(step: Callable[[], None], limit: float = float("inf")) -> float:
    """The median of a few, until one takes more than `limit`."""
    times = [_seconds(step)]  # the first also sets memory up: it counts only where it is hopeless
    if times[0] <= limit:
        times = [_seconds(step)]
        while len(times) < 7 and times[-1] <= limit:
            times.append(_seconds(step))
    return median(times)


def _seconds(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
