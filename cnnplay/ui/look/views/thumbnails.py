"""Thumbnails of the data set in tiles: a click chooses the image to look at."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.look.look import LookModel


class Caption(NamedTuple):
    """The text under an image, beginning with `accent` in the color of problems; where there is little room,
    the brief text.
    """

    text: str
    accent: str = ""
    brief: str = ""
    brief_accent: str = ""


def mistake_caption(predicted: str, truth: str) -> Caption:
    """``predicted 3, is 2``."""
    rest = f", is {truth}"
    return Caption(f"predicted {predicted}{rest}", f"predicted {predicted}", f"{predicted}{rest}", predicted)


class Thumbnails(TilesView):
    """Images with a caption each. The chosen image is framed, wherever it was chosen."""

    def __init__(
        self, name: str, look: LookModel, *, least: int = 40, most: int = 64, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, least=least, most=most, parent=parent)
        self._look = look
        self._indices: tuple[int, ...] = ()
        self._captions: tuple[Caption, ...] = ()
        self.chosen.connect(self._picked)
        look.image_choice.changed.connect(self._follow)
        look.image_choice.thumbnails_changed.connect(self._compose)
        self.setToolTip("Click an image to look at it; arrow keys go from one to the next")

    @property
    def indices(self) -> tuple[int, ...]:
        return self._indices

    def show_images(self, indices: Sequence[int], captions: Sequence[Caption]) -> None:
        """Images of the data set, and what is written under them."""
        now = (tuple(indices), tuple(captions))
        if now != (self._indices, self._captions) or self.tiles is None:
            self._indices, self._captions = now
            self._compose()

    def _compose(self) -> None:
        if not self._indices:
            self.show_tiles(None)
            return
        values = self._look.image_choice.thumbnails(self._indices)
        if len(values) != len(self._indices):
            self.show_tiles(None)
            return
        limits = np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
        labels, accents, brief_labels, brief_accents = zip(*self._captions, strict=True)
        brief = (brief_labels, brief_accents) if any(brief_labels) else ((), ())
        self.show_tiles(
            Tiles(
                values,
                "image",
                limits,
                labels=labels,
                accents=accents,
                brief_labels=brief[0],
                brief_accents=brief[1],
                noun="image",
            )
        )
        # These may have come by themselves, as during a run: the visible page stays.
        self.select(self._chosen_tile(), turn=False)

    def _follow(self) -> None:
        self.select(self._chosen_tile())

    def _chosen_tile(self) -> int:
        image = self._look.image_choice.image
        index = image.index if image is not None else None
        return self._indices.index(index) if index in self._indices else -1

    def _picked(self, number: int) -> None:
        if number < len(self._indices):
            self._look.choose(self._indices[number])
