"""Probe results in the stack: strips of maps on the cards, the image above, the prediction below."""

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.kit.tiling import scale_values
from cnnplay.ui.kit.views.images import screen_colors, screen_image, to_qimage
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.look.look import LookModel

SIDE = 56
"""Pixels of a strip's tiles: twice what a card shows, for high-resolution screens."""
GAP = 4
TOP = 3


class StackFeed(QObject):
    """Copies a `LookModel`'s results to the `StackModel` that all stack views share. One per window."""

    def __init__(self, look: LookModel, stack: StackModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._look, self._stack = look, stack
        look.image_choice.changed.connect(self._show_image)
        look.prediction_changed.connect(self._show_prediction)
        look.strips_changed.connect(self._show_strips)
        look.state_changed.connect(self._show_prediction)
        theme().changed.connect(self._show_strips)
        look.want("stack", self, True)
        self._show_image()
        self._show_prediction()

    def _show_image(self) -> None:
        image = self._look.image_choice.image
        if image is None:
            self._stack.set_input_image(None)
        else:
            pixels = image.pixels[:, :, :3] if image.pixels.shape[2] >= 3 else image.pixels[:, :, :1]
            self._stack.set_input_image(to_qimage(pixels), image.caption)

    def _show_prediction(self) -> None:
        prediction = self._look.prediction
        learned = self._look.origin in ("trained", "live")
        if prediction is None or not learned or self._look.run.trains_other_network:
            self._stack.set_prediction(None)
            return
        best = prediction.top(TOP)
        rows = [(prediction.name(number), float(prediction.probabilities[number])) for number in best]
        truth = prediction.name(prediction.truth) if prediction.truth is not None else None
        self._stack.set_prediction(rows, truth=truth)

    def _show_strips(self) -> None:
        strips = self._look.strips
        if not strips or self._look.origin == "untrained" or self._look.run.trains_other_network:
            self._stack.clear_strips()
            return
        self.redraws += 1
        for node, maps in strips.items():
            self._stack.set_strip(node, strip_image(maps))


def strip_image(maps: np.ndarray) -> QImage:
    """Fractions n × h × w as square tiles side by side, SIDE pixels each, transparent at their right edge."""
    whole = scale_values(screen_colors(maps, "magnitude", (0.0, 1.0)), (SIDE, SIDE))
    image = np.zeros((SIDE, len(maps), SIDE), np.uint32)
    image[:, :, : SIDE - GAP] = whole.swapaxes(0, 1)[:, :, : SIDE - GAP]
    return screen_image(image.reshape(SIDE, -1))
