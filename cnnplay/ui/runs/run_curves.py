"""The curves of several runs in one plot: lines, labels, and values at a cursor."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnplay.spec.tasks import DEFAULT, LOSS, TASKS, Metric
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.plot.curve import Curve, ThinnedCurves
from cnnplay.ui.plot.curve_limits import Bounds, percent_floor, top_without_spikes
from cnnplay.ui.plot.curve_settings import CurveSettings, Role
from cnnplay.ui.plot.readout import PointLabel, Readout
from cnnplay.ui.plot.series import Floats
from cnnplay.ui.plot.ticks import Tick, ticks
from cnnplay.ui.train.history import Axis, History

Split: TypeAlias = Literal["validation", "training"]
SplitChoice: TypeAlias = Literal["validation", "training", "both"]

AXES: tuple[Axis, ...] = get_args(Axis)
SPLITS: tuple[SplitChoice, ...] = get_args(SplitChoice)
SAMPLE_SIZE = 2_000
"""Points that are looked at to find the usual range of a curve."""
_UNITS = ((3 * 3600.0, 3600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From how many seconds on, the unit in seconds, and its name."""


class DrawnRun(msgspec.Struct, frozen=True, eq=False):
    """A run with its curves. `slot` decides its color and stays the same while the run is selected."""

    path: str
    label: str
    slot: int
    history: History


class RunLine(msgspec.Struct, frozen=True):
    """One line of the plot."""

    path: str
    split: Split
    slot: int
    curve: Curve


