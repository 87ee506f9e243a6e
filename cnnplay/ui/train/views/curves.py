"""The curves of a run: raw and smoothed values, validation as a circle per epoch, the best epoch marked."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QPainter, QPen
from PySide6.QtWidgets import QMenu, QWidget

from cnnplay.spec.tasks import LOSS, Metric
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.curve_limits import Bounds
from cnnplay.ui.plot.ticks import Tick, log_ticks, percent_ticks, ticks
from cnnplay.ui.plot.views.labels import Label, paint_box, paint_labels
from cnnplay.ui.plot.views.plot import ROWS, SHOW_ALL, Line, Plot
from cnnplay.ui.train.curves import CurvesModel, End, Part, Role, change_text
from cnnplay.ui.train.history import History

PARTS: tuple[Part, ...] = (
    "training before",
    "validation before",
    "raw",
    "with decay",
    "training",
    "validation",
    "averaged",
)
"""From back to front."""
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
FINE = 100
"""The axis is extended for labels in steps of 1/FINE of its length."""
CIRCLES_APART = 7
"""The minimum pixels between epochs at which circles are drawn."""


LOGARITHMIC = KeyRow("Log scale of the loss", {Qt.Key.Key_L: lambda plot: plot.switch_scale()})


def shown_metric(role: Role, history: History) -> Metric:
    """What a panel shows of this history."""
    return LOSS if role == "loss" else history.task_info.primary


class HasHistory(Protocol):
    """The source of the curves: the history of a run, and the previous one."""

    @property
    def history(self) -> History: ...

    @property
    def previous(self) -> History | None: ...


class CurvePlot(Plot):
    """The curves of one metric. `refresh` draws the history; nothing is drawn while hidden."""

    KEYS = KeyTable("Curves", *ROWS, SHOW_ALL, LOGARITHMIC)

    def __init__(
        self, role: Role, run: HasHistory, model: CurvesModel, parent: QWidget | None = None
    ) -> None:
        self._role: Role = role
        self._run, self._model = run, model
        self._curves: dict[Part, Line] = {}
        self._ends: list[End] = []
        self._epoch_curves: dict[Part, Curve] = {}
        self._best: tuple[float, float] | None = None
        self._bounds = Bounds(0.0, 1.0, 0.0, 1.0)
        self._stale = True
        self._drawing = False
        self._dimmed = False
        self.redraws = 0
        super().__init__(parent)
        for depth, part in enumerate(PARTS):
            curve = Line(connect="finite", skipFiniteCheck=False)
            curve.setZValue(depth)
            self.box.addItem(curve, ignoreBounds=True)
            self._curves[part] = curve
        self.setAccessibleName(f"{self._shown.title} curves")
        self.setToolTip("")
        self.actions_of_menu = self._make_actions()
        self.moved.connect(self.refresh)
        self._style_curves()
        self.refresh()

    @property
    def metric_name(self) -> str:
        """The name of what it shows."""
        return self._shown.name

    @property
    def _shown(self) -> Metric:
        return shown_metric(self._role, self._run.history)

    # Data

    def refresh(self) -> None:
        """Draws the history, thinned to the available pixels."""
        if not self.isVisible():
            self._stale = True
            return
        if self._drawing:
            return  # the range change came from drawing itself
        self._stale, self._drawing = False, True
        try:
            self._draw()
        finally:
            self._drawing = False

    def _draw(self) -> None:
        history, before = self._run.history, self._run.previous
        # Taken together with the lines: a later repaint would put marks ahead of their line.
        self._epoch_curves = {part: history.metric(f"{part}_{self.metric_name}") for part in JUDGED}
        self._best = self._model.best(self.metric_name, history)
        self._bounds = self._model.bounds(self.metric_name, history, before)
        self._ends = self._model.ends(self.metric_name, history, self._bounds.right, before)
        if self.following:
            self._fit(self._bounds)
        left, right, _, _ = self.extent
        columns = max(int(self.area.width()), 1)
        lines = self._model.lines(self.metric_name, history, before, left, right, columns)
        found = {line.part: line.curve for line in lines}
        for part, curve in self._curves.items():
            if part in found:
                curve.setData(found[part].x, self._scaled(found[part].y))
                curve.setVisible(True)
            else:
                curve.setVisible(False)
        if right < history.last_x:
            self._ends = self._model.ends(self.metric_name, history, right, before)
        self.setAccessibleDescription(", ".join(end.text for end in self._ends))
        self.redraws += 1
        self.viewport().update()

    def set_dimmed(self, dimmed: bool) -> None:
        """Draws everything lighter: the curves belong to another network than the one on screen."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.box.setOpacity(DIM if dimmed else 1.0)
            self.viewport().update()

    def _fit(self, bounds: Bounds) -> None:
        bottom, top = bounds.bottom, bounds.top
        if self._logarithmic:
            bottom, top = math.log10(max(bottom, 1e-12)), math.log10(max(top, 1e-12))
        if top - bottom < 1e-9:
            bottom, top = bottom - 0.5, top + 0.5
        # Room for the labels after the last points: the axis is longer once the run is at its end.
        width = max(self.area.width(), 1.0)
        room = min(self._label_width() + theme().px(16), width / 2)
        last = min(max((end.x for end in self._ends), default=0.0), bounds.right)
        # In steps of 1/FINE, so that otherwise identical redraws have the same range.
        longer = math.ceil(FINE * last * width / (width - room) / bounds.right) / FINE
        right = bounds.right * max(longer, 1.0)
        margin = 0.03 * (top - bottom)
        self.fit(bounds.left, right, bottom - (margin if self._logarithmic else 0.0), top + margin)

    def _label_width(self) -> float:
        metrics = pg.QtGui.QFontMetricsF(theme().font(small=True))
        return max((metrics.horizontalAdvance(end.text) for end in self._ends), default=0.0)

    @property
    def _logarithmic(self) -> bool:
        return self.metric_name == "loss" and self._model.logarithmic

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if not self._logarithmic:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)

    def _point(self, x: float, y: float) -> QPointF | None:
        """The pixel of a point, or None if it is outside the visible range."""
        if self._logarithmic:
            y = math.log10(y) if y > 0 else math.nan
        if not math.isfinite(y):
            return None
        left, right, bottom, top = self.extent
        slack = 1e-6 * (right - left)
        return self.pixel(x, y) if left - slack <= x <= right + slack and bottom <= y <= top else None

    def x_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        found = ticks(low, high, most, smallest=1.0 if high - low >= 2 else 0.0)
        if self.following:
            # The room for labels after the last epoch is not part of the run.
            found = [tick for tick in found if tick.at <= self._bounds.right + 1e-9]
        # The last tick names the unit.
        return [*found[:-1], *(Tick(tick.at, f"epoch {tick.text}") for tick in found[-1:])]

    def y_ticks(self, low: float, high: float, most: int) -> Sequence[Tick]:
        if self._logarithmic:
            return log_ticks(low, high, most)
        if self._shown.format == "percent":
            return [tick for tick in percent_ticks(low, high, most) if -1e-9 <= tick.at <= 1 + 1e-9]
        return ticks(low, high, most)

    # Overlays

    def paint_over(self, painter: QPainter) -> None:
        painter.setClipRect(self.area.adjusted(-6, -6, 6, 6))
        painter.setOpacity(DIM if self._dimmed else 1.0)
        self._paint_cut(painter)
        self._paint_changes(painter)
        self._paint_circles(painter)
        self._paint_best(painter)
        labels = []
        # All labels are placed after the longest line, so that they cover none.
        furthest = max((end.x for end in self._ends if end.part not in PALE), default=0.0)
        for end in self._ends:
            y = math.log10(end.y) if self._logarithmic and end.y > 0 else end.y
            pale = end.part in PALE
            at = self.pixel(end.x if pale else furthest, y)
            if at.x() >= self.area.left():
                color = theme().color("text_muted") if pale else self._color(end.part)
                labels.append(Label(end.text, at, color))
        if self.hover is None:
            paint_labels(painter, labels, self.area)
        else:
            self._paint_readout(painter, self.hover)

    def _paint_cut(self, painter: QPainter) -> None:
        """Marks a cut spike at the upper edge, with its height."""
        cut = self._bounds.cut
        if cut is None or not self.following:
            return
        area, px, metrics = self.area, theme().px, painter.fontMetrics()
        text = f"{metric_text(self._shown, cut[1])} (see log scale)"
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
        place = QRectF(left, top - px(2), width, metrics.height())
        painter.fillRect(place, theme().color("surface"))
        painter.setPen(theme().color("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_changes(self, painter: QPainter) -> None:
        """A thin line where a setting changed during the run, with its new value: at the top if the curve
        falls, as the loss does; at the bottom if it rises. Labels that would overlap go to the next row.
        """
        area, metrics, gap = self.area, painter.fontMetrics(), theme().px(4)
        height, taken = metrics.height(), [-math.inf] * MARK_ROWS
        painter.setPen(QPen(theme().color("text_muted"), 1, Qt.PenStyle.DotLine))
        for x, change in self._run.history.changes:
            across = self.pixel(x, 0.0).x()
            if not area.left() <= across <= area.right():
                continue
            painter.drawLine(QPointF(across, area.top()), QPointF(across, area.bottom()))
            text = change_text(change)
            width = metrics.horizontalAdvance(text) + 2
            left = across + gap if across + gap + width <= area.right() else across - gap - width
            left = max(left, area.left())
            row = next((row for row, end in enumerate(taken) if end <= left), MARK_ROWS - 1)
            taken[row] = left + width + gap
            top = (
                area.bottom() - (row + 1) * height
                if self._shown.better == "higher"
                else area.top() + row * height
            )
            place = QRectF(left, top, width, height)
            painter.fillRect(place, theme().color("surface"))
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft, text)

    def _paint_circles(self, painter: QPainter) -> None:
        left, right, _, _ = self.extent
        if self.area.width() / max(right - left, 1e-9) < CIRCLES_APART:
            return
        painter.setBrush(theme().color("surface"))
        for part, curve in self._epoch_curves.items():
            painter.setPen(QPen(self._color(part), 1.5))
            seen = curve.between(left, right, max(round(self.area.width()), 1))
            for x, y in zip(seen.x.tolist(), seen.y.tolist(), strict=True):
                at = self._point(x, y)
                if at is not None:
                    painter.drawEllipse(at, 3.0, 3.0)

    def _paint_best(self, painter: QPainter) -> None:
        at = self._point(*self._best) if self._best is not None else None
        if at is not None:
            color = self._color("validation")
            painter.setPen(QPen(color, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 6.0, 6.0)
            painter.setBrush(color)
            painter.drawEllipse(at, 2.5, 2.5)

    def _paint_readout(self, painter: QPainter, hover: QPointF) -> None:
        readout = self._model.readout(self.metric_name, self._run.history, self.x_at(hover.x()))
        if readout is None:
            return
        across = self.pixel(readout.x, 0.0).x()
        if self.area.left() <= across <= self.area.right():
            painter.setPen(QPen(theme().color("text_muted"), 1))
            painter.drawLine(QPointF(across, self.area.top()), QPointF(across, self.area.bottom()))
        for end in readout.ends:
            at = self._point(end.x, end.y)
            if at is not None:
                painter.setPen(QPen(theme().color("surface"), 1))
                painter.setBrush(self._color("training" if end.part == "raw" else end.part))
                painter.drawEllipse(at, 4.0, 4.0)
        rows = [
            (end.text, self._color("training" if end.part == "raw" else end.part)) for end in readout.ends
        ]
        area = QRectF(self.area)
        paint_box(painter, readout.title, rows, QPointF(across, hover.y()), area)

    # Style

    def restyle(self) -> None:
        super().restyle()
        if self._curves:
            self._style_curves()
            self.refresh()

    def _color(self, part: Part) -> QColor:
        keys = {"validation": "validation_curve", "averaged": "averaged_curve"}
        color = QColor(theme().color(keys.get(part.split()[0], "training_curve")))
        jumps = part == "raw" and self._shown.share_of_images
        color.setAlpha(PALER if jumps else PALE.get(part, 255))
        return color

    def _style_curves(self) -> None:
        for part, curve in self._curves.items():
            # Wide lines are expensive to paint: lines in the back are one pixel wide, without antialiasing.
            front = part not in PALE
            style = Qt.PenStyle.DashLine if part == "with decay" else Qt.PenStyle.SolidLine
            wide = front and part != "with decay"
            curve.setPen(pg.mkPen(self._color(part), width=1.6 if wide else 1.0, style=style))
            curve.opts["antialias"] = front
            # A wide smooth line costs a tenth as separate segments, whose square ends fill the joints.
            curve.setSegmentedLineMode("on" if wide else "off")

    # The menu

    def _make_actions(self) -> list[QAction]:
        # Their keys are in KEYS; the text after the tab only names them.
        fit = QAction(f"View all\t{SHOW_ALL.text}", self)
        fit.triggered.connect(self.follow)
        copy = QAction("Copy as image", self)
        copy.triggered.connect(self.copy)
        found = [fit, copy]
        if self._role == "loss":
            scale = QAction(f"Log scale\t{LOGARITHMIC.text}", self)
            scale.setCheckable(True)
            scale.triggered.connect(self._model.set_logarithmic)
            found.insert(1, scale)
        for action in found:
            self.addAction(action)
        return found

    def switch_scale(self) -> bool:
        """Toggles the log scale; False if there is none: it is the loss's."""
        if self.metric_name != "loss":
            return False
        self._model.set_logarithmic(not self._model.logarithmic)
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        for action in self.actions_of_menu:
            if action.isCheckable():
                action.setChecked(self._model.logarithmic)
            menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()
