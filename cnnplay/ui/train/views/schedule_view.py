"""A small plot of the learning rate over the run: past, future, and the current value."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.ticks import ticks
from cnnplay.ui.plot.views.labels import Label, paint_labels
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.schedule import ScheduleDrawing, ScheduleModel

REDRAW_MS = 500
HEADROOM = 1.08
"""The axis extends above the highest value, so that its line is not cut."""
AHEAD = 110
"""Opacity (of 255) of future values."""
NO_PLAN = "Fix the settings to see the learning rate over the whole run here."


class ScheduleView(QWidget):
    """Learning rate over epochs. Painted when something changes, at most twice a second during a run, and not
    while hidden."""

    def __init__(self, model: ScheduleModel, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._run = model, run
        self.redraws = 0
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Learning rate over the run")
        self.setToolTip(
            "The learning rate over the epochs of the current run, or of the next one.\n"
            "During a run, future values are lighter; dotted lines mark changed settings."
        )
        self._timer = QTimer(self, interval=REDRAW_MS, singleShot=True, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.refresh)
        model.changed.connect(self.refresh)
        run.recorder.changed.connect(self._history_changed)
        theme().changed.connect(self._restyle)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(120), theme().px(52))

    def sizeHint(self) -> QSize:
        return QSize(theme().px(240), theme().px(64))

    @Slot()
    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    @Slot()
    def _history_changed(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

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

    def paintEvent(self, event: QPaintEvent) -> None:
        self.redraws += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        drawing = self._model.drawing(max(self.width(), 2))
        if drawing is None:
            painter.setPen(theme().color("text_muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, NO_PLAN)
        else:
            _Painting(painter, drawing, QRectF(self.rect())).paint(self._hover)
        painter.end()


class _Painting:
    """Paints one drawing in a rectangle."""

    def __init__(self, painter: QPainter, drawing: ScheduleDrawing, room: QRectF) -> None:
        self._painter, self._drawing, self._room = painter, drawing, room
        px, metrics = theme().px, painter.fontMetrics()
        self._height = metrics.height()
        below = self._height + px(3)
        self._top = HEADROOM * drawing.top
        rows = max(int((room.height() - below) / (1.6 * self._height)), 2)
        self._rates = ticks(0.0, self._top, min(rows, 5))
        left = max((metrics.horizontalAdvance(tick.text) for tick in self._rates), default=0) + px(6)
        self._area = QRectF(left, px(2), max(room.width() - left - px(8), 8), room.height() - below - px(2))

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
            painter.drawPolyline(self._points(curve))
        painter.setPen(QPen(theme().color("text_muted"), 1, Qt.PenStyle.DotLine))
        for x in drawing.changes:
            across = self._at(x, 0.0).x()
            painter.drawLine(QPointF(across, self._area.top()), QPointF(across, self._area.bottom()))
        self._paint_point(hover)

    def _paint_axes(self) -> None:
        painter, area, room = self._painter, self._area, self._room
        muted, height = theme().color("text_muted"), self._height
        for tick in self._rates:
            y = round(self._at(self._drawing.left, tick.at).y()) + 0.5
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(muted)
            top = min(max(y - height / 2, 0.0), room.height() - height)
            place = QRectF(0, top, area.left() - theme().px(6), height)
            text = tick.text if tick.at else "0"
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        unit = " epochs"
        last = painter.fontMetrics().horizontalAdvance(unit)
        epochs = ticks(self._drawing.left, self._drawing.right, max(int(area.width() / theme().px(56)), 2), 1)
        painter.setPen(muted)
        for number, tick in enumerate(epochs):
            text = tick.text + (unit if number == len(epochs) - 1 else "")
            width = painter.fontMetrics().horizontalAdvance(text) + 2
            x = self._at(tick.at, 0.0).x() - (width - (last if text.endswith(unit) else 0)) / 2
            x = min(x, room.width() - width)
            place = QRectF(x, room.height() - height, width, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_averaging(self) -> None:
        """A band at the bottom where weights are averaged, in the color of their curve."""
        start = self._drawing.averaged_from
        if start is None:
            return
        left, right = self._at(start, 0.0), self._at(self._drawing.right, 0.0)
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
        painter, drawing, area = self._painter, self._drawing, self._area
        if hover is not None:
            part = (hover - area.left()) / max(area.width(), 1.0)
            x, rate, text = drawing.at(drawing.left + part * (drawing.right - drawing.left))
        elif drawing.now is not None:
            (x, rate), text = drawing.now, drawing.text
        else:
            return
        at, color = self._at(x, rate), theme().color("training_curve")
        painter.setPen(QPen(theme().color("surface"), 1))
        painter.setBrush(color)
        painter.drawEllipse(at, 4.0, 4.0)
        paint_labels(painter, [Label(text, at, color)], area)

    def _at(self, x: float, rate: float) -> QPointF:
        drawing, area = self._drawing, self._area
        across = (x - drawing.left) / max(drawing.right - drawing.left, 1e-9)
        return QPointF(area.left() + across * area.width(), area.bottom() - rate / self._top * area.height())

    def _points(self, curve: Curve) -> list[QPointF]:
        return [self._at(x, y) for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]