class RunCurvesModel(CurveSettings):
    """What is drawn of several runs. `axis_changed`: the axis has another unit, so show all."""

    axis_changed = Signal()

    def __init__(self, preferences: Preferences | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.drawn_runs: tuple[DrawnRun, ...] = ()
        self._kept: dict[tuple[str, str, Split], tuple[object, Curve]] = {}
        """Each curve along the axis, and what it was made of: views request it many times."""
        self._thinned = ThinnedCurves()
        self.axis: Axis = "epoch"
        self.splits: SplitChoice = "validation"
        if preferences is not None:
            self.axis = preferences.choice("runs/axis", AXES)  # type: ignore[assignment]
            self.splits = preferences.choice("runs/parts", SPLITS)  # type: ignore[assignment]
            self.logarithmic = preferences.flag("runs/logarithmic")

    def show(self, runs: Sequence[DrawnRun]) -> None:
        """Shows these runs, or the same runs with new points."""
        self.drawn_runs = tuple(runs)
        shown = {run.path for run in runs}
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in shown}
        self._thinned.keep(self._kept)
        self.changed.emit()

    def set_axis(self, axis: Axis) -> None:
        if axis != self.axis:
            self.axis = axis
            self._remember("runs/axis", axis)
            self.axis_changed.emit()
            self.changed.emit()

    def set_splits(self, splits: SplitChoice) -> None:
        if splits != self.splits:
            self.splits = splits
            self._remember("runs/parts", splits)
            self.changed.emit()

    def set_logarithmic(self, logarithmic: bool) -> None:
        self._remember("runs/logarithmic", logarithmic)
        super().set_logarithmic(logarithmic)

    def shown_metric(self, role: Role) -> Metric:
        """What a plot shows: the loss, or the primary metric of the first run's task."""
        info = self.drawn_runs[0].history.task_info if self.drawn_runs else TASKS[DEFAULT]
        return LOSS if role == "loss" else info.primary

    # Lines and labels

    def lines(self, metric: str, left: float, right: float, columns: int) -> list[RunLine]:
        """The lines between `left` and `right`, back to front, thinned to this number of pixel columns."""
        found = []
        for split in self._visible_splits:
            for run in reversed(self.drawn_runs):
                curve = self._curve(run, metric, split)
                curve = self._thinned.thin((run.path, metric, split), curve, left, right, columns)
                if len(curve):
                    found.append(RunLine(run.path, split, run.slot, curve))
        return found

    def labels(self, metric: str, right: float) -> list[PointLabel]:
        """A label for each run, at its last point left of `right`."""
        found = []
        for run in self.drawn_runs:
            last = self._curve(run, metric, self._front_split).last(right)
            if last is not None:
                found.append(PointLabel(run.slot, run.label, *last))
        return found

    def epoch_markers(self, metric: str) -> list[tuple[int, Curve, int | None]]:
        """For each run with a visible validation curve: slot, a point per epoch, index of the best."""
        if "validation" not in self._visible_splits:
            return []
        found = []
        for run in self.drawn_runs:
            best, numbers = run.history.best, run.history.metric(f"validation_{metric}").x.tolist()
            at = numbers.index(best.epoch) if best is not None and best.epoch in numbers else None
            found.append((run.slot, self._curve(run, metric, "validation"), at))
        return found

    def bounds(self, metric: str) -> Bounds:
        """The limits that show all curves, and the remaining epochs of active runs."""
        curves = [
            self._curve(run, metric, split) for run in self.drawn_runs for split in self._visible_splits
        ]
        right = max((run.history.end(self.axis) for run in self.drawn_runs), default=0.0) or 1.0
        usable = np.concatenate([_sample(curve.y) for curve in curves]) if curves else np.empty(0)
        if metric == "loss" and self.logarithmic:
            usable = usable[usable > 0]
        if not len(usable):
            return Bounds(0.0, right, 0.0, 1.0)
        bottom, top = float(usable.min()), float(usable.max())
        if self._is_percent(metric):
            # A steep first epoch must not squeeze the rest, but the end of each run must be visible.
            ends = [curve.y[np.isfinite(curve.y)][-1:] for curve in curves]
            bottom = percent_floor(min(np.percentile(usable, 5, method="lower"), *np.concatenate(ends)))
            top = 1.0 if top > 0.75 else top
        elif metric != "loss" or not self.logarithmic:
            bottom, top = min(bottom, 0.0), top_without_spikes(usable)
        return Bounds(0.0, right, bottom, top if top > bottom else bottom + 1.0)

    def readout(self, metric: str, x: float) -> Readout | None:
        """The value of each run nearest to `x`."""
        labels = []
        for run in self.drawn_runs:
            curve = self._curve(run, metric, self._front_split)
            if len(curve) and x <= curve.x[-1] + 0.02 * max(abs(x), 1.0):
                _, at, value = curve.nearest(x)
                text = f"{run.label}  {metric_text(run.history.task_info.metric(metric), value)}"
                labels.append(PointLabel(run.slot, text, at, value))
        if not labels:
            return None
        at = min((label.x for label in labels), key=lambda found: abs(found - x))
        return Readout(at, f"{self._front_split}, {self.position_text(at)}", tuple(labels))

    def position_text(self, x: float) -> str:
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
        """Ticks of the x axis; the last one names the unit."""
        if self.axis == "time":
            unit, word = _unit(high)
            found = [Tick(tick.at * unit, tick.text) for tick in ticks(low / unit, high / unit, most)]
            named = [f"{tick.text} {word}" for tick in found[-1:]]
        else:
            found = ticks(low, high, most, smallest=1.0 if high - low >= 2 else 0.0)
            named = [f"{self.axis} {tick.text}" for tick in found[-1:]]
        return [*found[:-1], *(Tick(tick.at, text) for tick, text in zip(found[-1:], named, strict=True))]

    def _is_percent(self, metric: str) -> bool:
        infos = [run.history.task_info for run in self.drawn_runs]
        known = [one for info in infos for one in info.metrics if one.name == metric]
        return bool(known) and known[0].format == "percent"

    @property
    def _visible_splits(self) -> tuple[Split, ...]:
        """Back to front."""
        return ("training", "validation") if self.splits == "both" else (self.splits,)

    @property
    def _front_split(self) -> Split:
        return "training" if self.splits == "training" else "validation"

    def _curve(self, run: DrawnRun, metric: str, split: Split) -> Curve:
        history = run.history
        made_of = (history, history.version, self.axis, self.smoothing)
        kept = self._kept.get((run.path, metric, split))
        if kept is None or kept[0] != made_of:
            kept = self._kept[run.path, metric, split] = (made_of, self._make(history, metric, split))
        return kept[1]

    def _make(self, history: History, metric: str, split: Split) -> Curve:
        if split == "validation":
            curve = history.metric(f"validation_{metric}")
        else:
            curve = history.smoothed(metric, self.smoothing)
        x = history.along(curve.x, self.axis)
        known = np.isfinite(x)
        mark = None if self.axis == "time" else curve.mark  # the times of the last steps are estimates
        return Curve(x[known], curve.y[known], mark or object())

    def _remember(self, key: str, value: object) -> None:
        if self._preferences is not None:
            self._preferences.set(key, value)


def _sample(values: Floats) -> Floats:
    """An even sample of the finite values, and their extremes: percentiles of long curves would be slow."""
    finite = values[np.isfinite(values)]
    if len(finite) <= SAMPLE_SIZE:
        return finite
    return np.append(finite[:: len(finite) // SAMPLE_SIZE + 1], (finite.min(), finite.max()))


def _unit(seconds: float) -> tuple[float, str]:
    return next((unit, word) for limit, unit, word in _UNITS if seconds >= limit or not limit)
