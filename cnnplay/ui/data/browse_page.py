"""The samples on a page of the data set browser, and their thumbnails."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cnnplay.ui.data.input_image import Bytes, thumbnail, thumbnail_side

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
PER_CLASS = 14
"""Samples of each class, where all classes are shown."""
PER_PAGE = 60
"""Samples, where one class is shown."""
NONE = -1
"""Instead of an index: the class has no more samples."""


def indices_of(images: ImageSet, split: Split, label: int | None, page: int) -> tuple[int, ...]:
    """The indices on a page of a class; for label None, PER_CLASS of each class, class after class.

    All classes have the same number, at most what the largest has left; missing ones are NONE.
    """
    members = {"train": images.train, "validation": images.validation, "test": images.test}[split]
    labels = images.labels[members]
    if label is not None:
        found = members[labels == label][page * PER_PAGE : (page + 1) * PER_PAGE]
        return tuple(found.tolist())
    if not len(members):
        return ()
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(len(images.classes) + 1))
    place = slice(page * PER_CLASS, (page + 1) * PER_CLASS)
    each = [members[order[start:end]][place] for start, end in pairwise(ends)]
    rows = np.full((len(each), max(map(len, each))), NONE, np.int64)
    for row, found in zip(rows, each, strict=True):
        row[: len(found)] = found
    return tuple(rows.ravel().tolist())


def read_thumbnails(images: ImageSet, indices: tuple[int, ...]) -> Bytes:
    """Thumbnails n × h × w × 3. One that cannot be read stays gray; DataError where none can be read."""
    from cnnplay.data.images import DataError

    side = thumbnail_side(images)
    height, width = (side, side) if side is not None else (images.shape or (1, 1, 1))[1:]
    result: npt.NDArray[np.uint8] = np.full((len(indices), height, width, 3), 128, np.uint8)
    problems = []
    wanted = [(place, index) for place, index in enumerate(indices) if index != NONE]
    for place, index in wanted:
        try:
            result[place] = thumbnail(images.image(index), side)
        except DataError as error:  # a file deleted since the data set was loaded
            problems.append(error)
    if problems and len(problems) == len(wanted):
        raise problems[0]
    return result
