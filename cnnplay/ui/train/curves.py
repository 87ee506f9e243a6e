"""What a panel of curves draws: lines thinned to its pixels, labels at their ends, a readout."""

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
import numpy as np
from PySide6.QtCore import QObject

from cnnplay.spec.events import SettingChanged
from cnnplay.spec.settings import TrainConfig, setting_fields
from cnnplay.spec.tasks import Metric
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.plot.curve import NO_CURVE, Curve, ThinnedCurves
from cnnplay.ui.plot.curve_limits import SPIKE, Bounds, evenly_sampled, percent_floor, top_without_spikes
from cnnplay.ui.plot.curve_settings import CurveSettings
from cnnplay.ui.plot.readout import PointLabel, Readout
from cnnplay.ui.plot.smoothing import smoothing_text
from cnnplay.ui.train.generalization_gap import measure_gap
from cnnplay.ui.train.history import History
from cnnplay.ui.train.settings import value_text
from cnnplay.ui.train.steps import Range

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel

Part: TypeAlias = Literal[
    "raw", "training", "validation", "averaged", "with decay", "training before", "validation before"
]

NAMES: dict[Part, str] = {
    "training": "training",
    "validation": "validation",
    "averaged": "averaged",
    "with decay": "data + decay",
    "validation before": "previous run",
    "training before": "previous run",
}
"""The labels at the ends of lines. Of the previous run, one line is labeled."""
DECAY_ROOM = 1.5
"""The loss axis grows by at most this factor for the weight penalty, so that the data loss stays visible."""

WIDE_COLUMN = 4
"""Pixels per column of a wide line; at most four points are drawn per column."""
DECAY_HINT = (
    "Data + decay (thin, dashed): the loss plus the weight penalty, λ/2 times the sum of all squared "
    "weights. If this is high while validation loss is low, most of it is the weight penalty."
)

LEFT_OUT = {
    "": "",
    "stretches": " (older steps: the mean of several)",
    "epochs": " (where steps are missing: each epoch's mean)",
}


class Line(msgspec.Struct, frozen=True):
    """One line to draw."""

    part: Part
    curve: Curve


