"""The difference between two runs as rows for people: what it is called, and both values."""

from typing import Any

import msgspec

from cnnplay.network.describe import detail, shape_text, title
from cnnplay.network.difference import NodeChange
from cnnplay.runs.difference import Pair, RunDifference
from cnnplay.runs.row import RunRow
from cnnplay.ui.runs.run_columns import COLUMNS, column
from cnnplay.ui.runs.run_labels import value_words

OUTCOME = ("state", "epochs", "accuracy", "loss", "train_loss", "seconds", "speed", "bytes")
"""Columns of the table that tell what came of a run."""


class DifferenceRow(msgspec.Struct, frozen=True):
    """A line of the table; a heading has no values."""

    name: str
    first: str = ""
    second: str = ""
    heading: bool = False


def rows(found: RunDifference) -> list[DifferenceRow]:
    """All that differs under its heading; [] where nothing does."""
    shown = []
    for heading, part in (
        ("Settings", [_pair(pair) for pair in found.settings]),
        ("Data", [_pair(pair) for pair in found.data]),
        ("Network", [*(_pair(pair) for pair in found.network), *_blocks(found.blocks)]),
        ("Surroundings", [_pair(pair) for pair in found.environment]),
    ):
        if part:
            shown += [DifferenceRow(heading, heading=True), *part]
    return shown


def outcome(first: RunRow, second: RunRow) -> list[DifferenceRow]:
    """What came of them, where it is not the same; [] where it is."""
    columns = [COLUMNS[column(key)] for key in OUTCOME]
    pairs = [DifferenceRow(one.title, one.text(first), one.text(second)) for one in columns]
    shown = [pair for pair in pairs if pair.first != pair.second]
    return [DifferenceRow("Outcome", heading=True), *shown] if shown else []


def _pair(pair: Pair) -> DifferenceRow:
    return DifferenceRow(pair.name.replace("_", " "), _words(pair.first), _words(pair.second))


def _blocks(changes: tuple[NodeChange, ...]) -> list[DifferenceRow]:
    found = []
    for change in changes:
        if change.kind == "changed":
            found += [
                DifferenceRow(
                    f"{change.id}: {field.field.replace('_', ' ')}", _words(field.first), _words(field.second)
                )
                for field in change.fields
            ]
        elif change.kind == "moved":
            found.append(DifferenceRow(change.id, "", "stands elsewhere"))
        else:
            found.append(DifferenceRow(change.id, _block(change.first), _block(change.second)))
    return found


def _block(node: Any) -> str:
    """``32 @ 3×3``; a dash where there is no such block."""
    return "–" if node is None else detail(node) or title(node)


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return shape_text(value)
    return value_words(value)
