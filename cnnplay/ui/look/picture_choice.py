"""Which picture is looked at, and the small ones beside it to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.pictures import (
    Bytes,
    Picture,
    at_hand,
    from_data,
    from_file,
    thumbnail,
    thumbnail_side,
)
from cnnplay.ui.kit.priority_worker import PriorityWorker

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

SAMPLES = 8
KEPT_THUMBNAILS = 2000
SampleKind: TypeAlias = Literal["random", "wrong", "cell"]


class PictureModel(QObject):
    """Holds the chosen picture and the samples.

    `changed`: another picture is chosen. `samples_changed`: other samples. `thumbnails_changed`: some
    that were being read are there. `failed(str)`: why a picture could not be had, in one line.
    """

    changed = Signal()
    samples_changed = Signal()
    thumbnails_changed = Signal()
    failed = Signal(str)

    def __init__(self, data: DataModel, looker: PriorityWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._looker = looker
        self._picture: Picture | None = None
        self._samples: tuple[int, ...] = ()
        self._samples_of: ImageSet | None = None
        self._kind: SampleKind = "random"
        self._thumbnails: dict[int, Bytes] = {}
        self._random = np.random.default_rng(1)
        self._request = 0
        data.changed.connect(self._data_changed)
        self._data_changed()

    @property
    def picture(self) -> Picture | None:
        return self._picture

    @property
    def images(self) -> ImageSet | None:
        return self._data.images

    @property
    def samples(self) -> tuple[int, ...]:
        """Indices of the pictures beside the chosen one; none where they are another data set's."""
        return self._samples if self._samples_of is self._data.images else ()

    @property
    def sample_kind(self) -> SampleKind:
        return self._kind

    @property
    def classes(self) -> tuple[str, ...]:
        return self._data.images.classes if self._data.images is not None else ()

    def choose(self, index: int) -> None:
        """A picture of the data set. At once where it lies in memory; else it is read in the thread."""
        images = self._data.images
        if images is None:
            return
        title = self._data.title
        if at_hand(images):
            self._looker.forget("picture")
            self._hold(from_data(images, index, title))
        else:
            self._request = self._looker.ask("picture", lambda: from_data(images, index, title))

    def open_file(self, path: str | Path) -> None:
        """A picture from a file; `failed` says why where it cannot be read. What was chosen then stays."""
        where = Path(path)
        self._request = self._looker.ask("picture", lambda: from_file(where))

    def set_inverted(self, on: bool) -> None:
        """Turns dark and light of the chosen picture round, or back."""
        picture = self._picture
        if picture is not None and picture.inverted != on:
            self._looker.forget("picture")
            self._hold(picture.inverse())

    def use_drawing(self, pixels: Bytes) -> None:
        """What was drawn on the pad, H × W × C."""
        self._looker.forget("picture")
        self._hold(Picture(pixels, "drawn", "drawn"))

    def draw_samples(self) -> None:
        """Other random pictures of the validation part; the first of them is chosen."""
        images = self._data.images
        if images is None:
            return
        pool = images.validation if len(images.validation) else images.train
        if len(pool):
            few = self._random.choice(pool, min(SAMPLES, len(pool)), replace=False)
            self.show_samples([int(index) for index in few], "random")

    def show_samples(self, indices: Sequence[int], kind: SampleKind, choose: bool = True) -> None:
        """Shows these pictures beside the chosen one, and chooses the first of them."""
        self._samples, self._kind, self._samples_of = tuple(indices), kind, self._data.images
        self.samples_changed.emit()
        if choose and indices:
            self.choose(indices[0])

    def thumbnails(self, indices: Sequence[int]) -> Bytes:
        """Small pictures n × h × w × 3; those that still have to be read are grey, and come later."""
        images = self._data.images
        if images is None or not indices:
            return np.zeros((0, 1, 1, 3), np.uint8)
        side = thumbnail_side(images)
        missing = tuple(index for index in indices if index not in self._thumbnails)
        if missing and at_hand(images):
            self._keep({index: thumbnail(images.picture(index), side) for index in missing})
        elif missing:
            self._looker.ask("thumbnails", lambda: _read(images, missing, side))
        height, width = (side, side) if side is not None else (images.shape or (1, 1, 1))[1:]
        blank = np.full((height, width, 3), 128, np.uint8)
        return np.stack([self._thumbnails.get(index, blank) for index in indices])

    def picture_came(self, picture: Picture | None, error: str) -> None:
        """A picture that was asked for was read, or could not be."""
        if error:
            self.failed.emit(error)
        elif picture is not None:
            self._hold(picture)

    def thumbnails_came(self, found: dict[int, Bytes]) -> None:
        self._keep(found)
        self.thumbnails_changed.emit()

    def _keep(self, found: dict[int, Bytes]) -> None:
        if len(self._thumbnails) + len(found) > KEPT_THUMBNAILS:
            self._thumbnails.clear()
        self._thumbnails.update(found)

    def _hold(self, picture: Picture) -> None:
        self._picture = picture
        self.changed.emit()

    def _data_changed(self) -> None:
        self._thumbnails.clear()
        self._looker.forget("thumbnails")
        self._samples = ()
        if self._data.images is None:
            self.samples_changed.emit()
            return
        if self._picture is not None and self._picture.source == "data":
            self._picture = None
        self.draw_samples()


def _read(images: ImageSet, indices: Sequence[int], side: int | None) -> dict[int, Bytes]:
    from cnnplay.data.images import DataError

    found = {}
    for index in indices:
        try:
            found[index] = thumbnail(images.picture(index), side)
        except DataError:
            continue  # it stays grey; choosing it says why
    return found
