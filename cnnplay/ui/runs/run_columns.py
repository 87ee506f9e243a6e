"""The columns of the table of runs: what stands in each, how it is sorted, what it means."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from cnnplay.runs.row import RunRow
from cnnplay.ui.kit.numerals import numeral, percent, short
from cnnplay.ui.kit.text import bytes_text, duration_text

Key: TypeAlias = float | str | None
"""What a column is sorted by; None stands last whichever way it is sorted."""


class Column(msgspec.Struct, frozen=True):
    """One column. Numbers that people compare stand at the right."""

    key: str
    title: str
    hint: str
    text: Callable[[RunRow], str]
    sort: Callable[[RunRow], Key]
    number: bool = False


def _when(row: RunRow) -> str:
    moment = _moment(row)
    if moment is None:
        return ""
    here = moment.astimezone()
    return here.strftime("%d %b %H:%M" if here.year == datetime.now().year else "%d %b %Y %H:%M")


def _moment(row: RunRow) -> datetime | None:
    try:
        moment = datetime.fromisoformat(row.created)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _stamp(row: RunRow) -> Key:
    moment = _moment(row)
    return None if moment is None else moment.timestamp()


def _epochs(row: RunRow) -> str:
    return f"{row.epochs_done:,} / {row.epochs_asked:,}" if row.epochs_asked else ""


def _percent(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _numeral(value: float | None) -> str:
    return "–" if value is None else numeral(value)


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _setting(name: str) -> Callable[[RunRow], Key]:
    def value(row: RunRow) -> Key:
        found = row.config.get(name)
        return found if isinstance(found, (int, float, str)) else None

    return value


def _rate(row: RunRow) -> str:
    found = row.config.get("learning_rate")
    return short(found) if isinstance(found, float) else "–"


COLUMNS: tuple[Column, ...] = (
    Column(
        "name",
        "Network",
        "The network's name",
        lambda row: row.name or row.title,
        lambda row: (row.name or row.title).lower(),
    ),
    Column("created", "Begun", "When the run was begun", _when, _stamp),
    Column(
        "state",
        "State",
        "Running, done, stopped, failed, or interrupted: it ended without a word",
        lambda row: row.state,
        lambda row: row.state,
    ),
    Column(
        "data",
        "Data",
        "The data set that it learned from",
        lambda row: row.data,
        lambda row: row.data.lower(),
    ),
    Column(
        "accuracy",
        "Accuracy",
        "Validation accuracy of the best epoch",
        lambda row: _percent(row.best_accuracy),
        lambda row: row.best_accuracy,
        True,
    ),
    Column(
        "loss",
        "Loss",
        "Validation loss of the best epoch",
        lambda row: _numeral(row.best_loss),
        lambda row: row.best_loss,
        True,
    ),
    Column("epochs", "Epochs", "Done / asked for", _epochs, lambda row: float(row.epochs_done), True),
    Column(
        "optimizer",
        "Optimizer",
        "The rule that turned gradients into steps",
        lambda row: str(row.config.get("optimizer", "")),
        _setting("optimizer"),
    ),
    Column(
        "learning_rate",
        "Rate",
        "The learning rate that it began with",
        _rate,
        _setting("learning_rate"),
        True,
    ),
    Column(
        "batch_size",
        "Batch",
        "Pictures a step",
        lambda row: _count(row.config.get("batch_size")),
        _setting("batch_size"),
        True,
    ),
    Column(
        "seconds",
        "Time",
        "Of computing",
        lambda row: duration_text(row.seconds) if row.seconds else "–",
        lambda row: row.seconds or None,
        True,
    ),
    Column(
        "speed",
        "Images/s",
        "How many training pictures a second",
        lambda row: _count(row.images_per_second),
        lambda row: row.images_per_second,
        True,
    ),
    Column(
        "parameters",
        "Parameters",
        "Numbers that it learned",
        lambda row: _count(row.parameters),
        lambda row: row.parameters,
        True,
    ),
    Column(
        "bytes",
        "Disk",
        "What its files take",
        lambda row: bytes_text(row.bytes),
        lambda row: float(row.bytes),
        True,
    ),
    Column(
        "tags",
        "Tags",
        "Yours: click a run to give it some",
        lambda row: " ".join(row.tags),
        lambda row: " ".join(row.tags).lower() or None,
    ),
    Column(
        "note",
        "Note",
        "Yours: click a run to write one",
        lambda row: row.note.split("\n")[0],
        lambda row: row.note.lower() or None,
    ),
    Column(
        "train_loss",
        "Train loss",
        "Training loss of the last epoch",
        lambda row: _numeral(row.train_loss),
        lambda row: row.train_loss,
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


def column(key: str) -> int:
    """Where a column stands. ValueError where there is none of that key."""
    return [one.key for one in COLUMNS].index(key)


def less(first: Key, second: Key, descending: bool) -> bool:
    """Whether the first stands before the second, before a descending table is turned round."""
    if first is None or second is None:
        return (second is None and first is not None) != descending
    if isinstance(first, str) or isinstance(second, str):
        return str(first) < str(second)
    if first != first or second != second:  # not a number: as if it were not there
        return (second != second and first == first) != descending
    return first < second


def row_words(row: RunRow) -> str:
    """What a row's tooltip says."""
    parts = [row.path]
    if row.problem:
        parts.append(row.problem)
    if row.note:
        parts.append(row.note)
    return "\n".join(parts)
