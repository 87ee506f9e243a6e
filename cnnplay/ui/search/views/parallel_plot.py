"""Trials across parallel axes: a line a trial, through each of its values to its accuracy."""

import math
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_plots import Axis, Line, Parallel

EMPTY = "Each trial will be a line here, through its values to its accuracy."
NEAR = 8
"""Pixels from a line within which the cursor is on it."""
PALEST = 70
"""Opacity of 255 of the worst trial."""
KEYS = KeyTable(
    "Parallel axes",
    KeyRow(
        "The next better trial, the next worse",
        {Qt.Key.Key_Up: lambda view: view.step(1), Qt.Key.Key_Down: lambda view: view.step(-1)},
    ),
    KeyRow("The best trial", {Qt.Key.Key_Home: lambda view: view.to_best()}),
)
HINT = f"A line a trial; the better, the stronger its colour. A click chooses one. {KEYS.sentence()}"


class ParallelPlot(QWidget):
    """Better trials are stronger in colour and lie on top; the chosen one stands out. A click chooses."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._drawn = Parallel()
        self._sides = 0, 0
        """Pixels that the outer axes want beside them."""
        self._hover: int | None = None
        self.redraws = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("trials across parallel axes")
        self.setToolTip(HINT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        model.trials_changed.connect(self.refresh)
        model.chosen_changed.connect(self.refresh)
        theme().changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Draws the trials there are now."""
        self._drawn = self._model.parallel
        axes = self._drawn.axes
        self._sides = (_side(axes[0]), _side(axes[-1])) if axes else (0, 0)
        row = self._model.chosen_row
        self.setAccessibleDescription("" if row is None else self._model.words_of(row))
        self.redraws += 1
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(640), theme().px(220))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(200), 110)

    # Geometry

    @property
    def area(self) -> QRectF:
        """From the first axis to the last, and from their feet to their heads."""
        line = self.fontMetrics().height()
        left, right = (min(side, self.width() // 4) for side in self._sides)
        width, height = self.width() - left - right, self.height() - 2.2 * line
        return QRectF(left, 1.6 * line, max(width, 1), max(height, 1))

    def axis_x(self, number: int) -> float:
        """Where an axis stands."""
        area, last = self.area, max(len(self._drawn.axes) - 1, 1)
        return area.left() + area.width() * number / last

    def points(self, line: Line) -> list[QPointF | None]:
        """Where a trial's line crosses the axes; None where it does not."""
        area = self.area
        return [
            None if height is None else QPointF(self.axis_x(number), area.bottom() - height * area.height())
            for number, height in enumerate(line.crossings)
        ]

    def trial_at(self, at: QPointF) -> int | None:
        """The trial whose line is nearest to a point, where it is near; the best of several."""
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        if not self._drawn.lines:
            painter.setPen(theme().color("text_muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)
        else:
            self._paint_lines(painter)
            for number, axis in enumerate(self._drawn.axes):
                self._paint_axis(painter, number, axis)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_lines(self, painter: QPainter) -> None:
        chosen = self._model.chosen_row
        number = None if chosen is None else chosen.number
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
        color.setAlpha(round(PALEST + (255 - PALEST) * max(0.0, min(line.merit, 1.0)) ** 2))
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
                continue  # no room for both
            before = y
            text = metrics.elidedText(tick.text, Qt.TextElideMode.ElideRight, round(room))
            width = metrics.horizontalAdvance(text) + 2
            left = x + theme().px(5) if last else x - theme().px(5) - width
            place = QRectF(left, y - metrics.height() / 2, width, metrics.height())
            painter.setPen(QPen(theme().color("text_muted"), 1))
            painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
            ground = theme().color("surface")
            ground.setAlpha(190)  # lines pass behind the words
            painter.fillRect(place, ground)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    # Hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.trial_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._set_hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._model.choose(self.trial_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, ranks: int) -> bool:
        """Chooses the trial so many ranks better; whether there are trials."""
        lines, row = self._drawn.lines, self._model.chosen_row
        if not lines:
            return False
        numbers = [line.number for line in lines]
        place = numbers.index(row.number) if row is not None and row.number in numbers else len(lines) - 1
        self._model.choose(numbers[min(max(place + ranks, 0), len(lines) - 1)])
        return True

    def to_best(self) -> bool:
        """Chooses the best trial."""
        self._model.choose(None)
        return bool(self._drawn.lines)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            number = self.trial_at(QPointF(event.pos()))
            row = next((row for row in self._model.rows if row.number == number), None)
            words = HINT if row is None else self._model.words_of(row)
            QToolTip.showText(event.globalPos(), words, self)
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
    """Room for what stands beside an outer axis: its ticks' words, and half of its label above it."""
    metrics = QFontMetrics(theme().font(small=True))
    ticks = max((metrics.horizontalAdvance(tick.text) for tick in axis.ticks), default=0)
    return max(ticks + theme().px(12), metrics.horizontalAdvance(axis.label) // 2, theme().px(30))


def _pairs(points: list[QPointF | None]) -> list[tuple[QPointF, QPointF]]:
    """Neighbouring crossings that are both there."""
    return [(one, other) for one, other in pairwise(points) if one is not None and other is not None]


def _distance(at: QPointF, one: QPointF, other: QPointF) -> float:
    """From a point to the line between two others."""
    dx, dy = other.x() - one.x(), other.y() - one.y()
    length = math.hypot(dx, dy)
    if not length:
        return math.hypot(at.x() - one.x(), at.y() - one.y())
    return abs(dx * (one.y() - at.y()) - (one.x() - at.x()) * dy) / length
