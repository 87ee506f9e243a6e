"""What the colours of tiles mean: the scale as a bar, with the numbers at its ends."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.viewmodels.numerals import short
from cnnplay.viewmodels.tiling import Scale
from cnnplay.widgets.images import to_qimage
from cnnplay.widgets.theme import theme

BAR = (96, 8)


class Legend(QWidget):
    """``−0.37 ▇▇▇▇ 0.37``. Without limits it says that each tile has its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: Scale = "magnitude"
        self._limits: tuple[float, float] | None = None
        self._bar: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("The colour scale: what the colours at its two ends stand for")
        self.setAccessibleName("Colour scale")
        theme().changed.connect(self._restyle)

    def show_scale(self, scale: Scale, limits: tuple[float, float] | None) -> None:
        """A colour scale from one number to another; None where every tile has limits of its own."""
        if (scale, limits) == (self._scale, self._limits):
            return
        if scale != self._scale:
            self._bar = None
        self._scale, self._limits = scale, limits
        self.setVisible(scale != "picture")
        self.setAccessibleDescription(" to ".join(self._ends()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        low, high = self._ends()
        width = metrics.horizontalAdvance(low) + metrics.horizontalAdvance(high) + theme().px(BAR[0] + 16)
        return QSize(width, max(metrics.height(), theme().px(BAR[1])))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bar is None and self._scale != "picture":
            self._bar = to_qimage(theme().table(self._scale)[None])
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        painter.setPen(theme().colour("text_muted"))
        low, high = self._ends()
        width, middle = painter.fontMetrics().horizontalAdvance(low), int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(0, 0, width + 1, self.height()), middle, low)
        bar_width, bar_height = theme().px(BAR[0]), theme().px(BAR[1])
        bar = QRect(width + theme().px(6), (self.height() - bar_height) // 2, bar_width, bar_height)
        if self._bar is not None:
            painter.drawImage(bar, self._bar)
        start = bar.right() + theme().px(7)
        painter.drawText(QRect(start, 0, self.width() - start, self.height()), middle, high)
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
