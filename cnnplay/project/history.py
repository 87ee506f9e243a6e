"""history.json: the events of the runs. Steps, of which there are many, are stored as columns.

JSON has no numbers that are not finite (a diverged loss): they are stored as text ("nan").
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from cnnplay.project.errors import ProjectError, one_line
from cnnplay.spec.events import Count, Event, Ordinal, Stepped
from cnnplay.spec.json_values import JsonNumber, json_number, json_values

MOST_STEPS = 100_000
"""Above this many steps, only the lowest and the highest loss of each interval are kept."""


class Steps(msgspec.Struct, forbid_unknown_fields=True):
    """One list per field of the steps; `run` is an index into `runs`."""

    runs: list[str] = []
    run: list[int] = []
    step: list[Count] = []
    epoch: list[Ordinal] = []
    loss: list[JsonNumber] = []
    accuracy: list[JsonNumber] = []
    images: list[Count] = []


class History(msgspec.Struct, forbid_unknown_fields=True):
    """`events` are all events but steps; `at` is the index of the step that follows each of them."""

    events: list[dict[str, Any]]
    at: list[int]
    steps: Steps


def pack(events: Sequence[Event]) -> bytes:
    """The events as JSON."""
    kept = thinned(events)
    history = History([], [], Steps())
    columns = history.steps
    runs: dict[str, int] = {}
    for event in kept:
        if isinstance(event, Stepped):
            columns.run.append(runs.setdefault(event.run, len(runs)))
            columns.step.append(event.step)
            columns.epoch.append(event.epoch)
            columns.loss.append(json_number(event.loss))
            columns.accuracy.append(json_number(event.accuracy))
            columns.images.append(event.images)
        else:
            history.events.append(json_values(event))
            history.at.append(len(columns.step))
    columns.runs = list(runs)
    return msgspec.json.encode(history)


def unpack(text: bytes) -> tuple[Event, ...]:
    """The events in order. ProjectError if the text is not a history."""
    try:
        history = msgspec.json.decode(text, type=History)
        # Not strict, so that "nan" is read as a number.
        others = msgspec.convert(history.events, list[Event], strict=False)
        steps = _steps(history.steps)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise ProjectError(one_line(error)) from None
    except RecursionError:
        raise ProjectError("expected at most a few hundred levels of nesting; found more") from None
    at = history.at
    if len(at) != len(others) or at != sorted(at) or any(not 0 <= place <= len(steps) for place in at):
        raise ProjectError("at: expected one ascending index into the steps per event; found others")
    merged: list[Event] = []
    start = 0
    for place, event in zip(at, others, strict=True):
        merged += steps[start:place]
        merged.append(event)
        start = place
    return (*merged, *steps[start:])


def thinned(events: Sequence[Event], most: int = MOST_STEPS) -> list[Event]:
    """The events with at most about `most` steps; the extremes of the loss in each interval stay."""
    places = [index for index, event in enumerate(events) if isinstance(event, Stepped)]
    if len(places) <= most:
        return list(events)
    interval = math.ceil(len(places) / (most // 2))
    kept: set[int] = set()
    for start in range(0, len(places), interval):
        part = places[start : start + interval]
        kept |= {min(part, key=lambda index: _loss(events[index])), max(part, key=lambda i: _loss(events[i]))}
    return [event for index, event in enumerate(events) if index in kept or not isinstance(event, Stepped)]


def _loss(event: Event) -> float:
    assert isinstance(event, Stepped)
    return math.inf if math.isnan(event.loss) else event.loss


def _steps(columns: Steps) -> list[Event]:
    rows = zip(
        columns.run, columns.step, columns.epoch, columns.loss, columns.accuracy, columns.images, strict=True
    )
    if any(not 0 <= run < len(columns.runs) for run in columns.run):
        raise ProjectError("steps.run: expected indices into steps.runs; found others")
    return [
        Stepped(
            run=columns.runs[run],
            step=step,
            epoch=epoch,
            loss=float(loss),
            accuracy=float(accuracy),
            images=images,
        )
        for run, step, epoch, loss, accuracy, images in rows
    ]
