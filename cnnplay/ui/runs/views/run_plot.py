"""The curves of the selected runs in one plot: a color per run, its label at the end of the curve."""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QFontMetrics, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.spec.tasks import Metric
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve_limits import Bounds
from cnnplay.ui.plot.ticks import Tick, log_ticks, percent_ticks, ticks
from cnnplay.ui.plot.views.labels import Label, paint_box, paint_labels
from cnnplay.ui.plot.views.plot import ROWS, SHOW_ALL, Line, Plot
from cnnplay.ui.runs.run_curves import PointLabel, RunCurvesModel, Split
from cnnplay.ui.train.curves import Role

COLORS = 8
"""From the ninth run on, colors repeat, dashed."""
FAINT = 110
"""Opacity (of 255) of training curves drawn behind validation curves."""
MARKER_SPACING = 7
"""Epochs get markers if they are at least this many pixels apart."""
LABELS_SHARE = 0.4
"""The largest part of the width for the labels after the curves; longer ones are elided."""
LOGARITHMIC = KeyRow("Log scale of the loss", {Qt.Key.Key_L: lambda plot: plot.switch_scale()})


def shortened(label: str, metrics: QFontMetrics, room: int) -> str:
    """A label elided to a width in pixels. Keeps the last of several parts: it distinguishes the runs."""
    mode = Qt.TextElideMode.ElideLeft if ", " in label else Qt.TextElideMode.ElideMiddle
    return metrics.elidedText(label, mode, room).replace("…, ", "… ")


