"""Some training images, each before and after augmentation."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QHelpEvent, QHideEvent, QImage, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolTip, QWidget

from cnnplay.ui.kit.views.images import to_qimage
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import FactsLabel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.augmentation import AugmentationModel

LEAST, LEAST_MIXED, MOST = 28, 24, 72
"""The size of a tile in design pixels, without and with a caption."""
GAP = 4
APART = 14
"""Between two pairs."""
FEWEST_PAIRS, LARGER = 4, 1.3
"""Pairs side by side: at least so many, with tiles that are larger by this factor."""
NAMES = ("before", "after")
PAIR = "before\n→ after"
MIXED = "with"
"""The label of the classes that images are mixed with."""
HELP = (
    "Training images before and after augmentation, as the network would see them in one step. Augmentation "
    "is random in every step; validation images are never augmented."
)


class Arrangement(NamedTuple):
    """The tiles: the first one's left edge, the side of each, from one image to the next, and from the image
    before to that after: below it, or beside it.
    """

    left: int
    side: int
    across: int
    after: tuple[int, int]


class AugmentationView(QWidget):
    """Two rows of tiles, or one row of pairs where they are larger like that. Updated when a setting changes
    while they are visible.
    """

    def __init__(self, model: AugmentationModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.redraws = 0
        self._images: list[tuple[QImage, QImage]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Training images before and after augmentation")
        self.setToolTip(tip(HELP))
        self.footer = Footer(model)
        model.changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(160), 2 * self._least() + theme().px(GAP) + self._caption())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def tile_rect(self, number: int, after: bool) -> QRect:
        """The rectangle of a tile."""
        tiles = self._layout()
        x, y = tiles.after if after else (0, 0)
        return QRect(tiles.left + number * tiles.across + x, y, tiles.side, tiles.side)

    @property
    def count(self) -> int:
        """How many images fit."""
        tiles = self._layout()
        apart = tiles.across - tiles.side - tiles.after[0]
        return min(len(self._images), max((self.width() - tiles.left + apart) // tiles.across, 1))

    @Slot()
    def refresh(self) -> None:
        drawn = self._model.drawn
        samples = () if drawn is None else drawn.samples
        self._images = [(to_qimage(sample.before), to_qimage(sample.after)) for sample in samples]
        text = self._model.text or HELP
        if drawn is not None:
            text = "; ".join(drawn.text(number) for number in range(min(len(samples), 4)))
        self.setAccessibleDescription(text)
        self.updateGeometry()
        self.update()

    @Slot()
    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._model.watch(False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), tip(self.text_at(event.pos()) or HELP), self)
            return True
        return super().event(event)

    def text_at(self, point: QPoint) -> str:
        """``7, mixed with 3, λ 0.71`` for the image at a point; "" if there is none."""
        drawn = self._model.drawn
        for number in range(self.count):
            if drawn is not None and any(
                self.tile_rect(number, after).contains(point) for after in (False, True)
            ):
                return drawn.text(number)
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        self.redraws += 1
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        painter.setPen(theme().color("text_muted"))
        if not self._images:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, self._model.text)
        else:
            self._paint_names(painter)
            for number in range(self.count):
                self._paint_sample(painter, number)
        painter.end()

    def _paint_names(self, painter: QPainter) -> None:
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        first, second = self.tile_rect(0, False), self.tile_rect(0, True)
        if second.top() == first.top():
            painter.drawText(QRect(0, 0, first.left(), first.height()), flags, PAIR)
        else:
            for tile, name in zip((first, second), NAMES, strict=True):
                painter.drawText(QRect(0, tile.top(), first.left(), tile.height()), flags, name)
        if self._caption():
            painter.drawText(QRect(0, second.bottom() + 1, first.left(), self._caption()), flags, MIXED)

    def _paint_sample(self, painter: QPainter, number: int) -> None:
        # An enlarged image keeps sharp pixels; a reduced one is smoothed.
        before, _ = self._images[number]
        side = self.tile_rect(0, False).width() * self.devicePixelRatioF()
        small = max(before.width(), before.height()) <= side
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not small)
        for after, image in enumerate(self._images[number]):
            painter.drawImage(_inside(self.tile_rect(number, bool(after)), image), image)
        drawn = self._model.drawn
        if drawn is not None and drawn.lam is not None:
            tile = self.tile_rect(number, True)
            text = painter.fontMetrics().elidedText(
                drawn.samples[number].mixed, Qt.TextElideMode.ElideRight, tile.width()
            )
            place = QRect(tile.left(), tile.bottom() + 1, tile.width(), self._caption())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _least(self) -> int:
        return theme().px(LEAST_MIXED if self._caption() else LEAST)

    def _caption(self) -> int:
        """The height of the captions below the tiles."""
        drawn = self._model.drawn
        mixed = drawn is not None and drawn.lam is not None
        return QFontMetrics(theme().font(small=True)).height() if mixed else 0

    def _layout(self) -> Arrangement:
        px = theme().px
        left = max(self.fontMetrics().horizontalAdvance(name) for name in (*NAMES, *PAIR.split("\n"))) + px(8)
        height = self.height() - self._caption()
        below = min(max((height - px(GAP)) // 2, self._least()), px(MOST))
        pair = (self.width() - left + px(APART)) // FEWEST_PAIRS - px(APART)
        beside = min(height, (pair - px(GAP)) // 2, px(MOST))
        if beside < LARGER * below:
            return Arrangement(left, below, below + px(GAP), (0, below + px(GAP)))
        return Arrangement(left, beside, 2 * beside + px(GAP) + px(APART), (beside + px(GAP), 0))


class Footer(QWidget):
    """``λ 0.71`` with mixup, and the button that resamples."""

    def __init__(self, model: AugmentationModel) -> None:
        super().__init__()
        self._model = model
        self.label = role(FactsLabel(), "muted")
        self.resample = role(QPushButton("resample"), "link")
        self.resample.setToolTip("Show the same images as augmented in another step")
        self.resample.clicked.connect(model.resample)
        hbox((self.label, 1), self.resample, into=self)
        model.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        drawn = self._model.drawn
        self.label.setText("" if drawn is None else drawn.footer)
        self.resample.setEnabled(drawn is not None)


def _inside(tile: QRect, image: QImage) -> QRectF:
    """The largest centered rectangle in a tile with the image's aspect ratio."""
    size = QSize(image.size()).scaled(tile.size(), Qt.AspectRatioMode.KeepAspectRatio)
    left = tile.left() + (tile.width() - size.width()) / 2
    return QRectF(QPointF(left, tile.top() + (tile.height() - size.height()) / 2), size.toSizeF())
