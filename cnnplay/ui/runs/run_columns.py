"""The columns of the table of runs: their texts, sort keys and hints."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.spec.tasks import LOSS, Metric, primary_metrics
from cnnplay.ui.kit.numerals import metric_text, short
from cnnplay.ui.kit.text import bytes_text, duration_text

Key: TypeAlias = float | str | None
"""What a column is sorted by; None comes last in both directions."""


class Column(msgspec.Struct, frozen=True):
    """One column; numbers are right-aligned."""

    key: str
    title: str
    hint: str
    text: Callable[[RunRow], str]
    sort: Callable[[RunRow], Key]
    number: bool = False


def _created_text(row: RunRow) -> str:
    moment = _created_at(row)
    if moment is None:
        return ""
    here = moment.astimezone()
    return here.strftime("%d %b %H:%M" if here.year == datetime.now().year else "%d %b %Y %H:%M")


def _created_at(row: RunRow) -> datetime | None:
    try:
        moment = datetime.fromisoformat(row.created)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _timestamp(row: RunRow) -> Key:
    moment = _created_at(row)
    return None if moment is None else moment.timestamp()


def _epochs(row: RunRow) -> str:
    return f"{row.epochs_done:,} / {row.epochs_asked:,}" if row.epochs_asked else ""


def _metric_text(metric: Metric, value: float | None) -> str:
    return "–" if value is None else metric_text(metric, value)


def _metric_column(metric: Metric) -> Column:
    return Column(
        metric.name,
        metric.heading,
        f"Validation {metric.title} of the best epoch",
        lambda row: _metric_text(metric, row.best.get(metric.name)),
        lambda row: row.best.get(metric.name),
        True,
    )


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _setting_key(name: str) -> Callable[[RunRow], Key]:
    def value(row: RunRow) -> Key:
        found = row.config.get(name)
        return found if isinstance(found, (int, float, str)) else None

    return value


def _learning_rate(row: RunRow) -> str:
    found = row.config.get("learning_rate")
    return short(found) if isinstance(found, float) else "–"


_BEFORE: tuple[Column, ...] = (
    Column(
        "name",
        "Network",
        "The network's name",
        lambda row: row.name or row.title,
        lambda row: (row.name or row.title).lower(),
    ),
    Column("created", "Started", "When the run was started", _created_text, _timestamp),
    Column(
        "state",
        "State",
        "Running, done, stopped, failed, or interrupted: the program ended during the run",
        lambda row: row.state,
        lambda row: row.state,
    ),
    Column(
        "data",
        "Data",
        "The data set that it was trained on",
        lambda row: row.data,
        lambda row: row.data.lower(),
    ),
)
_AFTER: tuple[Column, ...] = (
    Column("epochs", "Epochs", "Done / requested", _epochs, lambda row: float(row.epochs_done), True),
    Column(
        "optimizer",
        "Optimizer",
        "The optimizer: how gradients became updates",
        lambda row: str(row.config.get("optimizer", "")),
        _setting_key("optimizer"),
    ),
    Column(
        "learning_rate",
        "LR",
        "The initial learning rate",
        _learning_rate,
        _setting_key("learning_rate"),
        True,
    ),
    Column(
        "batch_size",
        "Batch",
        "Batch size: images per step",
        lambda row: _count(row.config.get("batch_size")),
        _setting_key("batch_size"),
        True,
    ),
    Column(
        "seconds",
        "Time",
        "Training time",
        lambda row: duration_text(row.seconds) if row.seconds else "–",
        lambda row: row.seconds or None,
        True,
    ),
    Column(
        "speed",
        "Images/s",
        "Training images per second",
        lambda row: _count(row.images_per_second),
        lambda row: row.images_per_second,
        True,
    ),
    Column(
        "parameters",
        "Parameters",
        "The number of learned parameters",
        lambda row: _count(row.parameters),
        lambda row: row.parameters,
        True,
    ),
    Column(
        "bytes",
        "Disk",
        "The size of its files",
        lambda row: bytes_text(row.bytes),
        lambda row: float(row.bytes),
        True,
    ),
    Column(
        "tags",
        "Tags",
        "Your tags: select a run to edit them",
        lambda row: " ".join(row.tags),
        lambda row: " ".join(row.tags).lower() or None,
    ),
    Column(
        "note",
        "Note",
        "Your note: select a run to edit it",
        lambda row: row.note.split("\n")[0],
        lambda row: row.note.lower() or None,
    ),
    Column(
        "train_loss",
        "Train loss",
        "Training loss of the last epoch",
        lambda row: _metric_text(LOSS, row.train.get("loss")),
        lambda row: row.train.get("loss"),
        True,
    ),
    Column(
        "folder",
        "Folder",
        "The name of the run's folder, as “cnnplay resume” and “cnnplay export” take it",
        lambda row: row.title,
        lambda row: row.title.lower(),
    ),
)


def columns() -> tuple[Column, ...]:
    """In order. Each task's primary metric has a column."""
    return (*_BEFORE, *map(_metric_column, (*primary_metrics(), LOSS)), *_AFTER)


def column_index(key: str) -> int:
    """The index of a column by its key. ValueError for an unknown key."""
    return [one.key for one in columns()].index(key)


def sorts_before(first: Key, second: Key, descending: bool) -> bool:
    """Whether the first key sorts before the second; None and NaN come last, also in a descending table."""
    if first is None or second is None:
        return (second is None and first is not None) != descending
    if isinstance(first, str) or isinstance(second, str):
        return str(first) < str(second)
    if first != first or second != second:  # NaN: like None
        return (second != second and first == first) != descending
    return first < second


def row_tooltip(row: RunRow) -> str:
    """A row's tooltip: its folder, problem and note."""
    parts = [row.path]
    if row.problem:
        parts.append(row.problem)
    if row.note:
        parts.append(row.note)
    return "\n".join(parts)
