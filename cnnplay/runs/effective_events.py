"""The events that count in the end: where a resumed run repeated steps, the later record counts."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnplay.spec.events import EpochDone, Event, Finished, Noted, Started, Stepped

Floats: TypeAlias = NDArray[np.float64]


def effective_events(events: Iterable[Event]) -> list[Event]:
    """The events without the steps and epochs that were repeated later, their steps numbered in order."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Started) and kept:
            kept = [one for one in kept if _is_kept(event, one)]
        kept.append(event)
    return _in_order(kept)


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


def _in_order(events: Iterable[Event]) -> list[Event]:
    """Numbers the steps on where a run continues another with more or fewer steps per epoch.

    It counts its own from (first epoch − 1) · steps per epoch.
    """
    found: list[Event] = []
    per_epoch, last, offset = 0, 0, 0
    for event in events:
        if isinstance(event, Started):
            if event.done is None and per_epoch not in (0, event.steps_per_epoch):
                offset = last - (event.first_epoch - 1) * event.steps_per_epoch
            per_epoch = event.steps_per_epoch
        elif not isinstance(event, Noted | Finished):
            event = msgspec.structs.replace(event, step=event.step + offset) if offset else event
            if isinstance(event, Stepped | EpochDone):
                last = max(last, event.step)
        found.append(event)
    return found


def _is_kept(resumed: Started, event: Event) -> bool:
    if isinstance(event, EpochDone):
        return event.epoch < resumed.epoch
    return not isinstance(event, Stepped) or resumed.keeps(event.step, event.epoch)
