"""The curves of several runs over one another: which lines, where their labels stand, what a cursor reads."""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.plot.curve_limits import Bounds, accuracy_floor, top_without_spikes
from cnnplay.ui.plot.series import Floats
from cnnplay.ui.plot.ticks import Tick, ticks
from cnnplay.ui.train.curves import DEFAULT_SMOOTHING, metric_text
from cnnplay.ui.train.history import Curve
from cnnplay.ui.train.trace import Axis, Metric, Trace

Part: TypeAlias = Literal["validation", "training"]
Parts: TypeAlias = Literal["validation", "training", "both"]

AXES: tuple[Axis, ...] = get_args(Axis)
PARTS: tuple[Parts, ...] = get_args(Parts)
PARTS_WORDS = {"validation": "validation", "training": "training", "both": "both"}
SAMPLE = 2_000
_UNITS = ((3 * 3600.0, 3600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From so many seconds on, an axis counts in these."""


class Shown(msgspec.Struct, frozen=True):
    """A run that is drawn. `slot` decides its colour and stays while the run is chosen."""

    path: str
    label: str
    slot: int
    trace: Trace


class RunLine(msgspec.Struct, frozen=True):
    """One line to draw."""

    path: str
    part: Part
    slot: int
    curve: Curve


class RunEnd(msgspec.Struct, frozen=True):
    """Words at a point of a run's curve: its label at the end, a value under the cursor."""

    slot: int
    text: str
    x: float
    y: float


class RunReadout(msgspec.Struct, frozen=True):
    """The values under a cursor."""

    x: float
    title: str
    ends: tuple[RunEnd, ...]


class RunCurvesModel(QObject):
    """How the curves are shown. `changed`: draw again; `axis_changed`: in other units, so show all."""

    changed = Signal()
    axis_changed = Signal()

    def __init__(self, preferences: Preferences | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.shown: tuple[Shown, ...] = ()
        self.axis: Axis = "epoch"
        self.parts: Parts = "validation"
        self.smoothing = DEFAULT_SMOOTHING
        self.logarithmic = False
        if preferences is not None:
            self.axis = preferences.choice("runs/axis", AXES)  # type: ignore[assignment]
            self.parts = preferences.choice("runs/parts", PARTS)  # type: ignore[assignment]
            self.logarithmic = preferences.flag("runs/logarithmic")

    def show(self, shown: Sequence[Shown]) -> None:
        """Draws these runs, or the same with what came."""
        self.shown = tuple(shown)
        self.changed.emit()

    def set_axis(self, axis: Axis) -> None:
        if axis != self.axis:
            self.axis = axis
            self._keep("runs/axis", axis)
            self.axis_changed.emit()
            self.changed.emit()

    def set_parts(self, parts: Parts) -> None:
        if parts != self.parts:
            self.parts = parts
            self._keep("runs/parts", parts)
            self.changed.emit()

    def set_smoothing(self, steps: int) -> None:
        if steps != self.smoothing:
            self.smoothing = steps
            self.changed.emit()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Of the loss."""
        if logarithmic != self.logarithmic:
            self.logarithmic = logarithmic
            self._keep("runs/logarithmic", logarithmic)
            self.changed.emit()

    # What is drawn

    def lines(self, metric: Metric, left: float, right: float, columns: int) -> list[RunLine]:
        """The lines between `left` and `right`, from back to front, thinned to so many pixel columns."""
        found = []
        for part in self._drawn:
            for run in reversed(self.shown):
                curve = self._curve(run.trace, metric, part).between(left, right, columns)
                if len(curve):
                    found.append(RunLine(run.path, part, run.slot, curve))
        return found

    def ends(self, metric: Metric, right: float) -> list[RunEnd]:
        """A label for each run, at its last point left of `right`."""
        found = []
        for run in self.shown:
            curve = self._front(run.trace, metric)
            inside = int(np.searchsorted(curve.x, right, side="right"))
            if inside and math.isfinite(curve.y[inside - 1]):
                x, y = float(curve.x[inside - 1]), float(curve.y[inside - 1])
                found.append(RunEnd(run.slot, run.label, x, y))
        return found

    def circles(self, metric: Metric) -> list[tuple[int, Curve, int | None]]:
        """Of each run whose validation is drawn: slot, a point an epoch, and which of them is the best."""
        if "validation" not in self._drawn:
            return []
        found = []
        for run in self.shown:
            curve, best = run.trace.metric(f"validation_{metric}", self.axis), run.trace.best_epoch
            numbers = [done.epoch for done in run.trace.epochs if f"validation_{metric}" in done.metrics]
            found.append((run.slot, curve, numbers.index(best) if best in numbers else None))
        return found

    def bounds(self, metric: Metric) -> Bounds:
        """The rectangle that shows all of it, and what the runs that are on mean to do."""
        curves = [self._curve(run.trace, metric, part) for run in self.shown for part in self._drawn]
        right = max((run.trace.aim(self.axis) for run in self.shown), default=0.0) or 1.0
        usable = np.concatenate([_sample(curve.y) for curve in curves]) if curves else np.empty(0)
        if metric == "loss" and self.logarithmic:
            usable = usable[usable > 0]
        if not len(usable):
            return Bounds(0.0, right, 0.0, 1.0)
        bottom, top = float(usable.min()), float(usable.max())
        if metric == "accuracy":
            # A steep first epoch must not squeeze the rest; but how each run ended is to be seen.
            ends = [curve.y[np.isfinite(curve.y)][-1:] for curve in curves]
            bottom = accuracy_floor(min(np.percentile(usable, 5, method="lower"), *np.concatenate(ends)))
            top = 1.0 if top > 0.75 else top
        elif not self.logarithmic:
            bottom, top = min(bottom, 0.0), top_without_spikes(usable)
        return Bounds(0.0, right, bottom, top if top > bottom else bottom + 1.0)

    def readout(self, metric: Metric, x: float) -> RunReadout | None:
        """What each run says nearest to `x`."""
        ends = []
        for run in self.shown:
            curve = self._front(run.trace, metric)
            if len(curve) and x <= curve.x[-1] + 0.02 * max(abs(x), 1.0):
                index = _nearest(curve.x, x)
                value = float(curve.y[index])
                text = f"{run.label}  {metric_text(metric, value)}"
                ends.append(RunEnd(run.slot, text, float(curve.x[index]), value))
        if not ends:
            return None
        at = min((end.x for end in ends), key=lambda found: abs(found - x))
        return RunReadout(at, f"{self._front_part}, {self.place_words(at)}", tuple(ends))

    def place_words(self, x: float) -> str:
        """``epoch 3``, ``step 1,024``, ``12 s``."""
        if self.axis == "time":
            unit, word = _unit(x)
            return f"{x / unit:,.1f} {word}"
        return (
            f"step {x:,.0f}"
            if self.axis == "step"
            else f"epoch {x:.10g}"
            if x == round(x)
            else f"epoch {x:.2f}"
        )

    def x_ticks(self, low: float, high: float, most: int) -> list[Tick]:
        """The last one says what the axis counts."""
        if self.axis == "time":
            unit, word = _unit(high)
            found = [Tick(tick.at * unit, tick.text) for tick in ticks(low / unit, high / unit, most)]
            named = [f"{tick.text} {word}" for tick in found[-1:]]
        else:
            found = ticks(low, high, most, smallest=1.0 if high - low >= 2 else 0.0)
            named = [f"{self.axis} {tick.text}" for tick in found[-1:]]
        return [*found[:-1], *(Tick(tick.at, text) for tick, text in zip(found[-1:], named, strict=True))]

    @property
    def _drawn(self) -> tuple[Part, ...]:
        """From back to front."""
        return ("training", "validation") if self.parts == "both" else (self.parts,)

    @property
    def _front_part(self) -> Part:
        return "training" if self.parts == "training" else "validation"

    def _front(self, trace: Trace, metric: Metric) -> Curve:
        return self._curve(trace, metric, self._front_part)

    def _curve(self, trace: Trace, metric: Metric, part: Part) -> Curve:
        if part == "validation":
            return trace.metric(f"validation_{metric}", self.axis)
        curve = trace.steps(metric, self.axis, self.smoothing)
        return curve if len(curve) else trace.metric(f"train_{metric}", self.axis)

    def _keep(self, key: str, value: object) -> None:
        if self._preferences is not None:
            self._preferences.set(key, value)


def _sample(values: Floats) -> Floats:
    """Some of the finite values, evenly, and their extremes: for what is usual among very many."""
    finite = values[np.isfinite(values)]
    if len(finite) <= SAMPLE:
        return finite
    return np.append(finite[:: len(finite) // SAMPLE + 1], (finite.min(), finite.max()))


def _nearest(x: Floats, at: float) -> int:
    index = int(np.searchsorted(x, at))
    if index == len(x) or (index and at - x[index - 1] < x[index] - at):
        index -= 1
    return index


def _unit(seconds: float) -> tuple[float, str]:
    return next((unit, word) for limit, unit, word in _UNITS if seconds >= limit or not limit)
