"""What a panel of curves draws: lines thinned to its pixels, labels for their ends, a read-out."""

import math
from typing import Literal, TypeAlias

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnplay.viewmodels.history import Curve, History
from cnnplay.viewmodels.numerals import numeral, percent
from cnnplay.viewmodels.smoothing import smoothing_words

Metric: TypeAlias = Literal["loss", "accuracy"]
Part: TypeAlias = Literal["raw", "training", "validation", "training before", "validation before"]

SMOOTHINGS = (1, 2, 4, 7, 14, 30, 60, 120, 250, 500)
DEFAULT_SMOOTHING = 14


class Line(msgspec.Struct, frozen=True):
    """One line to draw."""

    part: Part
    curve: Curve


class End(msgspec.Struct, frozen=True):
    """What stands at the end of a line: ``validation 0.110``."""

    part: Part
    text: str
    x: float
    y: float


class Bounds(msgspec.Struct, frozen=True):
    """A rectangle that holds all points."""

    left: float
    right: float
    bottom: float
    top: float


class Readout(msgspec.Struct, frozen=True):
    """The values under a cursor, each with the point that it was read at."""

    x: float
    title: str
    ends: tuple[End, ...]


class CurvesModel(QObject):
    """How curves are shown: smoothing and the loss's scale. `changed`: draw again."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._smoothing = DEFAULT_SMOOTHING
        self._logarithmic = False

    @property
    def smoothing(self) -> int:
        """Over about how many steps; 1 is not at all."""
        return self._smoothing

    def set_smoothing(self, steps: int) -> None:
        if steps != self._smoothing:
            self._smoothing = steps
            self.changed.emit()

    @property
    def logarithmic(self) -> bool:
        """Whether the loss is drawn on a logarithmic scale."""
        return self._logarithmic

    def set_logarithmic(self, logarithmic: bool) -> None:
        if logarithmic != self._logarithmic:
            self._logarithmic = logarithmic
            self.changed.emit()

    def muted(self, metric: Metric, history: History) -> str:
        """What the panel shows, beside its title."""
        smoothed = smoothing_words(self._smoothing)
        if self._smoothing > 1 and history.whole_from:
            smoothed += " (each epoch's mean where steps were left out)"
        shown = smoothed + (", raw behind it" if self._smoothing > 1 else "")
        if metric == "loss":
            return shown + "; cross-entropy" + (", logarithmic" if self._logarithmic else "")
        best = history.best
        if best is None or "validation_accuracy" not in best.metrics:
            return shown
        return f"best {percent(best.metrics['validation_accuracy'])} at epoch {best.epoch}; {shown}"

    def lines(
        self,
        metric: Metric,
        history: History,
        before: History | None,
        left: float,
        right: float,
        columns: int,
    ) -> list[Line]:
        """The lines between `left` and `right`, from back to front, thinned to so many pixel columns."""
        found = []
        if before is not None:
            found.append(Line("training before", self._smoothed(metric, before)))
            found.append(Line("validation before", before.metric(f"validation_{metric}")))
        if self._smoothing > 1:
            found.append(Line("raw", history.steps(metric)))
        found.append(Line("training", self._smoothed(metric, history)))
        found.append(Line("validation", history.metric(f"validation_{metric}")))
        thin = (Line(line.part, line.curve.between(left, right, columns)) for line in found)
        return [line for line in thin if len(line.curve)]

    def ends(self, metric: Metric, history: History, right: float) -> list[End]:
        """The labels of the lines at their last points left of `right`."""
        found = []
        for part, curve in (
            ("training", self._smoothed(metric, history)),
            ("validation", history.metric(f"validation_{metric}")),
        ):
            end = _last(part, metric, curve, right)  # type: ignore[arg-type]
            if end is not None:
                found.append(end)
        return found

    def best(self, metric: Metric, history: History) -> tuple[float, float] | None:
        """Where the best epoch lies on the validation curve."""
        best = history.best
        if best is None or f"validation_{metric}" not in best.metrics:
            return None
        return float(best.epoch), best.metrics[f"validation_{metric}"]

    def bounds(self, metric: Metric, history: History, before: History | None) -> Bounds:
        """The rectangle that shows all: every extreme, all epochs that are to come."""
        parts = [history.steps(metric).y, history.metric(f"validation_{metric}").y]
        if before is not None:
            parts += [self._smoothed(metric, before).y, before.metric(f"validation_{metric}").y]
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        if metric == "loss" and self._logarithmic:
            values = values[values > 0]
        bottom, top = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if metric == "loss" and not self._logarithmic:
            bottom = min(bottom, 0.0)
        if metric == "accuracy":
            bottom, top = (0.0 if bottom < 0.25 else bottom), (1.0 if top > 0.75 else top)
        ends = [history.last_x, float(history.target), before.last_x if before is not None else 0.0, 1.0]
        return Bounds(0.0, max(ends), bottom, top if top > bottom else bottom + 1.0)

    def readout(self, metric: Metric, history: History, x: float) -> Readout | None:
        """What the lines say at the step nearest to `x`; validation says what its nearest epoch was."""
        raw, training = history.steps(metric), self._smoothed(metric, history)
        validation = history.metric(f"validation_{metric}")
        ends = []
        where, title = x, ""
        if len(raw):
            index = _nearest(raw, x)
            where = float(raw.x[index])
            title = f"epoch {math.ceil(where - 1e-9)}, step {int(history.numbers[index]):,}"
            if self._smoothing > 1:
                ends.append(_end("raw", metric, where, float(raw.y[index]), "this step"))
            name = "training" if self._smoothing == 1 else "smoothed"
            at = _nearest(training, where)
            ends.append(_end("training", metric, float(training.x[at]), float(training.y[at]), name))
        if len(validation):
            index = _nearest(validation, where)
            epoch = float(validation.x[index])
            name = f"validation, epoch {epoch:.0f}"
            ends.append(_end("validation", metric, epoch, float(validation.y[index]), name))
        return Readout(where, title, tuple(ends)) if ends else None

    def _smoothed(self, metric: Metric, history: History) -> Curve:
        curve = history.smoothed(metric, self._smoothing)
        # A history read from a file may have kept its epochs alone.
        return curve if len(curve) else history.metric(f"train_{metric}")


def metric_words(metric: Metric, value: float) -> str:
    return percent(value) if metric == "accuracy" else numeral(value)


def _nearest(curve: Curve, x: float) -> int:
    index = int(np.searchsorted(curve.x, x))
    if index == len(curve.x) or (index and x - curve.x[index - 1] < curve.x[index] - x):
        index -= 1
    return index


def _end(part: Part, metric: Metric, x: float, y: float, name: str) -> End:
    return End(part, f"{name} {metric_words(metric, y)}", x, y)


def _last(part: Part, metric: Metric, curve: Curve, right: float) -> End | None:
    inside = int(np.searchsorted(curve.x, right, side="right"))
    if not inside:
        return None
    y = float(curve.y[inside - 1])
    return _end(part, metric, float(curve.x[inside - 1]), y, part) if math.isfinite(y) else None
