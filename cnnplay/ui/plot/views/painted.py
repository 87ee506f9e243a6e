"""A plot that is painted in one go, without pyqtgraph, which takes long to import."""

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip


class PaintedPlot(QWidget):
    """Fills the room that there is. A subclass defines `paint`."""

    SIZE = LEAST = (320, 160)
    """The preferred and the least size, in design pixels."""

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self.setAccessibleName(name)
        self.setToolTip(tip(hint))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self._restyle)

    def paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def paint_text(self, painter: QPainter, text: str, area: QRectF | None = None) -> None:
        """A text in the middle, where there is nothing else to show."""
        painter.setPen(theme().color("text_muted"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(self.rect()) if area is None else area, flags, text)

    def sizeHint(self) -> QSize:
        return QSize(*map(theme().px, self.SIZE))

    def minimumSizeHint(self) -> QSize:
        return QSize(*map(theme().px, self.LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        self.redraws += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(small=True))
        self.paint(painter)
        painter.end()

    @Slot()
    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
