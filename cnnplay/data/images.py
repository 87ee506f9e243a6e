"""A data set in memory: images, their classes, and the split that each belongs to."""

from collections.abc import Callable
from copy import copy
from typing import Literal, Protocol, TypeAlias
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.left_out import LeftOut, grouped

ImageArray: TypeAlias = NDArray[np.uint8]
"""H × W × C, 0…255; C is 1 (gray) or 3 (red, green, blue)."""

Indices: TypeAlias = NDArray[np.int64]
Split: TypeAlias = Literal["validation", "train", "test", "all"]


class DataError(ValueError):
    """Data that cannot be used; the message tells the user what, where, expected and found."""


class ImageSource(Protocol):
    """A source of images: an array N × H × W × C, or files that are decoded on demand."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> ImageArray: ...


class ImageSet:
    """Images with labels and a fixed split. It never changes, so threads may share it.

    `labels` are indices into `classes`; `train`, `validation` and `test` are indices of images. `shape` is
    (C, H, W); for mixed sizes it is None, and `sizes` has the (height, width) of each image, N × 2.
    `left_out` lists what a folder holds besides, `remarks` what a user should know of the images. `mark`
    changes whenever the validation split has other images, and `contents` almost always when any image
    changes; both are "" for data sets that never change. `white` is the value of white in files of more than
    8 bits, None if there are none; `rescaled` reads them with another one.
    """

    def __init__(
        self,
        *,
        key: str,
        title: str,
        classes: tuple[str, ...],
        images: ImageSource,
        labels: Indices,
        train: Indices,
        validation: Indices,
        shape: tuple[int, int, int] | None,
        channels: int,
        sizes: Indices | None = None,
        test: Indices | None = None,
        left_out: tuple[LeftOut, ...] = (),
        remarks: tuple[str, ...] = (),
        white: float | None = None,
        rescaled: Callable[[float | None], ImageSource] | None = None,
        mark: str = "",
        contents: str = "",
    ) -> None:
        self.key = key
        self.title = title
        self.classes = classes
        self.labels = labels
        self.train = train
        self.validation = validation
        self.test = np.empty(0, np.int64) if test is None else test
        self.shape = shape
        self.channels = channels
        self.sizes = sizes
        self.left_out = left_out
        self.remarks = remarks
        self.white = white
        self._rescaled = rescaled
        self.mark = mark
        self.contents = contents
        self._images = images

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def run_size(self) -> int:
        """The first `run_size` images include all that a run uses: the test split after them is not
        touched.
        """
        if not len(self.test):
            return len(self)
        return 1 + max((int(part.max()) for part in (self.train, self.validation) if len(part)), default=-1)

    def image(self, index: int) -> ImageArray:
        """The original image, H × W × C. Raises DataError if its file can no longer be read."""
        return self._images[index]

    @property
    def array(self) -> NDArray[np.uint8] | None:
        """All images as one array N × H × W × C, if they are in memory that way; else None."""
        return self._images if isinstance(self._images, np.ndarray) else None

    def indices(self, split: Split) -> Indices:
        """The images of one split. Raises DataError if the data set has none."""
        if split == "all":
            return np.arange(len(self), dtype=np.int64)
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        if split not in parts:
            raise DataError(f"split must be validation, train, test or all; got {split}")
        if not len(parts[split]):
            raise DataError(f"{self.title} has no {split} split")
        return parts[split]

    def in_order_of(self, classes: tuple[str, ...]) -> "ImageSet":
        """The same images and classes with the classes in another order. Raises DataError if the names
        differ.
        """
        if classes == self.classes:
            return self
        # Earlier versions kept the names as the system stores them: a Mac decomposes them.
        own = tuple(normalize("NFC", name) for name in classes)
        if sorted(own) != sorted(self.classes) or len(set(own)) != len(own):
            raise DataError(
                f"{self.title}: expected the trained network's classes, {_listed(classes, self.classes)}; "
                f"found {_listed(self.classes, classes)}"
            )
        positions = np.array([own.index(name) for name in self.classes], np.int64)
        ordered = copy(self)
        ordered.classes, ordered.labels = classes, positions[self.labels]
        return ordered

    def with_white(self, white: float | None) -> "ImageSet":
        """The same images with another value of white in files of more than 8 bits; None: each file's own."""
        if white == self.white or self._rescaled is None:
            return self
        other = copy(self)
        other.white, other._images = white, self._rescaled(white)
        return other

    @property
    def problems(self) -> tuple[str, ...]:
        """A line for each kind of what was left out, and the remarks."""
        return (*(group.line for group in grouped(self.left_out)), *self.remarks)

    def counts(self) -> tuple[int, ...]:
        """The number of images in each class."""
        return tuple(int(n) for n in np.bincount(self.labels, minlength=len(self.classes)))


LISTED = 8
"""Class names in a message."""


def _listed(names: tuple[str, ...], others: tuple[str, ...]) -> str:
    """The names; if there are many, those missing from `others` first."""
    if len(names) > LISTED:
        known = set(others)
        names = tuple(sorted(names, key=known.__contains__))
    return ", ".join(names[:LISTED]) + (" …" if len(names) > LISTED else "")
