"""The legend of tiles: the color scale as a bar, with the numbers at its ends."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.numerals import short
from cnnplay.ui.kit.tiling import Scale
from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.theme import theme

BAR = (96, 8)
"""Width (if there is room) and height in design pixels."""
LEAST_BAR = 32
GAP = 6
ROOM = "−0.000"
"""The text that sets the width of each number. The numbers themselves do not: they change all the time while
a network trains, and the panels around would move. A longer number takes its room from the bar."""


class Legend(QWidget):
    """``−0.37 ▇▇▇▇ 0.37``; ``lowest`` and ``highest`` if each tile has its own limits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: Scale = "magnitude"
        self._limits: tuple[float, float] | None = None
        self._bar: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setToolTip("Color scale, with the values at its two ends")
        self.setAccessibleName("Color scale")
        theme().changed.connect(self._restyle)

    def show_scale(self, scale: Scale, limits: tuple[float, float] | None) -> None:
        """Shows a color scale with its limits; None if every tile has its own."""
        self.setVisible(scale != "image")
        if (scale, limits) == (self._scale, self._limits):
            return
        if scale != self._scale:
            self._bar = None
        self._scale, self._limits = scale, limits
        self.setAccessibleDescription(" to ".join(self._ends()))
        self.update()

    def sizeHint(self) -> QSize:
        return self._size(BAR[0])

    def minimumSizeHint(self) -> QSize:
        return self._size(LEAST_BAR)

    def _size(self, bar: int) -> QSize:
        metrics, px = self._metrics(), theme().px
        width = 2 * metrics.horizontalAdvance(ROOM) + px(bar) + 2 * px(GAP)
        return QSize(width, max(metrics.height(), px(BAR[1])))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bar is None and self._scale != "image":
            self._bar = to_qimage(theme().table(self._scale)[None])
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        painter.setPen(theme().color("text_muted"))
        advance, gap = painter.fontMetrics().horizontalAdvance, theme().px(GAP)
        low, high = self._ends()
        left, right = advance(low), advance(high)
        length = min(self.width() - left - right - 2 * gap, theme().px(BAR[0]))
        middle, height = int(Qt.AlignmentFlag.AlignVCenter), self.height()
        painter.drawText(QRect(0, 0, left + 1, height), middle, low)
        thick = theme().px(BAR[1])
        if self._bar is not None:
            painter.drawImage(QRect(left + gap, (height - thick) // 2, max(length, 0), thick), self._bar)
        painter.drawText(QRect(left + 2 * gap + max(length, 0), 0, right + 1, height), middle, high)
        painter.end()

    def _ends(self) -> tuple[str, str]:
        return (
            ("lowest", "highest")
            if self._limits is None
            else (short(self._limits[0]), short(self._limits[1]))
        )

    def _metrics(self) -> QFontMetrics:
        self.setFont(theme().font(small=True))
        return self.fontMetrics()

    def _restyle(self) -> None:
        self._bar = None
        self.updateGeometry()
        self.update()
