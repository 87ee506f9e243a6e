"""The texts at the points of curves: labels at their ends, the values under the cursor."""

from typing import Any

import msgspec


class PointLabel(msgspec.Struct, frozen=True):
    """A text at a point of a line: its label at the end (``validation 0.110``), or a value under the cursor.

    `line` says which line: a part of a run, or the slot of a run.
    """

    line: Any
    text: str
    x: float
    y: float


class Readout(msgspec.Struct, frozen=True):
    """The values under the cursor, each with the point at which it was read."""

    x: float
    title: str
    labels: tuple[PointLabel, ...]
