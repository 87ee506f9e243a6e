"""The events that count in the end: where a resumed run repeated steps, the later record counts."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnplay.spec.events import EpochDone, Event, Started, Stepped

Floats: TypeAlias = NDArray[np.float64]


def effective_events(events: Iterable[Event]) -> list[Event]:
    """The events without the steps and epochs that were repeated later."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Started) and kept:
            kept = [one for one in kept if _is_kept(event, one)]
        kept.append(event)
    return kept


def elapsed(steps: Floats, ends: Sequence[tuple[int, float]]) -> Floats:
    """The time of each step in seconds of training. `ends`: the last step and the seconds of each epoch.

    Interpolates linearly within an epoch and extrapolates after the last one. NaN if no epoch has ended.
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
    """The `ends` for `elapsed`."""
    return [(event.step, event.seconds) for event in events if isinstance(event, EpochDone)]


def _is_kept(resumed: Started, event: Event) -> bool:
    if isinstance(event, EpochDone):
        return event.epoch < resumed.epoch
    return not isinstance(event, Stepped) or resumed.keeps(event.step, event.epoch)
