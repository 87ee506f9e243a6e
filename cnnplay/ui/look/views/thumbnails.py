"""Small pictures of the data set in tiles: choose one and it is looked at."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.look.look import LookModel


class Thumbnails(TilesView):
    """Pictures with a caption each. The one that is looked at is framed, wherever it was chosen."""

    def __init__(
        self, name: str, look: LookModel, *, least: int = 40, most: int = 64, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, least=least, most=most, parent=parent)
        self._look = look
        self._indices: tuple[int, ...] = ()
        self._captions: tuple[str, ...] = ()
        self._accents: tuple[str, ...] = ()
        self.chosen.connect(self._picked)
        look.pictures.changed.connect(self._follow)
        look.pictures.thumbnails_changed.connect(self._compose)
        self.setToolTip("Click a picture to look at it; arrow keys go from one to the next")

    @property
    def indices(self) -> tuple[int, ...]:
        return self._indices

    def show_pictures(
        self, indices: Sequence[int], captions: Sequence[str], accents: Sequence[str] = ()
    ) -> None:
        """Pictures of the data set; `accents` are first words of captions, in the colour of faults."""
        now = (tuple(indices), tuple(captions), tuple(accents))
        if now != (self._indices, self._captions, self._accents) or self.tiles is None:
            self._indices, self._captions, self._accents = now
            self._compose()

    def _compose(self) -> None:
        if not self._indices:
            self.show_tiles(None)
            return
        values = self._look.pictures.thumbnails(self._indices)
        if len(values) != len(self._indices):
            self.show_tiles(None)
            return
        limits = np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
        self.show_tiles(
            Tiles(values, "picture", limits, labels=self._captions, accents=self._accents, noun="picture")
        )
        # Others came by themselves, as during a run: the page that is looked at stays.
        self.select(self._chosen(), turn=False)

    def _follow(self) -> None:
        self.select(self._chosen())

    def _chosen(self) -> int:
        picture = self._look.pictures.picture
        index = picture.index if picture is not None else None
        return self._indices.index(index) if index in self._indices else -1

    def _picked(self, number: int) -> None:
        if number < len(self._indices):
            self._look.choose(self._indices[number])
