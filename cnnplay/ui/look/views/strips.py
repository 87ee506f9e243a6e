"""What the stack shows of looking: strips of maps on the cards, the picture above, the prediction below."""

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.kit.tiling import scale_values
from cnnplay.ui.kit.views.images import screen_colors, screen_image, to_qimage
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.look.look import LookModel

SIDE = 56
"""Pixels of a strip's tiles: twice what a card shows, for sharp screens."""
GAP = 4
TOP = 3


class StackFeed(QObject):
    """Carries what a `LookModel` sees to the `StackModel` that all stack views share. One per window."""

    def __init__(self, look: LookModel, stack: StackModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._look, self._stack = look, stack
        look.image_choice.changed.connect(self._picture)
        look.prediction_changed.connect(self._prediction)
        look.strips_changed.connect(self._strips)
        look.state_changed.connect(self._prediction)
        theme().changed.connect(self._strips)
        look.want("stack", self, True)
        self._picture()
        self._prediction()

    def _picture(self) -> None:
        picture = self._look.image_choice.image
        if picture is None:
            self._stack.set_input_picture(None)
        else:
            pixels = picture.pixels[:, :, :3] if picture.pixels.shape[2] >= 3 else picture.pixels[:, :, :1]
            self._stack.set_input_picture(to_qimage(pixels), picture.caption)

    def _prediction(self) -> None:
        prediction = self._look.prediction
        learned = self._look.origin in ("trained", "live")
        if prediction is None or not learned or self._look.run.trains_other_network:
            self._stack.set_prediction(None)
            return
        best = prediction.top(TOP)
        rows = [(prediction.name(number), float(prediction.probabilities[number])) for number in best]
        truth = prediction.name(prediction.truth) if prediction.truth is not None else None
        self._stack.set_prediction(rows, truth=truth)

    def _strips(self) -> None:
        strips = self._look.strips
        if not strips or self._look.origin == "untrained" or self._look.run.trains_other_network:
            self._stack.clear_strips()
            return
        self.redraws += 1
        for node, maps in strips.items():
            self._stack.set_strip(node, strip_image(maps))


def strip_image(maps: np.ndarray) -> QImage:
    """Fractions n × h × w as square tiles side by side, SIDE pixels each, clear at their right edge."""
    whole = scale_values(screen_colors(maps, "magnitude", (0.0, 1.0)), (SIDE, SIDE))
    image = np.zeros((SIDE, len(maps), SIDE), np.uint32)
    image[:, :, : SIDE - GAP] = whole.swapaxes(0, 1)[:, :, : SIDE - GAP]
    return screen_image(image.reshape(SIDE, -1))
