"""The curves of a run: raw and smoothed values, validation as a circle per epoch, the best epoch marked."""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnplay.spec.tasks import LOSS, Metric
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.views.keytable import KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.curve_limits import Bounds
from cnnplay.ui.plot.curve_settings import Role
from cnnplay.ui.plot.readout import PointLabel, Readout
from cnnplay.ui.plot.ticks import Tick, ticks
from cnnplay.ui.plot.views.labels import Label, paint_text
from cnnplay.ui.plot.views.metric_plot import METRIC_ROWS, DrawnLine, MetricPlot
from cnnplay.ui.train.curves import CurvesModel, Part, change_text
from cnnplay.ui.train.history import History

JUDGED: tuple[Part, ...] = ("validation", "averaged")
"""These have a circle per epoch."""
PALE = {"training before": 90, "validation before": 90, "raw": 90}
"""Opacity (of 255) of the lines in the back."""
PALER = 60
"""… of shares of images in single batches, which jump by whole images."""
DIM = 0.4
"""Opacity of curves that belong to another network."""
MARK_ROWS = 3
"""Rows for the labels of changed settings that are close together."""
CIRCLES_APART = 7
"""The minimum pixels between epochs at which circles are drawn."""


def shown_metric(role: Role, history: History) -> Metric:
    """What a panel shows of this history."""
    return LOSS if role == "loss" else history.task_info.primary


class HasHistory(Protocol):
    """The source of the curves: the history of a run, and the previous one."""

    @property
    def history(self) -> History: ...

    @property
    def previous(self) -> History | None: ...


