"""A pad to draw a digit on: white on black, brought to MNIST's form, judged while it is drawn."""

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.look.drawing import Drawing
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.prediction import PredictionBars

SIDE = 360
"""Of the pad, in pixels of the design."""
PREVIEW = 4 * 28
"""A whole number of screen pixels for each of the picture's."""
WORDS = (
    "As MNIST's digits were made: scaled into a box of 20 × 20, its centre of mass in the middle of 28 × 28. "
    "A network that learned from such digits expects them so."
)
AS_DRAWN = "The whole pad as it is, shrunk to 28 × 28."

KEYS = KeyTable(
    "Drawing",
    KeyRow(
        "Begin anew",
        {Qt.Key.Key_Delete: lambda pad: pad.begin_anew(), Qt.Key.Key_Backspace: lambda pad: pad.begin_anew()},
    ),
    KeyRow("Close the pad", {Qt.Key.Key_Escape: lambda pad: bool(pad.close())}),
)


class PadCanvas(QWidget):
    """Draws soft strokes with the left button (right: none). `drawn`: there is more ink."""

    drawn = Signal()

    def __init__(self, drawing: Drawing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._last: tuple[float, float] | None = None
        self.setFixedSize(theme().px(SIDE), theme().px(SIDE))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Drawing pad")
        self.setToolTip("Draw a digit with the left button; Delete clears the pad")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), to_qimage((self._drawing.ink * 255).astype("uint8")))
        if self._drawing.blank:
            painter.setPen(Qt.GlobalColor.gray)
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "draw a digit here")
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = self._position(event.position())
            self._stroke(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._stroke(self._position(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def _stroke(self, to: tuple[float, float]) -> None:
        assert self._last is not None
        self._drawing.stroke(self._last, to)
        self._last = to
        self.update()
        self.drawn.emit()

    def _position(self, point: QPointF) -> tuple[float, float]:
        return point.x() / self.width(), point.y() / self.height()


class DrawPad(QDialog):
    """The pad, what becomes of it, and what the network takes it for. The window stays usable."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Draw a digit")
        self.setModal(False)
        self._look = look
        self.drawing = Drawing()
        self.canvas = PadCanvas(self.drawing)
        self.preview = _Preview()
        self.centred = QCheckBox("Centre as MNIST")
        self.centred.setChecked(True)
        self.centred.setToolTip("Scale and centre the drawing in the way in which MNIST's digits were made")
        self.explanation = QLabel(WORDS)
        self.explanation.setWordWrap(True)
        role(self.explanation, "muted")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Back to black (Delete)")
        self.clear.setAutoDefault(False)
        self.bars = PredictionBars(5)
        self.origin = QLabel()
        self.origin.setWordWrap(True)
        role(self.origin, "muted")
        self._lay_out()
        self.canvas.drawn.connect(self._send)
        self.centred.toggled.connect(self._send)
        self.clear.clicked.connect(self.begin_anew)
        look.prediction_changed.connect(self._predicted)
        look.state_changed.connect(self._predicted)
        look.pictures.changed.connect(self._predicted)
        self._predicted()

    def _lay_out(self) -> None:
        px = theme().px
        side = QVBoxLayout()
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(px(8))
        side.addWidget(_heading("What the network gets"))
        side.addWidget(self.preview)
        side.addWidget(self.centred)
        side.addWidget(self.explanation)
        side.addSpacing(px(8))
        side.addWidget(_heading("What it takes it for"))
        side.addWidget(self.origin)
        side.addWidget(self.bars)
        side.addStretch(1)
        pad = QVBoxLayout()
        pad.setSpacing(px(8))
        pad.addWidget(self.canvas)
        pad.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)
        pad.addStretch(1)
        holder = QWidget()
        holder.setLayout(side)
        holder.setFixedWidth(px(260))
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(16), px(16), px(16))
        row.setSpacing(px(16))
        row.addLayout(pad)
        row.addWidget(holder)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self._look.want("prediction", self, True)

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type]
        self._look.want("prediction", self, False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def _send(self) -> None:
        self.explanation.setText(WORDS if self.centred.isChecked() else AS_DRAWN)
        pixels = self.drawing.picture(self.centred.isChecked())
        self.preview.show_pixels(pixels)
        if not self.drawing.blank:
            self._look.pictures.use_drawing(pixels)
            self._predicted()

    def begin_anew(self) -> None:
        """Takes all ink away."""
        self.drawing.clear()
        self.canvas.update()
        self.preview.show_pixels(None)
        self._predicted()

    def _predicted(self) -> None:
        picture = self._look.pictures.picture
        mine = picture is not None and picture.source == "drawn" and not self.drawing.blank
        prediction = self._look.prediction if mine else None
        self.bars.show_prediction(prediction)
        if self.drawing.blank:
            words = "nothing is drawn yet"
        elif not mine:
            words = "another picture was chosen: draw on to come back"
        else:
            words = self._look.words or ("" if prediction is not None else "looking …")
        self.origin.setText(words)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    role(label, "strong")
    return label


class _Preview(QWidget):
    """28 × 28 pixels, four screen pixels each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: object = None
        self.setFixedSize(QSize(PREVIEW, PREVIEW))
        self.setAccessibleName("The drawing as the network gets it")
        self.setToolTip("28 × 28 pixels: what is left of the drawing")

    def show_pixels(self, pixels: object) -> None:
        self._pixels = pixels
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._pixels is not None:
            painter.drawImage(self.rect(), to_qimage(self._pixels))  # type: ignore[arg-type]
        painter.end()
