"""The picture that is looked at, others to choose from, and where more come from."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cnnplay.ui.kit.numerals import numeral, span
from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import as_bytes
from cnnplay.ui.look.views.draw_pad import DrawPad
from cnnplay.ui.look.views.thumbnails import Thumbnails

LARGE = 72
PICTURES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.pgm *.ppm);;All files (*)"


class PictureView(QWidget):
    """The chosen picture, as it is or as the network sees it; `read_out` names the value under the mouse."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.as_seen = False
        self.say: Callable[[str], None] = lambda _: None
        self.setMouseTracking(True)
        self.setAccessibleName("The picture that is looked at")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(LARGE), theme().px(LARGE))

    def pixels(self) -> np.ndarray | None:
        """H × W × C bytes of what is shown, or None."""
        seen, picture = self._look.input, self._look.pictures.picture
        if self.as_seen and seen is not None:
            return as_bytes(seen)
        return picture.pixels if picture is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pixels, picture = self.pixels(), self._look.pictures.picture
        painter.fillRect(self.rect(), theme().color("surface_sunken"))
        if pixels is not None and picture is not None:
            image = to_qimage(pixels)
            large = max(image.width(), image.height()) > self.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, large)
            painter.drawImage(self._area(image.width(), image.height()), image)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pixels = self.pixels()
        if pixels is None:
            return
        height, width = pixels.shape[:2]
        area = self._area(width, height)
        column = int((event.position().x() - area.x()) / area.width() * width)
        row = int((event.position().y() - area.y()) / area.height() * height)
        if not (0 <= row < height and 0 <= column < width):
            self.say("")
            return
        if self.as_seen and self._look.input is not None:
            values = ", ".join(numeral(float(value)) for value in self._look.input[:, row, column])
        else:
            values = ", ".join(str(int(value)) for value in pixels[row, column])
        self.say(f"row {row + 1}, column {column + 1}: {values}")

    def leaveEvent(self, event: QEvent) -> None:
        self.say("")

    def _area(self, width: int, height: int) -> QRectF:
        scale = min(self.width() / width, self.height() / height)
        return QRectF(
            (self.width() - width * scale) / 2,
            (self.height() - height * scale) / 2,
            width * scale,
            height * scale,
        )


