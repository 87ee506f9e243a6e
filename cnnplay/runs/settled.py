"""A run's events as they count in the end: where it went on and did steps anew, the later record."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnplay.spec.events import EpochDone, Event, Started, Stepped

Floats: TypeAlias = NDArray[np.float64]


def settled(events: Iterable[Event]) -> list[Event]:
    """The same without the steps and epochs that were done anew."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Started) and kept:
            kept = [one for one in kept if _stands(event, one)]
        kept.append(event)
    return kept


def elapsed(steps: Floats, ends: Sequence[tuple[int, float]]) -> Floats:
    """When each step was done, in seconds of training. `ends`: the last step and the seconds of each epoch.

    Within an epoch time runs evenly; behind the last one it goes on as in that. NaN where no epoch was done.
    """
    if not ends:
        return np.full(len(steps), np.nan)
    table = np.asarray(sorted(ends), dtype=np.float64)
    at = np.concatenate([[0.0], table[:, 0]])
    seconds = np.concatenate([[0.0], np.cumsum(table[:, 1])])
    slope = (seconds[-1] - seconds[-2]) / max(at[-1] - at[-2], 1.0)
    beyond = np.maximum(steps - at[-1], 0.0) * slope
    result: Floats = np.interp(steps, at, seconds) + beyond
    return result


def epoch_ends(events: Iterable[Event]) -> list[tuple[int, float]]:
    """What `elapsed` wants to know."""
    return [(event.step, event.seconds) for event in events if isinstance(event, EpochDone)]


def _stands(goes_on: Started, event: Event) -> bool:
    if isinstance(event, EpochDone):
        return event.epoch < goes_on.epoch
    return not isinstance(event, Stepped) or goes_on.keeps(event.step, event.epoch)