class RunPlot(Plot):
    """One metric of all drawn runs. Redraws only while visible."""

    KEYS = KeyTable("Curves of runs", *ROWS, SHOW_ALL, LOGARITHMIC)

    def __init__(self, role: Role, model: RunCurvesModel, parent: QWidget | None = None) -> None:
        self._role: Role = role
        self._model = model
        self._curves: dict[tuple[str, Split], Line] = {}
        self._labels: list[PointLabel] = []
        self._bounds = Bounds(0.0, 1.0, 0.0, 1.0)
        self._stale = True
        self.redraws = 0
        super().__init__(parent)
        self.setAccessibleName(f"{self._shown.title} of the selected runs")
        self.moved.connect(self.refresh)
        model.changed.connect(self.refresh)
        model.axis_changed.connect(self.follow)
        self.refresh()

    @property
    def _shown(self) -> Metric:
        return self._model.shown_metric(self._role)

    @property
    def metric_name(self) -> str:
        """The name of what it shows."""
        return self._shown.name

    # Drawing

    def refresh(self) -> None:
        """Redraws the curves, thinned to the available pixels."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        self._bounds = self._model.bounds(self.metric_name)
        self._labels = self._model.labels(self.metric_name, self._bounds.right)
        if self.following:
            self._fit(self._bounds)
        left, right, _, _ = self.extent
        columns = max(int(self.area.width()), 1)
        drawn = set()
        for depth, line in enumerate(self._model.lines(self.metric_name, left, right, columns)):
            item = self._item(line.path, line.split)
            item.setZValue(depth)
            item.setPen(self._pen(line.slot, line.split))
            item.setData(line.curve.x, self._scaled(line.curve.y))
            drawn.add((line.path, line.split))
        for key in self._curves.keys() - drawn:
            self.box.removeItem(self._curves.pop(key))
        self._labels = self._model.labels(self.metric_name, right)
        self.setAccessibleDescription(", ".join(end.text for end in self._labels))
        self.redraws += 1
        self.viewport().update()

    def _item(self, path: str, split: Split) -> Line:
        item = self._curves.get((path, split))
        if item is None:
            item = self._curves[path, split] = Line(connect="finite", skipFiniteCheck=False, antialias=True)
            self.box.addItem(item, ignoreBounds=True)
        return item

    def _pen(self, slot: int, split: Split) -> QPen:
        behind = self._model.splits == "both" and split == "training"
        color = theme().run(slot)
        if behind:
            color.setAlpha(FAINT)
        style = Qt.PenStyle.SolidLine if slot < COLORS else Qt.PenStyle.DashLine
        return pg.mkPen(color, width=1.0 if behind else 1.6, style=style)

    def _fit(self, bounds: Bounds) -> None:
        bottom, top = bounds.bottom, bounds.top
        if self._logarithmic:
            bottom, top = math.log10(max(bottom, 1e-12)), math.log10(max(top, 1e-12))
        if top - bottom < 1e-9:
            bottom, top = bottom - 0.5, top + 0.5
        # Leave room for the labels after the longest curves.
        width = max(self.area.width(), 1.0)
        room = min(self._label_width() + theme().px(16), LABELS_SHARE * width)
        last = min(max((end.x for end in self._labels), default=0.0), bounds.right)
        right = max(bounds.right, last * width / (width - room))
        margin = 0.03 * (top - bottom)
        self.fit(bounds.left, right, bottom - (margin if self._logarithmic else 0.0), top + margin)

    def _label_width(self) -> float:
        metrics = QFontMetricsF(theme().font(small=True))
        return max((metrics.horizontalAdvance(end.text) for end in self._labels), default=0.0)

    @property
    def _logarithmic(self) -> bool:
        return self.metric_name == "loss" and self._model.logarithmic

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if not self._logarithmic:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)

    def _height(self, y: float) -> float:
        if not self._logarithmic:
            return y
        return math.log10(y) if y > 0 else math.nan

    def _point(self, x: float, y: float) -> QPointF | None:
        """The pixel of a point; None if it is out of view."""
        y = self._height(y)
        if not math.isfinite(y):
            return None
        left, right, bottom, top = self.extent
        slack = 1e-6 * (right - left)
        return self.pixel(x, y) if left - slack <= x <= right + slack and bottom <= y <= top else None

    def x_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        if self.following:
            high = min(high, self._bounds.right)  # the room for labels is not part of the axis
        return self._model.x_ticks(low, high, most)

    def y_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        if self._logarithmic:
            return log_ticks(low, high, most)
        if self._shown.format == "percent":
            return [tick for tick in percent_ticks(low, high, most) if -1e-9 <= tick.at <= 1 + 1e-9]
        return ticks(low, high, most)

    # Painting above the curves

    def paint_over(self, painter: QPainter) -> None:
        painter.setClipRect(self.area.adjusted(-6, -6, 6, 6))
        self._paint_markers(painter)
        if self.hover is not None:
            self._paint_readout(painter, self.hover)
            return
        labels, metrics = [], painter.fontMetrics()
        # All labels are placed after the longest curve, so that they cover none.
        furthest = max((end.x for end in self._labels), default=0.0)
        for end in self._labels:
            at = self._point(furthest, end.y)
            if at is not None:
                room = round(LABELS_SHARE * self.area.width()) - theme().px(16)
                text = shortened(end.text, metrics, room)
                labels.append(Label(text, at, theme().run(end.slot)))
        most = max(int(self.area.height() / metrics.height()), 1)
        paint_labels(painter, labels[:most], self.area)

    def _paint_markers(self, painter: QPainter) -> None:
        left, right, _, _ = self.extent
        for slot, curve, best in self._model.epoch_markers(self.metric_name):
            color = theme().run(slot)
            apart = self.area.width() / max(right - left, 1e-9) * _spacing(curve.x)
            one = [] if best is None else [best]
            for number in range(len(curve)) if apart >= MARKER_SPACING else one:
                at = self._point(float(curve.x[number]), float(curve.y[number]))
                if at is not None:
                    self._paint_marker(painter, at, color, number == best)

    def _paint_marker(self, painter: QPainter, at: QPointF, color: QColor, best: bool) -> None:
        """A circle, filled for the best epoch."""
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(color if best else theme().color("surface"))
        radius = 3.5 if best else 2.5
        painter.drawEllipse(at, radius, radius)

    def _paint_readout(self, painter: QPainter, hover: QPointF) -> None:
        readout = self._model.readout(self.metric_name, self.x_at(hover.x()))
        if readout is None:
            return
        across = self.pixel(readout.x, 0.0).x()
        if self.area.left() <= across <= self.area.right():
            painter.setPen(QPen(theme().color("text_muted"), 1))
            painter.drawLine(QPointF(across, self.area.top()), QPointF(across, self.area.bottom()))
        for end in readout.labels:
            at = self._point(end.x, end.y)
            if at is not None:
                painter.setPen(QPen(theme().color("surface"), 1))
                painter.setBrush(theme().run(end.slot))
                painter.drawEllipse(at, 4.0, 4.0)
        most = max(int(self.area.height() / painter.fontMetrics().height()) - 2, 1)
        rows = [(end.text, theme().run(end.slot)) for end in readout.labels[:most]]
        paint_box(painter, readout.title, rows, QPointF(across, hover.y()), QRectF(self.area))

    # Style, keys, menu

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "_curves"):
            self.refresh()

    def switch_scale(self) -> bool:
        """Toggles the log scale; returns False for others than the loss, which have none."""
        if self.metric_name != "loss":
            return False
        self._model.set_logarithmic(not self._model.logarithmic)
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        for text, callback in ((f"View all\t{SHOW_ALL.text}", self.follow), ("Copy as image", self.copy)):
            action = QAction(text, menu)
            action.triggered.connect(callback)
            menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()


def _spacing(x: np.ndarray) -> float:
    """The smallest distance between two epochs, in units of the axis."""
    return float(np.diff(x).min()) if len(x) > 1 else math.inf
