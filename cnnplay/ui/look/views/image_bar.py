"""The chosen image, samples to choose from, and buttons for other images."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from cnnplay.ui.kit.numerals import numeral, span
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import ElidedLabel, wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import as_bytes
from cnnplay.ui.look.views.draw_pad import DrawPad
from cnnplay.ui.look.views.thumbnails import Caption, Thumbnails, mistake_caption

LARGE = 72
IMAGE_FILES = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.pgm *.ppm);;All files (*)"


class ImageView(QWidget):
    """The chosen image, as it is or as network input. `show_value` gets the value under the mouse."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.as_input = False
        self.show_value: Callable[[str], None] = lambda _: None
        self.setMouseTracking(True)
        self.setAccessibleName("The chosen image")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(LARGE), theme().px(LARGE))

    def pixels(self) -> np.ndarray | None:
        """The shown image, H × W × C bytes, or None."""
        seen, image = self._look.input, self._look.image_choice.image
        if self.as_input and seen is not None:
            return as_bytes(seen)
        return image.pixels if image is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pixels, chosen = self.pixels(), self._look.image_choice.image
        painter.fillRect(self.rect(), theme().color("surface_sunken"))
        if pixels is not None and chosen is not None:
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
            self.show_value("")
            return
        if self.as_input and self._look.input is not None:
            values = ", ".join(numeral(float(value)) for value in self._look.input[:, row, column])
        else:
            values = ", ".join(str(int(value)) for value in pixels[row, column])
        self.show_value(f"row {row + 1}, column {column + 1}: {values}")

    def leaveEvent(self, event: QEvent) -> None:
        self.show_value("")

    def _area(self, width: int, height: int) -> QRectF:
        scale = min(self.width() / width, self.height() / height)
        return QRectF(
            (self.width() - width * scale) / 2,
            (self.height() - height * scale) / 2,
            width * scale,
            height * scale,
        )


class ImageBar(QFrame):
    """The chosen image with its description, the samples, and Draw, Open…, Random, Top losses."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self.setAccessibleName("Image")
        self._look = look
        self.ask_path: Callable[[], str] = self._ask_path
        self.pad: DrawPad | None = None
        self.image = ImageView(look)
        self.image.show_value = self._show_value
        self.caption, self.detail = ElidedLabel(), ElidedLabel()
        role(self.caption, "strong")
        role(self.detail, "muted")
        self.as_input = QCheckBox("as network input")
        self.as_input.setToolTip(
            tip(
                "Show the image after preprocessing: resized to the network's input, with its channels, and "
                "normalized. Off: the original image"
            )
        )
        self.as_input.setAccessibleName("Show the image as network input")
        self.as_input.toggled.connect(self._switch)
        self.inverted = QCheckBox("inverted")
        self.inverted.setToolTip(
            tip("Swap dark and light: MNIST's digits are white on black, digits on paper are black on white")
        )
        self.inverted.setAccessibleName("Invert the image")
        self.inverted.toggled.connect(look.image_choice.set_inverted)
        self.inverted.hide()
        self.samples = Thumbnails("Samples", look, least=46, most=56)
        self.error = wrapped("", "fault")
        self.error.hide()
        self.hint = wrapped("", "")
        self.hint.hide()
        self.draw = self._button("Draw", "Draw a digit with the mouse, and watch the prediction")
        self.open = self._button("Open…", "Open an image file. You can also drop a file on the window")
        self.random = self._button("Random", "")
        self.top_losses = self._button("Top losses", "")
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self._texts = QWidget()
        texts = (self.caption, self.detail, self.as_input, self.inverted)
        vbox(None, *texts, None, spacing=2, into=self._texts)
        buttons = QGridLayout()
        buttons.setSpacing(theme().px(8))
        for number, button in enumerate((self.draw, self.open, self.random, self.top_losses)):
            buttons.addWidget(button, number // 2, number % 2)
        row = hbox(self.image, self._texts, (self.samples, 1), buttons, spacing=12)
        vbox(row, self.hint, self.error, into=self).setContentsMargins(12, 8, 12, 8)
        self._restyle()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _restyle(self) -> None:
        self._texts.setFixedWidth(theme().px(180))
        self.samples.setFixedHeight(theme().px(88))

    def _connect(self) -> None:
        look = self._look
        theme().changed.connect(self._restyle)
        self.draw.clicked.connect(self.open_pad)
        self.open.clicked.connect(self._open)
        self.random.clicked.connect(look.image_choice.resample)
        self.top_losses.clicked.connect(look.show_top_losses)
        look.image_choice.changed.connect(self._image_changed)
        look.image_choice.samples_changed.connect(self.refresh)
        look.image_choice.failed.connect(self._failed)
        look.evaluation.changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        look.run.state_changed.connect(self.refresh)
        look.run.weights_cache.changed.connect(self.refresh)
        look.data.changed.connect(self.refresh)
        look.prediction_changed.connect(self.image.update)
        look.prediction_changed.connect(self._show_hint)
        look.state_changed.connect(self._show_hint)

    def refresh(self) -> None:
        look = self._look
        image = look.image_choice.image
        self.caption.setText(image.caption if image is not None else "no image")
        self._show_value("")
        hint = "Show the validation images with the most confident wrong predictions"
        set_available(self.top_losses, hint, look.top_losses_disabled_reason())
        reason = "" if look.data.images is not None else "choose a data set first"
        set_available(self.random, "Show other random validation images", reason)
        self._show_samples()
        self.image.update()

    def open_pad(self) -> None:
        """Opens the pad to draw on; once open it stays until it is closed."""
        if self.pad is None:
            self.pad = DrawPad(self._look, self.window())
        self.pad.show()
        self.pad.raise_()
        self.pad.canvas.setFocus()

    def _show_samples(self) -> None:
        choice, dataset = self._look.image_choice, self._look.data.images
        if dataset is None:
            self.samples.show_images((), ())
            return
        truths = {index: dataset.classes[int(dataset.labels[index])] for index in choice.samples}
        captions = {index: Caption(truth) for index, truth in truths.items()}
        result = self._look.evaluation.result
        if choice.sample_kind == "wrong" and result is not None:
            for one in result.mistakes():
                if one.image in captions:
                    captions[one.image] = mistake_caption(result.name(one.predicted), truths[one.image])
        self.samples.show_images(choice.samples, [captions[index] for index in choice.samples])

    def _image_changed(self) -> None:
        self.error.hide()
        image = self._look.image_choice.image
        self.inverted.setVisible(image is not None and image.source == "file")
        self.inverted.setChecked(image is not None and image.inverted)
        self.refresh()

    def _show_hint(self) -> None:
        hint = self._look.image_hint
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def _failed(self, message: str) -> None:
        self.error.setText(message)
        self.error.show()

    def _switch(self, on: bool) -> None:
        self.image.as_input = on
        self.image.update()
        self._show_value("")

    def _show_value(self, text: str) -> None:
        """Sets the text under the caption: the value under the mouse, else the size or the range."""
        image, seen = self._look.image_choice.image, self._look.input
        if not text and image is not None:
            text = image.size_text
            if self.as_input.isChecked() and seen is not None:
                shape = " × ".join(str(size) for size in seen.shape)
                text = f"{shape} · {span(float(seen.min()), float(seen.max()))}"
        self.detail.setText(text)

    def _open(self) -> None:
        path = self.ask_path()
        if path:
            self._look.open_file(path)

    def _ask_path(self) -> str:
        return QFileDialog.getOpenFileName(self, "Open an image", "", IMAGE_FILES)[0]

    def _button(self, text: str, hint: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip(hint))
        button.setAccessibleName(text)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        return button
