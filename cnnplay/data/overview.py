"""An overview of a data set: how many images each class has in each split, their means, and each channel's μ
and σ.

Means and statistics are those of the training split only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.fitting import fit_rows
from cnnplay.data.images import DataError, ImageSet, Indices
from cnnplay.data.statistics import channel_statistics

SIDE = 64
"""The longest side of a mean image."""
SAMPLE = 1024
"""If images must be decoded or downscaled, the means use this many of them, evenly spread over the training
split.
"""
_BLOCK = 1024

Blocks = Iterator[tuple[Indices, NDArray[np.uint8]]]


@dataclass(frozen=True, eq=False)
class Overview:
    """`counts[split]` has one number per class. `means` has classes + 1 images H × W × C, the mean of all
    images first; it is black for a class without training images. `mean` and `std` are per channel, for
    values in 0…1; `used` is the number of training images included.
    """

    counts: dict[str, tuple[int, ...]]
    means: NDArray[np.uint8]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    used: int


def counts_of(dataset: ImageSet) -> dict[str, tuple[int, ...]]:
    """The number of images of each class in each split."""
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    classes = len(dataset.classes)
    return {
        name: tuple(np.bincount(dataset.labels[part], minlength=classes).tolist())
        for name, part in parts.items()
    }


def overview(dataset: ImageSet, progress: Callable[[int, int], None] = lambda *_: None) -> Overview:
    """Reads the training split once. `progress(done, all)` is called now and then and may raise."""
    channels, height, width = dataset.shape or (dataset.channels, SIDE, SIDE)
    whole = dataset.array is not None and max(height, width) <= SIDE
    selected = dataset.train if whole else _spread(dataset.train, SAMPLE)
    if not whole:
        height, width = _within(height, width)
    sums = np.zeros((len(dataset.classes), height, width, channels), np.float64)
    found = np.zeros(len(dataset.classes), np.int64)

    def added() -> Iterator[NDArray[np.uint8]]:
        """The original blocks, for the statistics; adds the resized images to the sums."""
        done = 0
        for indices, block in _whole(dataset, selected) if whole else _sampled(dataset, selected):
            labels = dataset.labels[indices]
            small = block if whole else fit_rows(block, (channels, height, width))
            for label in np.unique(labels):
                sums[label] += small[labels == label].sum(axis=0, dtype=np.uint64)
            found[:] += np.bincount(labels, minlength=len(found))
            done += len(indices)
            progress(done, len(selected))
            yield block

    mean, std = channel_statistics(added())
    return Overview(counts_of(dataset), _means(sums, found), mean, std, int(found.sum()))


def _means(sums: NDArray[np.float64], found: NDArray[np.int64]) -> NDArray[np.uint8]:
    everything = sums.sum(axis=0, keepdims=True) / max(1, found.sum())
    each = sums / np.maximum(found, 1)[:, None, None, None]
    means: NDArray[np.uint8] = np.rint(np.concatenate([everything, each])).astype(np.uint8)
    return means


def _whole(dataset: ImageSet, selected: Indices) -> Blocks:
    array = dataset.array
    assert array is not None
    for start in range(0, len(selected), _BLOCK):
        indices = selected[start : start + _BLOCK]
        yield indices, array[indices]


def _sampled(dataset: ImageSet, selected: Indices) -> Blocks:
    for index in selected:
        try:
            yield np.array([index], np.int64), dataset.image(int(index))[None]
        except DataError:
            continue  # the file was removed after the data set was loaded


def _spread(indices: Indices, most: int) -> Indices:
    """At most `most` of them, evenly spread from first to last: balanced classes stay balanced."""
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.int64)]


def _within(height: int, width: int) -> tuple[int, int]:
    longest = max(height, width, SIDE)
    return max(1, height * SIDE // longest), max(1, width * SIDE // longest)
