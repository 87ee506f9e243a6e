"""The plot of loss over learning rate, with the suggested and the chosen learning rate."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.curve import Curve
from cnnplay.ui.plot.ticks import log_ticks, ticks
from cnnplay.ui.plot.views.labels import Label, paint_labels
from cnnplay.ui.train.rate_finder import RateFinder
from cnnplay.ui.train.schedule import rate_text

RAW = 90
"""Opacity (of 255) of the losses of single batches."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}
EMPTY = "The plot of loss over learning rate appears after the first batch."


class RatePlot(QWidget):
    """Loss over learning rate, on a logarithmic x axis. A click or the arrow keys choose a learning rate;
    Home returns to the suggested one.
    """

    def __init__(self, model: RateFinder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.redraws = 0
        self._hover: float | None = None
        self._pressed = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Loss over learning rate")
        self.setToolTip(
            "The learning rate grows from batch to batch. Where it is too small, the loss stays flat; then "
            "it falls; where steps overshoot, it shoots up.\nA good learning rate is where the loss falls "
            "most steeply. Click, or use the arrow keys, to choose another."
        )
        model.changed.connect(self.refresh)
        theme().changed.connect(self._restyle)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(320), theme().px(160))

    def sizeHint(self) -> QSize:
        return QSize(theme().px(640), theme().px(300))

    @Slot()
    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

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

    def paintEvent(self, event: QPaintEvent) -> None:
        self.redraws += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        painter.setPen(QPen(theme().color("accent" if self.hasFocus() else "line"), 1))
        painter.setBrush(theme().color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _Painting(self, self._model).paint(painter, self._hover)
        painter.end()


class _Painting:
    """Paints one state of the plot."""

    def __init__(self, widget: QWidget, model: RateFinder) -> None:
        self._model, self._drawing = model, model.drawing()
        px, metrics, room = theme().px, widget.fontMetrics(), QRectF(widget.rect())
        self._height, self._room = metrics.height(), room
        drawing = self._drawing
        self._losses = ticks(drawing.bottom, drawing.top, 5) if len(drawing.losses) else []
        left = max((metrics.horizontalAdvance(tick.text) for tick in self._losses), default=0) + px(14)
        top, below = self._height + px(10), self._height + px(8)
        self._area = QRectF(left, top, room.width() - left - px(14), room.height() - below - top)
        self._rates = log_ticks(drawing.left, drawing.right, max(int(self._area.width() / px(64)), 2))

    def rate_at(self, x: float) -> float:
        """The learning rate at x, in pixels of the widget."""
        return self._drawing.rate_at((x - self._area.left()) / max(self._area.width(), 1.0))

    def paint(self, painter: QPainter, hover: float | None) -> None:
        """Paints everything; at `hover`, the column under the mouse, the learning rate and the loss there."""
        self._paint_axes(painter)
        drawing = self._drawing
        if not len(drawing.losses):
            painter.setPen(theme().color("text_muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self._area, flags, EMPTY)
            return
        painter.save()
        painter.setClipRect(self._area)
        color = theme().color("training_curve")
        pale = QColor(color)
        pale.setAlpha(RAW)
        for curve, pen in ((drawing.losses, QPen(pale, 1)), (drawing.smoothed, QPen(color, 2))):
            painter.setPen(pen)
            painter.drawPolyline(self._points(curve))
        painter.restore()
        self._paint_marks(painter, hover)

    def _paint_axes(self, painter: QPainter) -> None:
        area, room, height = self._area, self._room, self._height
        line, muted = QPen(theme().color("line"), 1), theme().color("text_muted")
        for tick in self._losses:
            y = round(self._y(tick.at)) + 0.5
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(muted)
            place = QRectF(0, y - height / 2, area.left() - theme().px(6), height)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, tick.text)
        drawing = self._drawing
        for tick in self._rates:
            x = area.left() + (tick.at - drawing.left) / (drawing.right - drawing.left) * area.width()
            painter.setPen(line)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + theme().px(4)))
            painter.setPen(muted)
            width = painter.fontMetrics().horizontalAdvance(tick.text) + 2
            left = min(max(x - width / 2, 0), room.width() - width)
            place = QRectF(left, room.height() - height - 2, width, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, tick.text)
        painter.setPen(QPen(theme().color("text_muted"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())

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
        if hover is not None and self._area.left() <= hover <= self._area.right():
            rate = self.rate_at(hover)
            self._line(painter, rate, QPen(muted, 1))
            self._dot(painter, rate, muted, labeled=True)

    def _paint_labels(self, painter: QPainter, heads: list[tuple[float, str, QColor]]) -> None:
        """Labels above the plot, each over its line; if both do not fit, only that of the chosen one."""
        taken: list[QRectF] = []
        for rate, text, color in reversed(heads):
            part = self._drawing.part_of(rate)
            if not 0 <= part <= 1:
                continue
            width = painter.fontMetrics().horizontalAdvance(text) + 4
            x = self._area.left() + part * self._area.width() - width / 2
            x = min(max(x, 0.0), self._room.width() - width)
            place = QRectF(x, theme().px(4), width, self._height)
            if any(place.intersects(other) for other in taken):
                continue
            taken.append(place)
            painter.setPen(color)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_current(self, painter: QPainter, color: QColor) -> None:
        """Labels the line of the current learning rate at its foot, where the curve rarely is."""
        part, area = self._drawing.part_of(self._model.current), self._area
        if not 0 <= part <= 1:
            return
        text = f"now {rate_text(self._model.current)}"
        width = painter.fontMetrics().horizontalAdvance(text) + 4
        line = area.left() + part * area.width()
        x = line - width - 2 if line - width - 2 >= area.left() else line + 4
        painter.setPen(color)
        place = QRectF(x, area.bottom() - self._height - 2, width, self._height)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _line(self, painter: QPainter, rate: float, pen: QPen) -> None:
        part = self._drawing.part_of(rate)
        if 0 <= part <= 1:
            x = self._area.left() + part * self._area.width()
            painter.setPen(pen)
            painter.drawLine(QPointF(x, self._area.top()), QPointF(x, self._area.bottom()))

    def _dot(self, painter: QPainter, rate: float, color: QColor, labeled: bool = False) -> None:
        """A dot on the smoothed curve, optionally labeled with the learning rate and the loss."""
        loss, area = self._drawing.loss_at(rate), self._area
        x = area.left() + self._drawing.part_of(rate) * area.width()
        text = rate_text(rate)
        at = QPointF(x, area.center().y())
        if loss is not None:
            at.setY(min(max(self._y(loss), area.top()), area.bottom()))
            painter.setPen(QPen(theme().color("surface"), 1))
            painter.setBrush(color)
            painter.drawEllipse(at, 4.0, 4.0)
            text = f"{text}: loss {loss:.3g}"
        if labeled:
            paint_labels(painter, [Label(text, at, theme().color("text"))], area)

    def _y(self, loss: float) -> float:
        drawing, area = self._drawing, self._area
        return area.bottom() - (loss - drawing.bottom) / (drawing.top - drawing.bottom) * area.height()

    def _points(self, curve: Curve) -> list[QPointF]:
        drawing, area = self._drawing, self._area
        across = area.width() / (drawing.right - drawing.left)
        return [
            # A loss of 10^30 is far above the plot, and Qt coordinates are limited.
            QPointF(area.left() + (x - drawing.left) * across, max(self._y(y), -10_000.0))
            for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
        ]
