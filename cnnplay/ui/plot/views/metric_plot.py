"""The plot of a metric over a run: lines with labels at their ends, values under the cursor, a log scale."""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, Slot
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QFontMetricsF, QPainter, QPen, Qt
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.spec.tasks import Metric
from cnnplay.ui.kit.views.keytable import KeyRow
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.curve_limits import Bounds
from cnnplay.ui.plot.curve_settings import CurveSettings, Role
from cnnplay.ui.plot.readout import PointLabel, Readout
from cnnplay.ui.plot.ticks import Tick, log_ticks, percent_ticks, ticks
from cnnplay.ui.plot.views.labels import Label, paint_box, paint_dot, paint_labels
from cnnplay.ui.plot.views.plot import ROWS, SHOW_ALL, Line, Plot

FINE = 100
"""The axis is extended for labels in steps of 1/FINE of its length."""
LOGARITHMIC = KeyRow("Log scale of the loss", {Qt.Key.Key_L: lambda plot: plot.switch_scale()})
METRIC_ROWS = (*ROWS, SHOW_ALL, LOGARITHMIC)


class DrawnLine(NamedTuple):
    """A line to draw, and how."""

    key: Hashable
    curve: Curve
    pen: QPen
    antialias: bool = True


class MetricPlot(Plot):
    """The loss, or a task's primary metric. `refresh` draws it; nothing is drawn while hidden."""

    LABELS_SHARE = 0.5
    """The largest part of the width that is kept free for the labels after the lines."""

    def __init__(self, role: Role, settings: CurveSettings, parent: QWidget | None = None) -> None:
        self._role, self._settings = role, settings
        self._lines: dict[Hashable, Line] = {}
        self._labels: Sequence[PointLabel] = ()
        self._bounds = Bounds(0.0, 1.0, 0.0, 1.0)
        self._stale = True
        self._drawing = False
        self.redraws = 0
        super().__init__(parent)
        self.actions_of_menu = self._make_actions()
        self.moved.connect(self.refresh)

    # What a subclass defines

    @property
    def shown(self) -> Metric:
        """The metric."""
        raise NotImplementedError

    def bounds(self) -> Bounds:
        """The limits that show everything."""
        raise NotImplementedError

    def labels(self, right: float) -> Sequence[PointLabel]:
        """The labels of the lines, at their last points left of `right`."""
        raise NotImplementedError

    def lines(self, left: float, right: float, columns: int) -> Iterable[DrawnLine]:
        """The lines, back to front, thinned to this number of pixel columns."""
        raise NotImplementedError

    def readout(self, x: float) -> Readout | None:
        """The values under the cursor."""
        raise NotImplementedError

    def color(self, line: Any) -> QColor:
        """The color of a line's labels."""
        raise NotImplementedError

    def paint_marks(self, painter: QPainter) -> None:
        """Paints above the lines and below the labels."""

    def end_labels(self, painter: QPainter) -> list[Label]:
        """The labels as they are painted."""
        raise NotImplementedError

    # Drawing

    @property
    def metric_name(self) -> str:
        """The name of what it shows."""
        return self.shown.name

    @Slot()
    def refresh(self) -> None:
        """Draws the lines, thinned to the available pixels."""
        if not self.isVisible():
            self._stale = True
            return
        if self._drawing:
            return  # the range change came from drawing itself
        self._stale, self._drawing = False, True
        try:
            self.draw()
        finally:
            self._drawing = False

    def draw(self) -> None:
        self._bounds = self.bounds()
        self._labels = self.labels(self._bounds.right)
        if self.following:
            self._fit()
        left, right, _, _ = self.extent
        drawn = set()
        for depth, line in enumerate(self.lines(left, right, max(int(self.area.width()), 1))):
            self._show(line, depth)
            drawn.add(line.key)
        for key in self._lines.keys() - drawn:
            self.box.removeItem(self._lines.pop(key))
        if right < self._bounds.right:
            self._labels = self.labels(right)
        self.setAccessibleDescription(", ".join(label.text for label in self._labels))
        self.redraws += 1
        self.viewport().update()

    def _show(self, line: DrawnLine, depth: int) -> None:
        item = self._lines.get(line.key)
        if item is None:
            item = self._lines[line.key] = Line(connect="finite", skipFiniteCheck=False)
            self.box.addItem(item, ignoreBounds=True)
        if item.zValue() != depth:
            item.setZValue(depth)
        item.opts["antialias"] = line.antialias
        if item.opts["pen"] != line.pen:
            item.setPen(line.pen)
            # A wide smooth line costs a tenth as separate segments, whose square ends fill the joints.
            wide = line.pen.widthF() > 1.0 and line.pen.style() == Qt.PenStyle.SolidLine
            item.setSegmentedLineMode("on" if wide else "off")
        item.setData(line.curve.x, self._scaled(line.curve.y))

    def _fit(self) -> None:
        bounds = self._bounds
        bottom, top = bounds.bottom, bounds.top
        if self._logarithmic:
            bottom, top = math.log10(max(bottom, 1e-12)), math.log10(max(top, 1e-12))
        if top - bottom < 1e-9:
            bottom, top = bottom - 0.5, top + 0.5
        # Room for the labels after the last points: the axis is longer once the run is at its end.
        metrics, width = QFontMetricsF(theme().font(small=True)), max(self.area.width(), 1.0)
        widest = max((metrics.horizontalAdvance(label.text) for label in self._labels), default=0.0)
        room = min(widest + theme().px(16), self.LABELS_SHARE * width)
        last = min(max((label.x for label in self._labels), default=0.0), bounds.right)
        # In steps of 1/FINE, so that otherwise identical redraws have the same range.
        longer = math.ceil(FINE * last * width / (width - room) / bounds.right) / FINE
        margin = 0.03 * (top - bottom)
        self.fit(
            bounds.left,
            bounds.right * max(longer, 1.0),
            bottom - (margin if self._logarithmic else 0.0),
            top + margin,
        )

    # Scale

    @property
    def _logarithmic(self) -> bool:
        return self.metric_name == "loss" and self._settings.logarithmic

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if not self._logarithmic:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)

    def pixel(self, x: float, y: float) -> QPointF:
        """Where a point is; where it would be on a linear axis, if it has no place on the log scale."""
        return self.axes.pixel(x, math.log10(y) if self._logarithmic and y > 0 else y)

    def point(self, x: float, y: float) -> QPointF | None:
        """The pixel of a point, or None if it is outside the visible range."""
        if self._logarithmic:
            y = math.log10(y) if y > 0 else math.nan
        axes = self.axes
        slack = 1e-6 * (axes.right - axes.left)
        inside = axes.left - slack <= x <= axes.right + slack and axes.bottom <= y <= axes.top
        return axes.pixel(x, y) if inside else None

    def y_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        if self._logarithmic:
            return log_ticks(low, high, most)
        if self.shown.format == "percent":
            return [tick for tick in percent_ticks(low, high, most) if -1e-9 <= tick.at <= 1 + 1e-9]
        return ticks(low, high, most)

    # Overlays

    def paint_over(self, painter: QPainter) -> None:
        painter.setClipRect(self.area.adjusted(-6, -6, 6, 6))
        self.paint_marks(painter)
        if self.hover is not None:
            self._paint_readout(painter, self.hover)
        else:
            most = max(int(self.area.height() / painter.fontMetrics().height()), 1)
            paint_labels(painter, self.end_labels(painter)[:most], self.area)

    def _paint_readout(self, painter: QPainter, hover: QPointF) -> None:
        axes = self.axes
        readout = self.readout(axes.x_at(hover.x()))
        if readout is None:
            return
        line = axes.vertical(readout.x)
        if self.area.left() <= line.x1() <= self.area.right():
            painter.setPen(QPen(theme().color("text_muted"), 1))
            painter.drawLine(line)
        for label in readout.labels:
            at = self.point(label.x, label.y)
            if at is not None:
                paint_dot(painter, at, self.color(label.line))
        most = max(int(self.area.height() / painter.fontMetrics().height()) - 2, 1)
        rows = [(label.text, self.color(label.line)) for label in readout.labels[:most]]
        paint_box(painter, readout.title, rows, QPointF(line.x1(), hover.y()), self.area)

    # Style and menu

    def restyle(self) -> None:
        super().restyle()
        self.refresh()

    def _make_actions(self) -> list[QAction]:
        # Their keys are in the table; the text after the tab only names them.
        fit = QAction(f"View all\t{SHOW_ALL.text}", self)
        fit.triggered.connect(self.follow)
        copy = QAction("Copy as image", self)
        copy.triggered.connect(self.copy)
        found = [fit, copy]
        if self._role == "loss":
            scale = QAction(f"Log scale\t{LOGARITHMIC.text}", self)
            scale.setCheckable(True)
            scale.triggered.connect(self._settings.set_logarithmic)
            found.insert(1, scale)
        self.addActions(found)
        return found

    def switch_scale(self) -> bool:
        """Toggles the log scale; False if there is none: it is the loss's."""
        if self.metric_name != "loss":
            return False
        self._settings.set_logarithmic(not self._settings.logarithmic)
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        for action in self.actions_of_menu:
            if action.isCheckable():
                action.setChecked(self._settings.logarithmic)
            menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()