class PictureBar(QFrame):
    """The chosen picture with its words, the samples, and Draw, Open…, Random, Most wrong."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self.setAccessibleName("Picture")
        self._look = look
        self.ask_path: Callable[[], str] = self._ask_path
        self.pad: DrawPad | None = None
        self.picture = PictureView(look)
        self.picture.say = self._say
        self.caption, self.words = ElidedLabel(), ElidedLabel()
        role(self.caption, "strong")
        role(self.words, "muted")
        self.as_seen = QCheckBox("as the network sees it")
        self.as_seen.setToolTip(
            "Show the picture after preprocessing: brought to the network's size and channels, and "
            "normalised. Off: the picture as it is"
        )
        self.as_seen.setAccessibleName("Show the picture as the network sees it")
        self.as_seen.toggled.connect(self._switch)
        self.inverted = QCheckBox("inverted")
        self.inverted.setToolTip(
            "Turns dark and light round: digits to learn from are white on black, those on paper are not"
        )
        self.inverted.setAccessibleName("Invert the picture")
        self.inverted.toggled.connect(look.pictures.set_inverted)
        self.inverted.hide()
        self.samples = Thumbnails("Samples", look, least=46, most=56)
        self.error = QLabel()
        self.error.setWordWrap(True)
        role(self.error, "fault")
        self.error.hide()
        self.draw = self._button(
            "Draw", "Draw a digit with the mouse, and watch what the network takes it for"
        )
        self.open = self._button(
            "Open…", "Look at a picture file. Dropping a file on the window does the same"
        )
        self.random = self._button("Random", "Other random pictures of the validation part")
        self.worst = self._button("Most wrong", "")
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(theme().px(2))
        words.addStretch(1)
        for widget in (self.caption, self.words, self.as_seen, self.inverted):
            words.addWidget(widget)
        words.addStretch(1)
        self._words_holder = QWidget()
        self._words_holder.setLayout(words)
        words.setContentsMargins(0, 0, 0, 0)
        buttons = QGridLayout()
        buttons.setSpacing(theme().px(8))
        for number, button in enumerate((self.draw, self.open, self.random, self.worst)):
            buttons.addWidget(button, number // 2, number % 2)
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        row.addWidget(self.picture)
        row.addWidget(self._words_holder)
        row.addWidget(self.samples, 1)
        row.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 8, 12, 8)
        outer.addLayout(row)
        outer.addWidget(self.error)
        self._restyle()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _restyle(self) -> None:
        self._words_holder.setFixedWidth(theme().px(180))
        self.samples.setFixedHeight(theme().px(88))

    def _connect(self) -> None:
        look = self._look
        theme().changed.connect(self._restyle)
        self.draw.clicked.connect(self.open_pad)
        self.open.clicked.connect(self._open)
        self.random.clicked.connect(look.pictures.draw_samples)
        self.worst.clicked.connect(look.show_worst)
        look.pictures.changed.connect(self._picture_changed)
        look.pictures.samples_changed.connect(self.refresh)
        look.pictures.failed.connect(self._failed)
        look.judge.changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        look.run.state_changed.connect(self.refresh)
        look.data.changed.connect(self.refresh)
        look.prediction_changed.connect(self.picture.update)

    def refresh(self) -> None:
        """Shows what the model holds now."""
        look = self._look
        picture = look.pictures.picture
        self.caption.setText(picture.caption if picture is not None else "no picture")
        self._say("")
        reason = look.why_no_worst()
        self.worst.setEnabled(not reason)
        hint = "The validation pictures that the network is surest about, and wrong"
        self.worst.setToolTip(f"{hint}: {reason}" if reason else hint)
        empty = look.data.images is None
        self.random.setEnabled(not empty)
        if empty:
            self.random.setToolTip("Random pictures come from the data set: choose one first")
        self._show_samples()
        self.picture.update()

    def open_pad(self) -> None:
        """Opens the pad to draw on; once open it stays until it is closed."""
        if self.pad is None:
            self.pad = DrawPad(self._look, self.window())
        self.pad.show()
        self.pad.raise_()
        self.pad.canvas.setFocus()

    def _show_samples(self) -> None:
        pictures, images = self._look.pictures, self._look.data.images
        if images is None:
            self.samples.show_pictures((), ())
            return
        truths = {index: images.classes[int(images.labels[index])] for index in pictures.samples}
        captions, accents = [truths[index] for index in pictures.samples], []
        verdict = self._look.judge.judged
        if pictures.sample_kind == "wrong" and verdict is not None:
            taken = {mistake.picture: mistake.predicted for mistake in verdict.mistakes()}
            accents = [verdict.name(taken[i]) if i in taken else "" for i in pictures.samples]
            captions = [
                f"{a} for {truths[i]}" if a else truths[i]
                for i, a in zip(pictures.samples, accents, strict=True)
            ]
        self.samples.show_pictures(pictures.samples, captions, accents)

    def _picture_changed(self) -> None:
        self.error.hide()
        picture = self._look.pictures.picture
        self.inverted.setVisible(picture is not None and picture.source == "file")
        self.inverted.setChecked(picture is not None and picture.inverted)
        self.refresh()

    def _failed(self, message: str) -> None:
        self.error.setText(message)
        self.error.show()

    def _switch(self, on: bool) -> None:
        self.picture.as_seen = on
        self.picture.update()
        self._say("")

    def _say(self, text: str) -> None:
        """The words under the caption: the value under the mouse, else the size or the range."""
        picture, seen = self._look.pictures.picture, self._look.input
        if not text and picture is not None:
            text = picture.words
            if self.as_seen.isChecked() and seen is not None:
                shape = " × ".join(str(size) for size in seen.shape)
                text = f"{shape} · {span(float(seen.min()), float(seen.max()))}"
        self.words.setText(text)

    def _open(self) -> None:
        path = self.ask_path()
        if path:
            self._look.open_file(path)

    def _ask_path(self) -> str:
        return QFileDialog.getOpenFileName(self, "Open a picture", "", PICTURES)[0]

    def _button(self, text: str, hint: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(hint)
        button.setAccessibleName(text)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        return button
