"""A pad to draw a digit on: white on black, brought to MNIST's form, classified while it is drawn."""

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.dialog_title import fit_title
from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.look.drawing import Drawing
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.prediction import PredictionBars

SIDE = 360
"""Of the pad, in design pixels (scaled with the text)."""
PREVIEW = 4 * 28
"""A whole number of screen pixels per pixel of the image."""
AS_MNIST = (
    "As MNIST's digits were made: scaled to a box of 20 × 20, and centered in 28 × 28 by center of mass. "
    "A network trained on such digits expects this form."
)
AS_DRAWN = "The whole pad as it is, shrunk to 28 × 28."

KEYS = KeyTable(
    "Drawing",
    KeyRow(
        "Clear the pad",
        {Qt.Key.Key_Delete: lambda pad: pad.clear_pad(), Qt.Key.Key_Backspace: lambda pad: pad.clear_pad()},
    ),
    KeyRow("Close the pad", {Qt.Key.Key_Escape: lambda pad: bool(pad.close())}),
)


class PadCanvas(QWidget):
    """Draws soft strokes with the left button. `drawn`: there is more ink."""

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
    """The pad, the network's input, and the prediction. The window stays usable."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Draw a digit")
        fit_title(self)
        self.setModal(False)
        self._look = look
        self.drawing = Drawing()
        self.canvas = PadCanvas(self.drawing)
        self.preview = _Preview()
        self.centered = QCheckBox("Center like MNIST")
        self.centered.setChecked(True)
        self.centered.setToolTip("Scale and center the drawing as MNIST's digits were")
        self.inverted = QCheckBox("Inverted")
        self.inverted.setToolTip(
            "Black on white instead of white on black, for networks trained on such images"
        )
        self.explanation = wrapped(AS_MNIST)
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Clear the pad (Delete)")
        self.clear.setAutoDefault(False)
        self.bars = PredictionBars(5)
        self.origin = wrapped()
        self._lay_out()
        self.canvas.drawn.connect(self._send)
        self.centered.toggled.connect(self._send)
        self.inverted.toggled.connect(self._send)
        self.clear.clicked.connect(self.clear_pad)
        look.prediction_changed.connect(self._predicted)
        look.state_changed.connect(self._predicted)
        look.image_choice.changed.connect(self._predicted)
        self._predicted()

    def _lay_out(self) -> None:
        px = theme().px
        side = QVBoxLayout()
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(px(8))
        side.addWidget(_heading("Network input"))
        side.addWidget(self.preview)
        side.addWidget(self.centered)
        side.addWidget(self.explanation)
        side.addSpacing(px(8))
        side.addWidget(_heading("Prediction"))
        side.addWidget(self.origin)
        side.addWidget(self.bars)
        side.addStretch(1)
        pad = vbox(self.canvas, hbox(self.clear, self.inverted, None, spacing=12), None, spacing=8)
        holder = QWidget()
        holder.setLayout(side)
        holder.setFixedWidth(px(260))
        hbox(pad, holder, spacing=16, into=self).setContentsMargins(px(16), px(16), px(16), px(16))

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
        pixels = self.drawing.image(self.centered.isChecked())
        if self.inverted.isChecked():
            pixels = 255 - pixels
        self.preview.show_pixels(pixels)
        if not self.drawing.blank:
            self._look.image_choice.use_drawing(pixels)
        self._predicted()

    def clear_pad(self) -> None:
        """Clears the drawing."""
        self.drawing.clear()
        self.canvas.update()
        self.preview.show_pixels(None)
        self._predicted()

    def _predicted(self) -> None:
        image = self._look.image_choice.image
        mine = image is not None and image.source == "drawn" and not self.drawing.blank
        prediction = self._look.prediction if mine else None
        self.bars.show_prediction(prediction)
        if self.drawing.blank:
            text = "nothing drawn yet"
        elif not mine:
            text = "another image was chosen: continue drawing to return"
        else:
            text = self._look.text or ("" if prediction is not None else "computing …")
        self.origin.setText(text)
        hint = self._look.image_hint if mine else ""
        self.explanation.setText(hint or (AS_MNIST if self.centered.isChecked() else AS_DRAWN))


def _heading(text: str) -> QLabel:
    return role(QLabel(text), "strong")


class _Preview(QWidget):
    """28 × 28 pixels, four screen pixels each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: object = None
        self.setFixedSize(QSize(PREVIEW, PREVIEW))
        self.setAccessibleName("The drawing as the network's input")
        self.setToolTip("The drawing at 28 × 28 pixels, as the network gets it")

    def show_pixels(self, pixels: object) -> None:
        self._pixels = pixels
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._pixels is not None:
            painter.drawImage(self.rect(), to_qimage(self._pixels))  # type: ignore[arg-type]
        painter.end()
