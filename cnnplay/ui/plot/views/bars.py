"""Outputs that are single numbers, as bars from a common zero: a dense layer, the logits."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.numerals import numeral
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.ticks import Tick, ticks

WIDEST = 28
"""The widest bar in design pixels, if there are more than FEW."""
FEW = 12
"""Up to this many bars share the whole width, each with its name."""

KEYS = KeyTable(
    "Bars",
    KeyRow(
        "Previous, next bar",
        {Qt.Key.Key_Left: lambda bars: bars.step(-1), Qt.Key.Key_Right: lambda bars: bars.step(1)},
    ),
    KeyRow(
        "Ten bars back, forward",
        {Qt.Key.Key_PageUp: lambda bars: bars.step(-10), Qt.Key.Key_PageDown: lambda bars: bars.step(10)},
    ),
)


class BarsView(QWidget):
    """N numbers as bars. With more numbers than pixels, each pixel column shows its lowest and highest."""

    read_out_changed = Signal(str)
    chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._values = np.zeros(0, np.float32)
        self._limits = (0.0, 1.0)
        self._names: tuple[str, ...] = ()
        self._at = -1
        self._hovering = False
        self._is_new = False
        self._read_out = ""
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    @property
    def read_out(self) -> str:
        return self._read_out

    def show_values(
        self, values: np.ndarray, limits: tuple[float, float], names: tuple[str, ...] = ()
    ) -> None:
        """Shows numbers between limits (extended to include zero); `names` are the names of the outputs."""
        self._values = np.asarray(values, np.float32).ravel()
        self._limits = (min(0.0, limits[0]), max(0.0, limits[1]))
        self._names = names if len(names) == len(self._values) else ()
        self._at = min(self._at, len(self._values) - 1)
        self._is_new = True
        self._update_read_out()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_new:
            self._is_new = False
            self.redraws += 1
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        plot = self._plot()
        zero = self._y(0.0, plot)
        if len(self._values):
            self._paint_bars(painter, plot)
        painter.setPen(QPen(theme().color("text_muted"), 1))
        painter.drawLine(plot.left(), round(zero), plot.right(), round(zero))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        half = painter.fontMetrics().height() // 2
        for tick in self._ticks(plot.height()):
            y = round(self._y(tick.at, plot))
            painter.drawText(QRect(0, y - half, plot.left() - theme().px(6), 2 * half), right, tick.text)
        self._paint_names(painter, plot)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRect) -> None:
        count, pitch = len(self._values), self._pitch(plot)
        shown, fill = np.nan_to_num(self._values), theme().color("accent")
        zero = self._y(0.0, plot)
        if pitch >= 2:
            between = pitch / 4 if count <= FEW else min(theme().px(2), pitch / 4)
            for number in range(count):
                left = plot.left() + number * pitch + between / 2
                _bar(painter, fill, left, pitch - between, zero, self._y(shown[number], plot))
        else:
            edges = np.linspace(0, count, plot.width() + 1).astype(int)
            for x in range(plot.width()):
                part = shown[edges[x] : max(edges[x] + 1, edges[x + 1])]
                top = self._y(max(0.0, float(part.max())), plot)
                _bar(painter, fill, plot.left() + x, 1, self._y(min(0.0, float(part.min())), plot), top)
        if 0 <= self._at < count:
            painter.setPen(QPen(theme().color("text"), 1))
            at = plot.left() + self._at * pitch
            painter.drawRect(QRect(round(at) - 2, plot.top(), max(4, round(pitch)), plot.height()))

    def _paint_names(self, painter: QPainter, plot: QRect) -> None:
        count, pitch = len(self._values), self._pitch(plot)
        if not count:
            return
        names = self._names or tuple(f"{number + 1:,}" for number in range(count))
        metrics = painter.fontMetrics()
        widest = max(metrics.horizontalAdvance(name) for name in names) + theme().px(6)
        every = max(1, -(-int(widest) // max(1, int(pitch)))) if pitch >= 1 else round(widest / pitch)
        if count <= FEW and every > 1:
            every, widest = 1, int(pitch)
            room = widest - theme().px(6)
            names = tuple(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room) for name in names)
        painter.setPen(theme().color("text_muted"))
        for number in range(0, count, every):
            middle = round(plot.left() + (number + 0.5) * pitch)
            where = QRect(middle - widest, plot.bottom() + theme().px(4), 2 * widest, metrics.height())
            painter.drawText(where, int(Qt.AlignmentFlag.AlignHCenter), names[number])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self._plot()
        number = int((event.position().x() - plot.left()) // max(1e-9, self._pitch(plot)))
        self._at, self._hovering = (number if 0 <= number < len(self._values) else -1), True
        self._update_read_out()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)
        if self._at >= 0:
            self.chosen.emit(self._at)

    def leaveEvent(self, event: QEvent) -> None:
        if self._hovering:
            self._at, self._hovering = -1, False
            self._update_read_out()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, step: int) -> bool:
        """Reads out the bar `step` further on. Returns whether there are bars."""
        if not len(self._values):
            return False
        self._at = min(max(0, self._at + step), len(self._values) - 1)
        self._hovering = False
        self._update_read_out()
        self.update()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(320), theme().px(160))

    def _plot(self) -> QRect:
        metrics = QFontMetrics(theme().font(small=True))
        top, bottom = theme().px(10), metrics.height() + theme().px(8)
        ticks = self._ticks(self.height() - top - bottom)
        # As wide as for usual numbers: they change while a network trains, and the bars would move.
        texts = ("−0.00", *(tick.text for tick in ticks))
        label = max(metrics.horizontalAdvance(text) for text in texts) + theme().px(8)
        return self.rect().adjusted(label, top, -theme().px(12), -bottom)

    def _ticks(self, height: int) -> list[Tick]:
        """Round numbers, including zero."""
        rows = height // (2 * QFontMetrics(theme().font(small=True)).height())
        return ticks(*self._limits, max(2, min(rows, 6)))

    def _pitch(self, plot: QRect) -> float:
        count = max(1, len(self._values))
        return plot.width() / count if count <= FEW else min(theme().px(WIDEST), plot.width() / count)

    def _y(self, value: float, plot: QRect) -> float:
        low, high = self._limits
        return plot.bottom() - (float(value) - low) / ((high - low) or 1.0) * plot.height()

    def _update_read_out(self) -> None:
        text = ""
        if 0 <= self._at < len(self._values):
            name = f" ({self._names[self._at]})" if self._names else ""
            text = f"output {self._at + 1:,}{name}: {numeral(float(self._values[self._at]))}"
        if text != self._read_out:
            self._read_out = text
            self.setAccessibleDescription(text)
            self.read_out_changed.emit(text)


def _bar(painter: QPainter, fill: QColor, x: float, width: float, zero: float, y: float) -> None:
    top = min(zero, y)
    painter.fillRect(QRectF(QPointF(x, top), QPointF(x + width, max(zero, y, top + 1))), fill)
