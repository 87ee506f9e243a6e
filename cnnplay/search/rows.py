"""A trial as a row of a table."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from cnnplay.search.space import Value
from cnnplay.spec.tasks import Metric

State: TypeAlias = Literal["waiting", "running", "complete", "pruned", "failed", "stopped", "lost"]
"""`failed`: its values could not be trained. `stopped`: the search was stopped; `lost`: its worker is gone.
Those two are repeated as new trials."""

COUNTED = frozenset({"complete", "pruned", "failed"})
"""The states that count as done."""


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trial. `value` is the best of its task's primary metric so far, on the validation split; trials
    count from 0.
    """

    number: int
    state: State
    value: float | None = None
    settings: dict[str, Value] = {}
    run: str = ""
    """Its run's folder; "" if there is none."""
    epoch: int | None = None
    """The epoch with the best value."""
    epochs: int = 0
    """How many are done."""
    why: str = ""
    """Why it failed or was pruned."""
    seconds: float = 0.0


def best_of(rows: Iterable[TrialRow], metric: Metric) -> TrialRow | None:
    """The complete trial with the best value (the first of several); None if none is complete."""
    complete = [row for row in rows if row.state == "complete" and row.value is not None]
    return max(complete, key=lambda row: (metric.order(row.value or 0.0), -row.number), default=None)


def counted(rows: Iterable[TrialRow]) -> int:
    """How many trials are done."""
    return sum(row.state in COUNTED for row in rows)
