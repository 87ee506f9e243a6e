"""The plot of loss over learning rate, with the suggested and the chosen learning rate."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.ticks import log_ticks, ticks
from cnnplay.ui.plot.views.axes import Axes
from cnnplay.ui.plot.views.labels import Label, paint_dot, paint_labels
from cnnplay.ui.plot.views.painted import PaintedPlot
from cnnplay.ui.train.rate_finder import RateFinder
from cnnplay.ui.train.schedule import rate_text

RAW = 90
"""Opacity (of 255) of the losses of single batches."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}
HINT = (
    "The learning rate grows from batch to batch. Where it is too small, the loss stays flat; then it falls; "
    "where steps overshoot, it shoots up.\nA good learning rate is where the loss falls most steeply. Click, "
    "or use the arrow keys, to choose another."
)
EMPTY = "The plot of loss over learning rate appears after the first batch."


class RatePlot(PaintedPlot):
    """Loss over learning rate, on a logarithmic x axis. A click or the arrow keys choose a learning rate;
    Home returns to the suggested one.
    """

    SIZE = (640, 300)

    def __init__(self, model: RateFinder, parent: QWidget | None = None) -> None:
        super().__init__("Loss over learning rate", HINT, parent)
        self._model = model
        self._hover: float | None = None
        self._pressed = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        text = [self._model.text]
        if self._model.chosen is not None:
            text.append(f"Chosen: {rate_text(self._model.chosen)}.")
        self.setAccessibleDescription(" ".join(text))
        self.update()

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        if self._pressed:
            self._choose_at(self._hover)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = True
            self._choose_at(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        suggested = self._model.suggested
        if event.key() in STEPS:
            self._model.step(STEPS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Home and suggested is not None:
            self._model.choose(suggested)
        else:
            super().keyPressEvent(event)

    def _choose_at(self, x: float) -> None:
        self._model.choose(_Painting(self, self._model).rate_at(x))

    def paint(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme().color("accent" if self.hasFocus() else "line"), 1))
        painter.setBrush(theme().color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painting = _Painting(self, self._model)
        painting.paint_axes(painter)
        if painting.empty:
            self.paint_text(painter, EMPTY, painting.axes.area)
        else:
            painting.paint(painter, self._hover)


class _Painting:
    """Paints one state of the plot."""

    def __init__(self, widget: QWidget, model: RateFinder) -> None:
        self._model, self._drawing = model, model.drawing()
        px, metrics, room = theme().px, widget.fontMetrics(), QRectF(widget.rect())
        self._height, self._room = metrics.height(), room
        drawing = self._drawing
        self.empty = not len(drawing.losses)
        self._losses = [] if self.empty else ticks(drawing.bottom, drawing.top, 5)
        left = max((metrics.horizontalAdvance(tick.text) for tick in self._losses), default=0) + px(14)
        top, below = self._height + px(10), self._height + px(8)
        area = QRectF(left, top, room.width() - left - px(14), room.height() - below - top)
        self.axes = Axes(area, drawing.left, drawing.right, drawing.bottom, drawing.top)

    def rate_at(self, x: float) -> float:
        """The learning rate at x, in pixels of the widget."""
        return self._drawing.rate_at(self.axes.x_at(x))

    def paint_axes(self, painter: QPainter) -> None:
        axes, room = self.axes, self._room
        bottom, px = axes.area.bottom(), theme().px
        axes.paint_y(painter, self._losses, room.height())
        rates = log_ticks(axes.left, axes.right, max(int(axes.area.width() / px(64)), 2))
        painter.setPen(QPen(theme().color("line"), 1))
        for tick in rates:
            x = axes.pixel(tick.at, 0.0).x()
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + px(4)))
        middle = room.height() - 2 - self._height / 2
        axes.paint_x(painter, rates, middle - painter.fontMetrics().height() / 2, room.width())
        painter.setPen(QPen(theme().color("text_muted"), 1))
        painter.drawLine(axes.area.bottomLeft(), axes.area.bottomRight())

    def paint(self, painter: QPainter, hover: float | None) -> None:
        """Paints the curves and marks; at `hover`, the column under the mouse, the learning rate and the loss
        there."""
        painter.save()
        painter.setClipRect(self.axes.area)
        color = theme().color("training_curve")
        pale = QColor(color)
        pale.setAlpha(RAW)
        for curve, pen in ((self._drawing.losses, QPen(pale, 1)), (self._drawing.smoothed, QPen(color, 2))):
            painter.setPen(pen)
            painter.drawPolyline(self.axes.points(curve))
        painter.restore()
        self._paint_marks(painter, hover)

    def _paint_marks(self, painter: QPainter, hover: float | None) -> None:
        """Vertical lines at the suggested, the current and the chosen learning rate, and under the mouse."""
        model, muted = self._model, theme().color("text_muted")
        accent, good = theme().color("accent"), theme().color("good")
        suggested, chosen = model.suggested, model.chosen
        heads = []
        if suggested is not None:
            self._line(painter, suggested, QPen(good, 1.4, Qt.PenStyle.DashLine))
            heads.append((suggested, f"steepest {rate_text(suggested)}", good))
        self._line(painter, model.current, QPen(muted, 1, Qt.PenStyle.DotLine))
        self._paint_current(painter, muted)
        if chosen is not None and chosen != suggested:
            self._line(painter, chosen, QPen(accent, 1.4))
            heads.append((chosen, rate_text(chosen), accent))
        self._paint_labels(painter, heads)
        if chosen is not None:
            self._dot(painter, chosen, good if chosen == suggested else accent)
        area = self.axes.area
        if hover is not None and area.left() <= hover <= area.right():
            rate = self.rate_at(hover)
            self._line(painter, rate, QPen(muted, 1))
            self._dot(painter, rate, muted, labeled=True)

    def _paint_labels(self, painter: QPainter, heads: list[tuple[float, str, QColor]]) -> None:
        """Labels above the plot, each over its line; if both do not fit, only that of the chosen one."""
        taken: list[QRectF] = []
        for rate, text, color in reversed(heads):
            place = self._drawing.place_of(rate)
            if place is None:
                continue
            width = painter.fontMetrics().horizontalAdvance(text) + 4
            x = self.axes.pixel(place, 0.0).x() - width / 2
            x = min(max(x, 0.0), self._room.width() - width)
            box = QRectF(x, theme().px(4), width, self._height)
            if any(box.intersects(other) for other in taken):
                continue
            taken.append(box)
            painter.setPen(color)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_current(self, painter: QPainter, color: QColor) -> None:
        """Labels the line of the current learning rate at its foot, where the curve rarely is."""
        place, area = self._drawing.place_of(self._model.current), self.axes.area
        if place is None:
            return
        text = f"now {rate_text(self._model.current)}"
        width = painter.fontMetrics().horizontalAdvance(text) + 4
        line = self.axes.pixel(place, 0.0).x()
        x = line - width - 2 if line - width - 2 >= area.left() else line + 4
        painter.setPen(color)
        box = QRectF(x, area.bottom() - self._height - 2, width, self._height)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _line(self, painter: QPainter, rate: float, pen: QPen) -> None:
        place = self._drawing.place_of(rate)
        if place is not None:
            painter.setPen(pen)
            painter.drawLine(self.axes.vertical(place))

    def _dot(self, painter: QPainter, rate: float, color: QColor, labeled: bool = False) -> None:
        """A dot on the smoothed curve, optionally labeled with the learning rate and the loss."""
        loss, axes, text = self._drawing.loss_at(rate), self.axes, rate_text(rate)
        shown = (axes.bottom + axes.top) / 2 if loss is None else min(max(loss, axes.bottom), axes.top)
        at = axes.pixel(math.log10(rate), shown)
        if loss is not None:
            paint_dot(painter, at, color)
            text = f"{text}: loss {loss:.3g}"
        if labeled:
            paint_labels(painter, [Label(text, at, theme().color("text"))], axes.area)
