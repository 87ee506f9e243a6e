"""A trial as people and programs are told of it."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from cnnplay.search.space import Value

State: TypeAlias = Literal["waiting", "running", "complete", "pruned", "failed", "stopped", "lost"]
"""`failed`: its values made nothing that learns. `stopped`: somebody stopped it; `lost`: whoever ran it is
gone. What those two had begun is tried again, as another trial."""

COUNTED = frozenset({"complete", "pruned", "failed"})
"""Trials that are done, and count among those asked for."""


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trial. `value` is its best validation accuracy so far, a fraction; trials count from 0."""

    number: int
    state: State
    value: float | None = None
    settings: dict[str, Value] = {}
    run: str = ""
    """Its run's folder; "" where there is none."""
    epoch: int | None = None
    """The epoch with the best validation accuracy."""
    epochs: int = 0
    """How many are done."""
    why: str = ""
    """Why it failed or was given up."""
    seconds: float = 0.0


def best_of(rows: Iterable[TrialRow]) -> TrialRow | None:
    """The complete trial of the highest value, the first of several; None where none is complete."""
    complete = [row for row in rows if row.state == "complete" and row.value is not None]
    return max(complete, key=lambda row: (row.value or 0.0, -row.number), default=None)


def counted(rows: Iterable[TrialRow]) -> int:
    """How many trials are done."""
    return sum(row.state in COUNTED for row in rows)
