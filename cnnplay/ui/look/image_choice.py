"""Which image is probed, and the thumbnails beside it to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.input_image import (
    Bytes,
    InputImage,
    from_data,
    from_file,
    in_memory,
    thumbnail,
    thumbnail_side,
)
from cnnplay.ui.kit.priority_worker import PriorityWorker

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

SAMPLES = 8
KEPT_THUMBNAILS = 2000
SampleKind: TypeAlias = Literal["random", "wrong", "cell"]


class ImageChoiceModel(QObject):
    """Holds the chosen image and the samples.

    `changed`: another image was chosen. `samples_changed`: there are other samples. `thumbnails_changed`:
    thumbnails that had to be read have arrived. `failed(str)`: why an image cannot be had, in one line.
    """

    changed = Signal()
    samples_changed = Signal()
    thumbnails_changed = Signal()
    failed = Signal(str)

    def __init__(self, data: DataModel, worker: PriorityWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._worker = worker
        self._image: InputImage | None = None
        self._samples: tuple[int, ...] = ()
        self._samples_of: ImageSet | None = None
        self._kind: SampleKind = "random"
        self._thumbnails: dict[int, Bytes] = {}
        self._random = np.random.default_rng(1)
        data.changed.connect(self._data_changed)
        self._data_changed()

    @property
    def image(self) -> InputImage | None:
        return self._image

    @property
    def dataset(self) -> ImageSet | None:
        return self._data.images

    @property
    def samples(self) -> tuple[int, ...]:
        """Indices of the images beside the chosen one; none if they belong to another data set."""
        return self._samples if self._samples_of is self._data.images else ()

    @property
    def sample_kind(self) -> SampleKind:
        return self._kind

    @property
    def classes(self) -> tuple[str, ...]:
        return self._data.images.classes if self._data.images is not None else ()

    def choose(self, index: int) -> None:
        """Chooses an image of the data set: at once if it is in memory, else after the worker read it."""
        dataset = self._data.images
        if dataset is None:
            return
        title = self._data.title
        if in_memory(dataset):
            self._worker.discard("image")
            self._set_image(from_data(dataset, index, title))
        else:
            self._request(lambda: from_data(dataset, index, title))

    def open_file(self, path: str | Path) -> None:
        """Chooses an image file. If it cannot be read, `failed` says why and the chosen image stays."""
        where = Path(path)
        self._request(lambda: from_file(where))

    def set_inverted(self, on: bool) -> None:
        """Inverts the chosen image, or undoes that."""
        image = self._image
        if image is not None and image.inverted != on:
            self._worker.discard("image")
            self._set_image(image.inverse())

    def use_drawing(self, pixels: Bytes) -> None:
        """Chooses what was drawn on the pad, H × W × C."""
        self._worker.discard("image")
        self._set_image(InputImage(pixels, "drawn", "drawn"))

    def resample(self) -> None:
        """Shows other random validation images; the first of them is chosen."""
        dataset = self._data.images
        if dataset is None:
            return
        pool = dataset.validation if len(dataset.validation) else dataset.train
        if len(pool):
            few = self._random.choice(pool, min(SAMPLES, len(pool)), replace=False)
            self.show_samples([int(index) for index in few], "random")

    def show_samples(self, indices: Sequence[int], kind: SampleKind) -> None:
        """Shows these images beside the chosen one, and chooses the first of them."""
        self._samples, self._kind, self._samples_of = tuple(indices), kind, self._data.images
        self.samples_changed.emit()
        if indices:
            self.choose(indices[0])

    def thumbnails(self, indices: Sequence[int]) -> Bytes:
        """Thumbnails n × h × w × 3; those that still have to be read are gray until `thumbnails_changed`."""
        dataset = self._data.images
        if dataset is None or not indices:
            return np.zeros((0, 1, 1, 3), np.uint8)
        side = thumbnail_side(dataset)
        missing = tuple(index for index in indices if index not in self._thumbnails)
        if missing and in_memory(dataset):
            self._keep({index: thumbnail(dataset.image(index), side) for index in missing})
        elif missing:
            self._worker.submit(
                "thumbnails",
                lambda _: _read(dataset, missing, side),
                lambda found: self._thumbnails_came(dataset, found),
                keep=True,
            )
        height, width = (side, side) if side is not None else (dataset.shape or (1, 1, 1))[1:]
        blank = np.full((height, width, 3), 128, np.uint8)
        return np.stack([self._thumbnails.get(index, blank) for index in indices])

    def _request(self, read: Callable[[], InputImage]) -> None:
        self._worker.submit("image", lambda _: read(), self._set_image, self.failed.emit)

    def _thumbnails_came(self, dataset: ImageSet, found: dict[int, Bytes]) -> None:
        if dataset is self._data.images:
            self._keep(found)
            self.thumbnails_changed.emit()

    def _keep(self, found: dict[int, Bytes]) -> None:
        if len(self._thumbnails) + len(found) > KEPT_THUMBNAILS:
            self._thumbnails.clear()
        self._thumbnails.update(found)

    def _set_image(self, image: InputImage) -> None:
        self._image = image
        self.changed.emit()

    def _data_changed(self) -> None:
        self._thumbnails.clear()
        self._worker.discard("thumbnails")
        self._samples = ()
        if self._data.images is None:
            self.samples_changed.emit()
            return
        if self._image is not None and self._image.source == "data":
            self._image = None
        self.resample()


def _read(dataset: ImageSet, indices: Sequence[int], side: int | None) -> dict[int, Bytes]:
    from cnnplay.data.images import DataError

    found = {}
    for index in indices:
        try:
            found[index] = thumbnail(dataset.image(index), side)
        except DataError:
            continue  # it stays gray; choosing it says why
    return found
