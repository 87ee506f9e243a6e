"""Trials in parallel coordinates: a line per trial, through its parameters to its value."""

import math
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.plot.views.painted import PaintedPlot
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_plots import Axis, Line, ParallelAxes

EMPTY = "Each trial becomes a line here, through its values to its {}."
NEAR = 8
"""A line is hit within this distance in pixels."""
FAINTEST = 70
"""Opacity (of 255) of the worst trial."""
KEYS = KeyTable(
    "Parallel coordinates",
    KeyRow(
        "Next better trial, next worse trial",
        {Qt.Key.Key_Up: lambda view: view.step(1), Qt.Key.Key_Down: lambda view: view.step(-1)},
    ),
    KeyRow("Best trial", {Qt.Key.Key_Home: lambda view: view.to_best()}),
)
HINT = f"A line per trial; better trials have a stronger color. Click to select one. {KEYS.sentence()}"


class ParallelPlot(PaintedPlot):
    """Better trials have a stronger color and are on top; the selected one is highlighted."""

    SIZE, LEAST = (640, 220), (200, 110)

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("trials in parallel coordinates", HINT, parent)
        self._model = model
        self._drawn = ParallelAxes()
        self._sides = 0, 0
        """The margins that the outer axes need, in pixels."""
        self._hover: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        model.trials_changed.connect(self.refresh)
        model.selection_changed.connect(self.refresh)
        theme().changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Redraws the trials."""
        self._drawn = self._model.parallel
        axes = self._drawn.axes
        self._sides = (_side(axes[0]), _side(axes[-1])) if axes else (0, 0)
        row = self._model.selected_row
        self.setAccessibleDescription("" if row is None else self._model.trial_text(row))
        self.update()

    # Geometry

    @property
    def area(self) -> QRectF:
        """The rectangle of the axes."""
        line = self.fontMetrics().height()
        left, right = (min(side, self.width() // 4) for side in self._sides)
        width, height = self.width() - left - right, self.height() - 2.2 * line
        return QRectF(left, 1.6 * line, max(width, 1), max(height, 1))

    def axis_x(self, number: int) -> float:
        """The x position of an axis."""
        area, last = self.area, max(len(self._drawn.axes) - 1, 1)
        return area.left() + area.width() * number / last

    def points(self, line: Line) -> list[QPointF | None]:
        """Where a trial's line crosses the axes; None where it has no value."""
        area = self.area
        return [
            None if height is None else QPointF(self.axis_x(number), area.bottom() - height * area.height())
            for number, height in enumerate(line.crossings)
        ]

    def trial_at(self, at: QPointF) -> int | None:
        """The trial whose line is at this position, the best of several; None if there is none."""
        best, found = float(theme().px(NEAR)), None
        for line in reversed(self._drawn.lines):
            distance = min(
                (
                    _distance(at, one, other)
                    for one, other in _pairs(self.points(line))
                    if one.x() - 1 <= at.x() <= other.x() + 1
                ),
                default=math.inf,
            )
            if distance < best:
                best, found = distance, line.number
        return found

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self._drawn.lines:
            self.paint_text(painter, EMPTY.format(self._model.metric.title))
        else:
            self._paint_lines(painter)
            for number, axis in enumerate(self._drawn.axes):
                self._paint_axis(painter, number, axis)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_lines(self, painter: QPainter) -> None:
        selected = self._model.selected_row
        number = None if selected is None else selected.number
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in self._drawn.lines:
            if line.number not in (number, self._hover):
                self._paint_line(painter, line, self._pen(line))
        for line in self._drawn.lines:
            if line.number in (number, self._hover):
                color = theme().color("validation_curve" if line.number == number else "text")
                self._paint_line(painter, line, QPen(color, 2.2))
                self._paint_crossings(painter, line, color)

    def _pen(self, line: Line) -> QPen:
        color = theme().color("accent" if not line.pruned else "text_muted")
        color.setAlpha(round(FAINTEST + (255 - FAINTEST) * max(0.0, min(line.score, 1.0)) ** 2))
        return QPen(color, 1.4, Qt.PenStyle.DashLine if line.pruned else Qt.PenStyle.SolidLine)

    def _paint_line(self, painter: QPainter, line: Line, pen: QPen) -> None:
        path = QPainterPath()
        for one, other in _pairs(self.points(line)):
            path.moveTo(one)
            path.lineTo(other)
        painter.setPen(pen)
        painter.drawPath(path)

    def _paint_crossings(self, painter: QPainter, line: Line, color: QColor) -> None:
        painter.setPen(QPen(theme().color("surface"), 1))
        painter.setBrush(color)
        for point in self.points(line):
            if point is not None:
                painter.drawEllipse(point, 3.5, 3.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_axis(self, painter: QPainter, number: int, axis: Axis) -> None:
        area, x, metrics = self.area, self.axis_x(number), painter.fontMetrics()
        painter.setPen(QPen(theme().color("text_muted"), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        room = area.width() / max(len(self._drawn.axes) - 1, 1) - theme().px(8)
        label = metrics.elidedText(axis.label, Qt.TextElideMode.ElideMiddle, round(room))
        width = metrics.horizontalAdvance(label) + 2
        left = min(max(x - width / 2, 0.0), self.width() - width)
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(left, 0, width, metrics.height()), Qt.AlignmentFlag.AlignCenter, label)
        self._paint_ticks(painter, axis, x, room)

    def _paint_ticks(self, painter: QPainter, axis: Axis, x: float, room: float) -> None:
        area, metrics, before = self.area, painter.fontMetrics(), math.inf
        last = axis is self._drawn.axes[-1]
        for tick in sorted(axis.ticks, key=lambda one: one.at):
            if not -1e-6 <= tick.at <= 1 + 1e-6:
                continue
            y = area.bottom() - tick.at * area.height()
            if before - y < metrics.height():
                continue  # they would overlap
            before = y
            text = metrics.elidedText(tick.text, Qt.TextElideMode.ElideRight, round(room))
            width = metrics.horizontalAdvance(text) + 2
            left = x + theme().px(5) if last else x - theme().px(5) - width
            place = QRectF(left, y - metrics.height() / 2, width, metrics.height())
            painter.setPen(QPen(theme().color("text_muted"), 1))
            painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
            ground = theme().color("surface")
            ground.setAlpha(190)  # keeps the text readable above lines
            painter.fillRect(place, ground)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.trial_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._set_hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._model.select(self.trial_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, ranks: int) -> bool:
        """Selects the trial this many ranks better; returns whether there are trials."""
        lines, row = self._drawn.lines, self._model.selected_row
        if not lines:
            return False
        numbers = [line.number for line in lines]
        place = numbers.index(row.number) if row is not None and row.number in numbers else len(lines) - 1
        self._model.select(numbers[min(max(place + ranks, 0), len(lines) - 1)])
        return True

    def to_best(self) -> bool:
        """Selects the best trial."""
        self._model.select(None)
        return bool(self._drawn.lines)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            number = self.trial_at(QPointF(event.pos()))
            row = next((row for row in self._model.rows if row.number == number), None)
            text = HINT if row is None else self._model.trial_text(row)
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def _set_hover(self, number: int | None) -> None:
        if number != self._hover:
            self._hover = number
            self.setCursor(
                Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor
            )
            self.update()


def _side(axis: Axis) -> int:
    """The margin for an outer axis: its tick labels, and half of its title."""
    metrics = QFontMetrics(theme().font(small=True))
    ticks = max((metrics.horizontalAdvance(tick.text) for tick in axis.ticks), default=0)
    return max(ticks + theme().px(12), metrics.horizontalAdvance(axis.label) // 2, theme().px(30))


def _pairs(points: list[QPointF | None]) -> list[tuple[QPointF, QPointF]]:
    """Adjacent crossings that both exist."""
    return [(one, other) for one, other in pairwise(points) if one is not None and other is not None]


def _distance(at: QPointF, one: QPointF, other: QPointF) -> float:
    """The distance of a point to the line through two others."""
    dx, dy = other.x() - one.x(), other.y() - one.y()
    length = math.hypot(dx, dy)
    if not length:
        return math.hypot(at.x() - one.x(), at.y() - one.y())
    return abs(dx * (one.y() - at.y()) - (one.x() - at.x()) * dy) / length
