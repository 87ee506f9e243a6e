"""history.json: the events of the runs. Steps, of which there are many, are stored as columns.

JSON has no numbers that are not finite (a diverged loss): they are stored as text ("nan").
"""

import math
from collections.abc import Mapping, Sequence
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
    accuracy: list[JsonNumber | None] = []
    images: list[Count] = []
    metrics: dict[str, list[JsonNumber | None]] | msgspec.UnsetType = msgspec.UNSET
    """A column for each metric that has none of its own above."""


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
    measured: list[Mapping[str, float]] = []
    for event in kept:
        if isinstance(event, Stepped):
            columns.run.append(runs.setdefault(event.run, len(runs)))
            columns.step.append(event.step)
            columns.epoch.append(event.epoch)
            columns.loss.append(json_number(event.loss))
            columns.images.append(event.images)
            measured.append(event.values)
        else:
            history.events.append(json_values(event))
            history.at.append(len(columns.step))
    columns.runs = list(runs)
    found = {name: None for metrics in measured for name in metrics if name != "accuracy"}
    columns.accuracy = _column(measured, "accuracy")
    if found:
        columns.metrics = {name: _column(measured, name) for name in found}
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


def _column(measured: Sequence[Mapping[str, float]], name: str) -> list[JsonNumber | None]:
    return [json_number(metrics[name]) if name in metrics else None for metrics in measured]


def _steps(columns: Steps) -> list[Event]:
    if any(not 0 <= run < len(columns.runs) for run in columns.run):
        raise ProjectError("steps.run: expected indices into steps.runs; found others")
    others = {} if columns.metrics is msgspec.UNSET else columns.metrics
    rows = zip(columns.run, columns.step, columns.epoch, columns.loss, columns.images, strict=True)
    metrics = _metrics({"accuracy": columns.accuracy, **others}, len(columns.step))
    return [
        Stepped.make(columns.runs[run], step, epoch, float(loss), values, images)
        for (run, step, epoch, loss, images), values in zip(rows, metrics, strict=True)
    ]


def _metrics(columns: Mapping[str, list[JsonNumber | None]], count: int) -> list[dict[str, float]]:
    """The metrics of each step. ValueError if a column has another length."""
    found: list[dict[str, float]] = [{} for _ in range(count)]
    for name, column in columns.items():
        for metrics, value in zip(found, column, strict=True):
            if value is not None:
                metrics[name] = float(value)
    return found