class CurvesModel(CurveSettings):
    """What is drawn of a run."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thinned = ThinnedCurves()

    def summary(self, metric: str, history: History) -> str:
        """The short text beside the panel's title."""
        if metric == "loss":
            return loss_name(history)
        found, best = [], best_text(history)
        if history.best is not None and best:
            found.append(f"{best}, epoch {history.best.epoch}")
        gap = measure_gap(history)
        if gap is not None:
            found.append(gap.text)
        return " · ".join(found)

    def hint(self, metric: str, history: History) -> str:
        """The same in full sentences, for the tooltip."""
        shown = f"Training: {smoothing_text(self.smoothing)}"
        if self.smoothing > 1:
            shown += f"{LEFT_OUT[history.averaged]}; raw values are fainter"
        name = loss_name(history).capitalize()
        what = (
            f"{name}{' (log scale)' if self.logarithmic else ''}: lower is better"
            if metric == "loss"
            else f"{history.task_info.metric(metric).hint}; the best epoch is marked"
        )
        parts = [
            f"{what}.",
            f"{shown}.",
            "Validation: one circle per epoch.",
            "Numbers are the last epoch's.",
        ]
        if len(history.metric(f"averaged_{metric}")):
            parts.append("Averaged: validation with the mean of the weights of the last epochs (SWA).")
        if metric == "loss" and len(history.metric("decay_loss")):
            parts.append(DECAY_HINT)
        gap = measure_gap(history) if metric != "loss" else None
        if gap is not None:
            parts.append(gap.hint)
        return "\n".join(parts)

    def curves(self, metric: str, history: History, before: History | None = None) -> dict[Part, Curve]:
        """What there is to draw, from back to front."""
        found: dict[Part, Curve] = {}
        if before is not None and comparable(history, before):
            found["training before"] = before.smoothed(metric, self.smoothing)
            found["validation before"] = before.metric(f"validation_{metric}")
        if self.smoothing > 1:
            found["raw"] = history.steps(metric)
        if metric == "loss":
            found["with decay"] = with_decay(history)
        found["training"] = history.smoothed(metric, self.smoothing)
        found["validation"] = history.metric(f"validation_{metric}")
        found["averaged"] = history.metric(f"averaged_{metric}")
        return {part: curve for part, curve in found.items() if len(curve)}

    def lines(
        self,
        metric: str,
        history: History,
        before: History | None,
        left: float,
        right: float,
        columns: int,
    ) -> list[Line]:
        """The lines between `left` and `right`, from back to front, thinned to `columns` pixel columns."""
        curves = self.curves(metric, history, before).items()
        thin = (Line(part, self._thin(metric, part, curve, left, right, columns)) for part, curve in curves)
        return [line for line in thin if len(line.curve)]

    def _thin(self, metric: str, part: Part, curve: Curve, left: float, right: float, columns: int) -> Curve:
        """A wide line (averages or epochs) looks the same with fewer points, and its cost grows with them."""
        if part != "raw":
            columns = max(columns // WIDE_COLUMN, 1)
        return self._thinned.thin((metric, part), curve, left, right, columns)

    def ends(
        self, metric: str, history: History, right: float, before: History | None = None
    ) -> list[PointLabel]:
        """The labels of the lines, at their last points left of `right`. Their numbers are measured, not
        smoothed, and of the last epoch there.
        """
        curves, shown = self.curves(metric, history, before), history.task_info.metric(metric)
        found: dict[Part, PointLabel] = {}
        for part, name in NAMES.items():
            last = curves[part].last(right) if part in curves else None
            if last is not None:
                x, y = last
                source = before if part == "training before" else history if part == "training" else None
                value = y if source is None else _last_measured(source, metric, right, y)
                found[part] = PointLabel(part, f"{name} {metric_text(shown, value)}", x, y)
        if "validation before" in found:
            found.pop("training before", None)
        return list(found.values())

    def best(self, metric: str, history: History) -> tuple[float, float] | None:
        """The best epoch's point on the validation curve."""
        best = history.best
        if best is None or f"validation_{metric}" not in best.metrics:
            return None
        return float(best.epoch), best.metrics[f"validation_{metric}"]

    def bounds(self, metric: str, history: History, before: History | None = None) -> Bounds:
        """The rectangle that shows this run, including the epochs to come. The previous run counts only while
        this one has no data.
        """
        if history.empty and before is not None:
            history = before
        right, cut = max(history.end(), 1.0), None
        lowest, highest, x = self._range(metric, history)
        if highest < lowest:
            return Bounds(0.0, right, 0.0, 1.0)
        bottom, top = lowest, highest
        if history.task_info.metric(metric).format == "percent":
            bottom = self._floor(metric, history)
            if before is not None and comparable(history, before):
                # Its line is drawn, with a label at its end.
                ends = before.metric(f"validation_{metric}").y[-1:]
                for end in ends[np.isfinite(ends)]:
                    bottom, top = min(bottom, percent_floor(end)), max(top, end)
            top = 1.0 if top > 0.75 else top
        elif metric != "loss" or not self.logarithmic:
            bottom, top = min(bottom, 0.0), self._calm_top(metric, history, highest)
            cut = (x, highest) if highest > top else None
            decay = with_decay(history).y if metric == "loss" else np.empty(0)
            if cut is None and len(decay):
                top = max(top, min(float(np.nan_to_num(decay).max()), DECAY_ROOM * top))
        return Bounds(0.0, right, bottom, top if top > bottom else bottom + 1.0, cut)

    def _measured(self, metric: str, history: History) -> list[Curve]:
        """Everything measured, without smoothed curves."""
        raw = history.steps(metric)
        curves = [raw if len(raw) else history.smoothed(metric, self.smoothing)]
        return curves + [history.metric(f"{part}_{metric}") for part in ("validation", "averaged")]

    def _range(self, metric: str, history: History) -> tuple[float, float, float]:
        """The lowest and the highest drawable value, and the x of the highest."""
        positive = metric == "loss" and self.logarithmic
        steps, curves = history.range(metric), self._measured(metric, history)
        if len(history):
            curves = curves[1:]
        else:
            steps = Range()
        for curve in curves:
            steps = steps.joined(curve.x, curve.y)
        if positive:
            highest = steps.highest if steps.highest > 0 else -math.inf
            return steps.lowest_positive, highest, steps.highest_x
        return steps.lowest, steps.highest, steps.highest_x

    def _calm_top(self, metric: str, history: History, highest: float) -> float:
        """Like `calm_top`, but passes all values only if a sample suggests that the highest is a spike."""
        curves = self._measured(metric, history)
        some = np.concatenate([evenly_sampled(curve.y) for curve in curves])
        if highest <= SPIKE * float(np.median(some[np.isfinite(some)])):
            return highest
        return top_without_spikes(np.concatenate([curve.y for curve in curves]))

    def _floor(self, metric: str, history: History) -> float:
        """Where an axis in percent begins: the steep first epoch would squeeze the rest."""
        training = history.smoothed(metric, self.smoothing)
        validation = history.metric(f"validation_{metric}")
        later = evenly_sampled(training.y[int(np.searchsorted(training.x, 1.0)) :])
        later, known = later[np.isfinite(later)], validation.y[np.isfinite(validation.y)]
        if not len(later) or not len(known):
            return 0.0
        return percent_floor(min(np.percentile(later, 5), np.percentile(known, 5, method="lower")))

    def readout(self, metric: str, history: History, x: float) -> Readout | None:
        """The values of the lines at the step nearest to `x`; for validation, at the nearest epoch."""
        curves, shown, raw = (
            self.curves(metric, history),
            history.task_info.metric(metric),
            history.steps(metric),
        )
        found, where, title = [], x, ""
        if len(raw):
            index, where, value = raw.nearest(x)
            title = f"epoch {math.ceil(where - 1e-9)}, step {int(history.numbers[index]):,}"
            if self.smoothing > 1:
                found.append(_label("raw", shown, where, value, "this step"))
            name = "training" if self.smoothing == 1 else "smoothed"
            found.append(_label("training", shown, *curves["training"].nearest(where)[1:], name))
        if "validation" in curves:
            _, epoch, value = curves["validation"].nearest(where)
            found.append(_label("validation", shown, epoch, value, f"validation, epoch {epoch:.0f}"))
        if "averaged" in curves and where > curves["averaged"].x[0] - 1:
            found.append(_label("averaged", shown, *curves["averaged"].nearest(where)[1:], "averaged"))
        if "with decay" in curves:
            _, epoch, value = curves["with decay"].nearest(where)
            decay = metric_text(shown, history.metric("decay_loss").nearest(epoch)[2])
            text = f"data + decay {metric_text(shown, value)} (decay {decay})"
            found.append(PointLabel("with decay", text, epoch, value))
        return Readout(where, title, tuple(found)) if found else None


def _last_measured(history: History, metric: str, right: float, otherwise: float) -> float:
    """What was measured in training in the last epoch that ends left of `right`, else in the last step."""
    for curve in (history.metric(f"train_{metric}"), history.steps(metric)):
        last = curve.last(right)
        if last is not None:
            return last[1]
    return otherwise


def best_text(history: History) -> str:
    """``best 98.7 %``: the primary metric of the best epoch; "" if unknown."""
    best, primary = history.best, history.task_info.primary
    value = None if best is None else best.metrics.get(f"validation_{primary.name}")
    return "" if value is None else f"best {metric_text(primary, value)}"


def with_decay(history: History) -> Curve:
    """The mean loss of each epoch plus the weight penalty, if the run reported it."""
    decay, data = history.metric("decay_loss"), history.metric("train_loss")
    if not len(decay):
        return NO_CURVE
    _, of_decay, of_data = np.intersect1d(decay.x, data.x, return_indices=True)
    return Curve(decay.x[of_decay], decay.y[of_decay] + data.y[of_data])


def loss_name(history: History) -> str:
    """``cross-entropy``, ``squared error``: what the run minimizes."""
    loss = history.started.config.loss if history.started is not None else TrainConfig().loss
    return loss if loss == "cross-entropy" else loss.replace("-", " ")


def comparable(history: History, before: History) -> bool:
    """Whether the previous run can be shown beside this one: the same network (edited or not) and data."""
    one, other = history.started, before.started
    return one is None or other is None or (one.network, one.data) == (other.network, other.data)


def other_network_text(run: "RunModel") -> str:
    """``run of lenet-5`` if the curves belong to another network than the one on screen; else ""."""
    started = run.history.started
    if started is None or run.history_is_current:
        return ""
    shown = run.editor.network.name
    if started.network != shown:
        return f"run of {started.network}"
    return "run of an earlier version" if started.parameters != run.editor.report.parameters else ""


def change_text(change: SettingChanged) -> str:
    """``learning rate 0.0002``, ``schedule cosine``, ``flip on``."""
    field = next((field for field in setting_fields() if field.name == change.name), None)
    if field is None:  # from a file of another version
        return f"{change.name.replace('_', ' ')} {change.value}"
    return f"{field.label} {value_text(field, change.value)}"


def _label(part: Part, metric: Metric, x: float, y: float, name: str) -> PointLabel:
    return PointLabel(part, f"{name} {metric_text(metric, y)}", x, y)
