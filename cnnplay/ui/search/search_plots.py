"""The plots of a search, as values: parallel coordinates, best so far, hyperparameter importance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from cnnplay.search.rows import TrialRow
from cnnplay.search.space import Choices, Range, Value
from cnnplay.search.values import value_text
from cnnplay.search.variables import Variable
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import DEFAULT, TASKS, Metric
from cnnplay.ui.kit.numerals import metric_text, short
from cnnplay.ui.plot.ticks import Tick, log_ticks, percent_ticks, ticks

MOST_TICKS = 5
EVALUATED = ("complete", "pruned")
FEW, ENOUGH = 20, 100
"""With fewer complete trials the importances are a guess, or rough: the best tenth counts."""


class Axis(msgspec.Struct, frozen=True):
    """One vertical axis; ticks are from 0 at the bottom to 1 at the top."""

    name: str
    label: str
    ticks: tuple[Tick, ...]


class Line(msgspec.Struct, frozen=True):
    """A trial across the axes: where it crosses each, from 0 to 1; None where it has no such value.

    `score`: how good its value is, from 0 to 1 over all trials.
    """

    number: int
    crossings: tuple[float | None, ...]
    score: float
    pruned: bool


class ParallelAxes(msgspec.Struct, frozen=True):
    """All axes, and a line per evaluated trial; the best are last, so that they are on top."""

    axes: tuple[Axis, ...] = ()
    lines: tuple[Line, ...] = ()


class BestSoFar(msgspec.Struct, frozen=True):
    """Each trial's value in order, and the best so far."""

    metric: Metric = TASKS[DEFAULT].primary

    numbers: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    pruned: tuple[bool, ...] = ()
    best: tuple[float, ...] = ()

    @property
    def bounds(self) -> tuple[float, float]:
        """The limits of the axis of values, with a margin."""
        return _padded(self.values, self.metric)

    def ticks(self, most: int) -> list[Tick]:
        return _value_ticks(*self.bounds, most, self.metric)

    @property
    def text(self) -> str:
        """``best 96.4 %, trial 7``."""
        if not self.best or self.best[-1] not in self.values:
            return ""
        number = self.numbers[self.values.index(self.best[-1])]
        return f"best {metric_text(self.metric, self.best[-1])}, trial {number}"


class Importance(msgspec.Struct, frozen=True):
    """The importance of a hyperparameter, as a share of the total."""

    label: str
    share: float

    @property
    def text(self) -> str:
        return f"{self.share * 100:.0f} %"


def parallel(variables: Sequence[Variable], rows: Sequence[TrialRow], metric: Metric) -> ParallelAxes:
    """The evaluated trials, each a line across its parameters to its value."""
    evaluated = [row for row in rows if row.state in EVALUATED and row.value is not None]
    values = [row.value or 0.0 for row in evaluated]
    low, high = _padded(values, metric)
    found = _value_ticks(low, high, MOST_TICKS, metric)
    worst = min(metric.order(low), metric.order(high))
    marks = tuple(Tick((tick.at - low) / (high - low), tick.text) for tick in found)
    if not variables:
        return ParallelAxes()
    lines = [
        Line(
            number=row.number,
            crossings=(
                *(_crossing(one, row.settings.get(one.name)) for one in variables),
                (value - low) / (high - low),
            ),
            score=(metric.order(value) - worst) / (high - low),
            pruned=row.state == "pruned",
        )
        for row, value in zip(evaluated, values, strict=True)
    ]
    lines.sort(key=lambda line: (not line.pruned, line.score))
    return ParallelAxes((*map(_axis, variables), Axis(metric.name, metric.title, marks)), tuple(lines))


def best_so_far(rows: Sequence[TrialRow], metric: Metric) -> BestSoFar:
    """The best value after each evaluated trial; pruned trials do not count."""
    evaluated = [row for row in rows if row.state in EVALUATED and row.value is not None]
    best, found = -math.inf if metric.better == "higher" else math.inf, []
    for row in evaluated:
        best = max(best, row.value or 0.0, key=metric.order) if row.state == "complete" else best
        found.append(best)
    return BestSoFar(
        metric=metric,
        numbers=tuple(row.number for row in evaluated),
        values=tuple(row.value or 0.0 for row in evaluated),
        pruned=tuple(row.state == "pruned" for row in evaluated),
        best=tuple(found),
    )


def importances(importance: dict[str, float], variables: Sequence[Variable]) -> tuple[Importance, ...]:
    """Sorted, the largest first."""
    labels = {variable.name: variable.label for variable in variables}
    found = [Importance(labels.get(name, name), share) for name, share in importance.items()]
    return tuple(sorted(found, key=lambda one: -one.share))


def importance_worth(rows: Sequence[TrialRow]) -> str:
    """How much the importances are worth: ``6 trials: a guess``."""
    complete = sum(row.state == "complete" for row in rows)
    worth = ": a guess" if complete < FEW else ": rough" if complete < ENOUGH else ""
    return f"{plural(complete, 'trial')}{worth}"


def _axis(variable: Variable) -> Axis:
    entry = variable.entry
    if isinstance(entry, Choices):
        marks = [Tick(_crossing(variable, choice) or 0.0, value_text(choice)) for choice in entry.choices]
    elif entry.log:
        low, high = math.log10(entry.low), math.log10(entry.high)
        marks = [Tick((t.at - low) / (high - low), t.text) for t in log_ticks(low, high, MOST_TICKS)]
    else:
        span = entry.high - entry.low
        marks = [Tick((t.at - entry.low) / span, t.text) for t in ticks(entry.low, entry.high, MOST_TICKS)]
    if len(marks) < 2 and isinstance(entry, Range):
        marks = [Tick(0.0, short(entry.low)), Tick(1.0, short(entry.high))]
    return Axis(variable.name, variable.label, tuple(marks))


def _crossing(variable: Variable, value: Value | None) -> float | None:
    entry = variable.entry
    if value is None:
        return None
    if isinstance(entry, Choices):
        if value not in entry.choices:
            return None
        return (entry.choices.index(value) + 0.5) / len(entry.choices)
    if isinstance(value, str):
        return None
    if entry.log:
        if value <= 0:
            return None
        return math.log(value / entry.low) / math.log(entry.high / entry.low)
    return (value - entry.low) / (entry.high - entry.low)


def _padded(values: Sequence[float], metric: Metric) -> tuple[float, float]:
    """Adds a margin around the values; the result is never empty."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(0.05 * (high - low), 0.005)
    if metric.format == "percent":
        return max(low - room, 0.0), min(high + room, 1.0) if high + room < 1 else 1.0 + 0.2 * room
    return low - room, high + room


def _value_ticks(low: float, high: float, most: int, metric: Metric) -> list[Tick]:
    if metric.format == "percent":
        return [tick for tick in percent_ticks(low, high, most) if tick.at <= 1 + 1e-9]
    return ticks(low, high, most)
