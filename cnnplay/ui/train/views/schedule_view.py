"""A small plot of the learning rate over the run: past, future, and the current value."""

from PySide6.QtCore import QEvent, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.ticks import Tick, ticks
from cnnplay.ui.plot.views.axes import Axes
from cnnplay.ui.plot.views.labels import Label, paint_dot, paint_labels
from cnnplay.ui.plot.views.painted import PaintedPlot
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.schedule import ScheduleDrawing, ScheduleModel

REDRAW_MS = 500
HEADROOM = 1.08
"""The axis extends above the highest value, so that its line is not cut."""
AHEAD = 110
"""Opacity (of 255) of future values."""
HINT = (
    "The learning rate over the epochs of the current run, or of the next one.\n"
    "During a run, future values are fainter; dotted lines mark changed settings."
)
NO_PLAN = "Fix the settings to see the learning rate over the whole run here."


class ScheduleView(PaintedPlot):
    """Learning rate over epochs. Painted when something changes, at most twice a second during a run, and not
    while hidden."""

    SIZE, LEAST = (240, 64), (120, 52)

    def __init__(self, model: ScheduleModel, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__("Learning rate over the run", HINT, parent)
        self._model = model
        self._hover: float | None = None
        self.setMouseTracking(True)
        model.changed.connect(self.refresh)
        run.recorder.changed.connect(Throttle(self.refresh, REDRAW_MS, self).request)

    @Slot()
    def refresh(self) -> None:
        if self.isVisible():
            drawing = self._model.drawing(max(self.width(), 2))
            self.setAccessibleDescription("" if drawing is None else drawing.text)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def paint(self, painter: QPainter) -> None:
        drawing = self._model.drawing(max(self.width(), 2))
        if drawing is None:
            self.paint_text(painter, NO_PLAN)
        else:
            _Painting(painter, drawing, QRectF(self.rect())).paint(self._hover)


class _Painting:
    """Paints one drawing in a rectangle."""

    def __init__(self, painter: QPainter, drawing: ScheduleDrawing, room: QRectF) -> None:
        self._painter, self._drawing, self._room = painter, drawing, room
        px, metrics = theme().px, painter.fontMetrics()
        self._height = metrics.height()
        below, top = self._height + px(3), HEADROOM * drawing.top
        rows = max(int((room.height() - below) / (1.6 * self._height)), 2)
        rates = ticks(0.0, top, min(rows, 5))
        left = max((metrics.horizontalAdvance(tick.text) for tick in rates), default=0) + px(6)
        area = QRectF(left, px(2), max(room.width() - left - px(8), 8), room.height() - below - px(2))
        self._rates = [tick if tick.at else Tick(0.0, "0") for tick in rates]
        self._axes = Axes(area, drawing.left, max(drawing.right, drawing.left + 1e-9), 0.0, top)

    def paint(self, hover: float | None) -> None:
        """Paints everything; at `hover`, the column under the mouse, the learning rate there."""
        self._paint_axes()
        self._paint_averaging()
        painter, drawing = self._painter, self._drawing
        color = theme().color("training_curve")
        pale = QColor(color)
        pale.setAlpha(AHEAD if drawing.now is not None else 255)
        for curve, own in ((drawing.ahead, pale), (drawing.done, color)):
            painter.setPen(QPen(own, 1.8))
            painter.drawPolyline(self._axes.points(curve))
        painter.setPen(QPen(theme().color("text_muted"), 1, Qt.PenStyle.DotLine))
        for x in drawing.changes:
            painter.drawLine(self._axes.vertical(x))
        self._paint_point(hover)

    def _paint_axes(self) -> None:
        axes, room = self._axes, self._room
        axes.paint_y(self._painter, self._rates, room.height())
        epochs = ticks(axes.left, axes.right, max(int(axes.area.width() / theme().px(56)), 2), 1)
        top = room.height() - self._height
        axes.paint_x(self._painter, epochs, top, room.width(), " epochs")

    def _paint_averaging(self) -> None:
        """A band at the bottom where weights are averaged, in the color of their curve."""
        start = self._drawing.averaged_from
        if start is None:
            return
        left, right = self._axes.pixel(start, 0.0), self._axes.pixel(self._drawing.right, 0.0)
        color = theme().color("averaged_curve")
        band = theme().px(3)
        self._painter.fillRect(QRectF(left.x(), left.y() - band, right.x() - left.x(), band), color)
        text = "averaged"
        if self._painter.fontMetrics().horizontalAdvance(text) <= right.x() - left.x():
            self._painter.setPen(color)
            place = QRectF(left.x(), left.y() - band - self._height, right.x() - left.x(), self._height)
            self._painter.drawText(place, Qt.AlignmentFlag.AlignLeft, text)

    def _paint_point(self, hover: float | None) -> None:
        """The learning rate under the mouse, or else the current one."""
        drawing, axes = self._drawing, self._axes
        if hover is not None:
            x, rate, text = drawing.at(axes.x_at(hover))
        elif drawing.now is not None:
            (x, rate), text = drawing.now, drawing.text
        else:
            return
        at, color = axes.pixel(x, rate), theme().color("training_curve")
        paint_dot(self._painter, at, color)
        paint_labels(self._painter, [Label(text, at, color)], axes.area)