class CurvePlot(MetricPlot):
    """The curves of one metric of a run."""

    KEYS = KeyTable("Curves", *METRIC_ROWS)

    def __init__(
        self, role: Role, run: HasHistory, model: CurvesModel, parent: QWidget | None = None
    ) -> None:
        self._run, self._model = run, model
        self._epoch_curves: dict[Part, Curve] = {}
        self._best: tuple[float, float] | None = None
        self._dimmed = False
        super().__init__(role, model, parent)
        self.setAccessibleName(f"{self.shown.title} curves")
        self.setToolTip("")
        self.refresh()

    @property
    def shown(self) -> Metric:
        return shown_metric(self._role, self._run.history)

    def draw(self) -> None:
        # Taken together with the lines: a later repaint would put marks ahead of their line.
        history = self._run.history
        self._epoch_curves = {part: history.metric(f"{part}_{self.metric_name}") for part in JUDGED}
        self._best = self._model.best(self.metric_name, history)
        super().draw()

    def bounds(self) -> Bounds:
        return self._model.bounds(self.metric_name, self._run.history, self._run.previous)

    def labels(self, right: float) -> Sequence[PointLabel]:
        return self._model.ends(self.metric_name, self._run.history, right, self._run.previous)

    def lines(self, left: float, right: float, columns: int) -> Iterator[DrawnLine]:
        history, before = self._run.history, self._run.previous
        for line in self._model.lines(self.metric_name, history, before, left, right, columns):
            # Wide lines are expensive to paint: lines in the back are one pixel wide, without antialiasing.
            front = line.part not in PALE
            wide = front and line.part != "with decay"
            style = Qt.PenStyle.DashLine if line.part == "with decay" else Qt.PenStyle.SolidLine
            color = self.color(line.part)
            jumps = line.part == "raw" and self.shown.share_of_images
            color.setAlpha(PALER if jumps else PALE.get(line.part, 255))
            pen = pg.mkPen(color, width=1.6 if wide else 1.0, style=style)
            yield DrawnLine(line.part, line.curve, pen, antialias=front)

    def readout(self, x: float) -> Readout | None:
        return self._model.readout(self.metric_name, self._run.history, x)

    def color(self, line: Part) -> QColor:
        keys = {"validation": "validation_curve", "averaged": "averaged_curve"}
        return theme().color(keys.get(line.split()[0], "training_curve"))

    def set_dimmed(self, dimmed: bool) -> None:
        """Draws everything fainter: the curves belong to another network than the one on screen."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.box.setOpacity(DIM if dimmed else 1.0)
            self.viewport().update()

    def x_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        found = ticks(low, high, most, smallest=1.0 if high - low >= 2 else 0.0)
        if self.following:
            # The room for labels after the last epoch is not part of the run.
            found = [tick for tick in found if tick.at <= self._bounds.right + 1e-9]
        # The last tick names the unit.
        return [*found[:-1], *(Tick(tick.at, f"epoch {tick.text}") for tick in found[-1:])]

    # Overlays

    def paint_marks(self, painter: QPainter) -> None:
        painter.setOpacity(DIM if self._dimmed else 1.0)
        self._paint_cut(painter)
        self._paint_changes(painter)
        self._paint_circles(painter)
        self._paint_best(painter)

    def end_labels(self, painter: QPainter) -> list[Label]:
        found = []
        # All labels are placed after the longest line, so that they cover none.
        furthest = max((label.x for label in self._labels if label.line not in PALE), default=0.0)
        for label in self._labels:
            pale = label.line in PALE
            at = self.pixel(label.x if pale else furthest, label.y)
            if at.x() >= self.area.left():
                color = theme().color("text_muted") if pale else self.color(label.line)
                found.append(Label(label.text, at, color))
        return found

    def _paint_cut(self, painter: QPainter) -> None:
        """Marks a cut spike at the upper edge, with its height."""
        cut = self._bounds.cut
        if cut is None or not self.following:
            return
        area, px, metrics = self.area, theme().px, painter.fontMetrics()
        text = f"{metric_text(self.shown, cut[1])} (see log scale)"
        across, side = min(max(self.pixel(*cut).x(), area.left()), area.right()), px(4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("text"))
        top = area.top()
        painter.drawPolygon(
            [
                QPointF(across, top),
                QPointF(across - side, top + 2 * side),
                QPointF(across + side, top + 2 * side),
            ]
        )
        width = metrics.horizontalAdvance(text) + 2
        left = across + 2 * side if across + 2 * side + width <= area.right() else across - 2 * side - width
        paint_text(painter, QRectF(left, top - px(2), width, metrics.height()), text, theme().color("text"))

    def _paint_changes(self, painter: QPainter) -> None:
        """A thin line where a setting changed during the run, with its new value: at the top if the curve
        falls, as the loss does; at the bottom if it rises. Labels that would overlap go to the next row.
        """
        area, metrics, gap = self.area, painter.fontMetrics(), theme().px(4)
        height, taken = metrics.height(), [-math.inf] * MARK_ROWS
        muted = theme().color("text_muted")
        for x, change in self._run.history.changes:
            line = self.axes.vertical(x)
            across = line.x1()
            if not area.left() <= across <= area.right():
                continue
            painter.setPen(QPen(muted, 1, Qt.PenStyle.DotLine))
            painter.drawLine(line)
            text = change_text(change)
            width = metrics.horizontalAdvance(text) + 2
            left = across + gap if across + gap + width <= area.right() else across - gap - width
            left = max(left, area.left())
            row = next((row for row, end in enumerate(taken) if end <= left), MARK_ROWS - 1)
            taken[row] = left + width + gap
            top = (
                area.bottom() - (row + 1) * height
                if self.shown.better == "higher"
                else area.top() + row * height
            )
            paint_text(painter, QRectF(left, top, width, height), text, muted)

    def _paint_circles(self, painter: QPainter) -> None:
        left, right, _, _ = self.extent
        if self.area.width() / max(right - left, 1e-9) < CIRCLES_APART:
            return
        painter.setBrush(theme().color("surface"))
        for part, curve in self._epoch_curves.items():
            painter.setPen(QPen(self.color(part), 1.5))
            seen = curve.between(left, right, max(round(self.area.width()), 1))
            for x, y in zip(seen.x.tolist(), seen.y.tolist(), strict=True):
                at = self.point(x, y)
                if at is not None:
                    painter.drawEllipse(at, 3.0, 3.0)

    def _paint_best(self, painter: QPainter) -> None:
        at = self.point(*self._best) if self._best is not None else None
        if at is not None:
            color = self.color("validation")
            painter.setPen(QPen(color, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 6.0, 6.0)
            painter.setBrush(color)
            painter.drawEllipse(at, 2.5, 2.5)
