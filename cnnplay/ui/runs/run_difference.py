"""The difference between two runs as table rows: a name and both values."""

from typing import Any

import msgspec

from cnnplay.network.describe import detail, shape_text, title
from cnnplay.network.difference import NodeChange
from cnnplay.runs.difference import Pair, RunDifference
from cnnplay.runs.row import RunRow
from cnnplay.spec.tasks import primary_metrics
from cnnplay.ui.runs.run_columns import columns
from cnnplay.ui.runs.run_labels import value_text

BEFORE, AFTER = ("state", "epochs"), ("loss", "train_loss", "seconds", "speed", "bytes")
"""Columns of the table of runs that describe the outcome: before and after those of the metrics."""


class DifferenceRow(msgspec.Struct, frozen=True):
    """A row of the table; a heading has no values."""

    name: str
    first: str = ""
    second: str = ""
    heading: bool = False


def difference_rows(found: RunDifference) -> list[DifferenceRow]:
    """All differences, under headings; [] if there are none."""
    shown = []
    for heading, part in (
        ("Settings", [_pair_row(pair) for pair in found.settings]),
        ("Data", [_pair_row(pair) for pair in found.data]),
        ("Network", [*(_pair_row(pair) for pair in found.network), *_layer_rows(found.blocks)]),
        ("Environment", [_pair_row(pair) for pair in found.environment]),
    ):
        if part:
            shown += [DifferenceRow(heading, heading=True), *part]
    return shown


def outcome_rows(first: RunRow, second: RunRow) -> list[DifferenceRow]:
    """The outcomes that differ; [] if none does."""
    found = {column.key: column for column in columns()}
    keys = (*BEFORE, *(metric.name for metric in primary_metrics()), *AFTER)
    outcomes = [found[key] for key in keys]
    pairs = [DifferenceRow(one.title, one.text(first), one.text(second)) for one in outcomes]
    shown = [pair for pair in pairs if pair.first != pair.second]
    return [DifferenceRow("Outcome", heading=True), *shown] if shown else []


def _pair_row(pair: Pair) -> DifferenceRow:
    return DifferenceRow(pair.name.replace("_", " "), _text(pair.first), _text(pair.second))


def _layer_rows(changes: tuple[NodeChange, ...]) -> list[DifferenceRow]:
    found = []
    for change in changes:
        if change.kind == "changed":
            found += [
                DifferenceRow(
                    f"{change.id}: {field.field.replace('_', ' ')}", _text(field.first), _text(field.second)
                )
                for field in change.fields
            ]
        elif change.kind == "moved":
            found.append(DifferenceRow(change.id, "", "moved"))
        else:
            found.append(DifferenceRow(change.id, _layer_text(change.first), _layer_text(change.second)))
    return found


def _layer_text(node: Any) -> str:
    """``32 @ 3×3``; a dash if there is no such layer."""
    return "–" if node is None else detail(node) or title(node)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return shape_text(value)
    return value_text(value)
