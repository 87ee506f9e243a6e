"""The arrays of a `StackModel` as images: the maps of the strips, and the network's input."""

import numpy as np
from PySide6.QtGui import QImage

from cnnplay.ui.build.stack import Floats, StackModel
from cnnplay.ui.kit.tiling import scale_values
from cnnplay.ui.kit.views.images import screen_colors, screen_image, to_qimage

SIDE = 56
"""Pixels of a strip's tiles: twice what a card shows, for high-resolution screens."""
GAP = 4


class StackImages:
    """Makes each image when it is first painted, and again once the model holds another array for it."""

    def __init__(self, model: StackModel) -> None:
        self._model = model
        self._strips: dict[str, tuple[Floats, QImage]] = {}
        self._input: tuple[np.ndarray, QImage] | None = None

    def strip(self, node_id: str) -> QImage | None:
        maps, made = self._model.strip(node_id), self._strips.get(node_id)
        if maps is None:
            return None
        if made is None or made[0] is not maps:
            made = self._strips[node_id] = maps, strip_image(maps)
        return made[1]

    def input(self) -> QImage | None:
        pixels, made = self._model.image, self._input
        if pixels is None:
            return None
        if made is None or made[0] is not pixels:
            made = self._input = pixels, to_qimage(pixels)
        return made[1]

    def forget_removed(self) -> None:
        """Frees the images of cards that have no strip any more."""
        self._strips = {
            node: made for node, made in self._strips.items() if self._model.strip(node) is not None
        }

    def restyle(self) -> None:
        """Has the strips made again: the theme's color scale changed."""
        self._strips.clear()


def strip_image(maps: Floats) -> QImage:
    """Fractions n × h × w as square tiles side by side, SIDE pixels each, transparent at their right edge."""
    whole = scale_values(screen_colors(maps, "magnitude", (0.0, 1.0)), (SIDE, SIDE))
    image = np.zeros((SIDE, len(maps), SIDE), np.uint32)
    image[:, :, : SIDE - GAP] = whole.swapaxes(0, 1)[:, :, : SIDE - GAP]
    return screen_image(image.reshape(SIDE, -1))
