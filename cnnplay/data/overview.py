"""A data set at a glance: how many pictures each class has in each part, their mean, each channel's μ and σ.

Means and statistics are the training part's: what is learned from. Neither of the other parts goes into them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.fitting import fit_rows
from cnnplay.data.images import DataError, ImageSet, Indices
from cnnplay.data.statistics import channel_statistics

SIDE = 64
"""The longest side of a mean picture."""
SAMPLE = 1024
"""Of pictures that are decoded or shrunk for it, so many make the mean, evenly over the training part."""
_BLOCK = 1024

Blocks = Iterator[tuple[Indices, NDArray[np.uint8]]]


@dataclass(frozen=True, eq=False)
class Overview:
    """`counts[part]` has a number a class. `means` is classes + 1 pictures H × W × C, that of all first; a
    class without training pictures has a black one. `mean` and `std` are per channel, of pictures in 0…1;
    `used` is of how many training pictures.
    """

    counts: dict[str, tuple[int, ...]]
    means: NDArray[np.uint8]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    used: int


def counts_of(images: ImageSet) -> dict[str, tuple[int, ...]]:
    """How many pictures each class has in each part."""
    parts = {"train": images.train, "validation": images.validation, "test": images.test}
    classes = len(images.classes)
    return {
        name: tuple(np.bincount(images.labels[part], minlength=classes).tolist())
        for name, part in parts.items()
    }


def overview(images: ImageSet, breathe: Callable[[int, int], None] = lambda *_: None) -> Overview:
    """Goes once through the training part. `breathe(done, all)` is called now and then, and may raise."""
    channels, height, width = images.shape or (images.channels, SIDE, SIDE)
    whole = images.array is not None and max(height, width) <= SIDE
    chosen = images.train if whole else _spread(images.train, SAMPLE)
    if not whole:
        height, width = _within(height, width)
    sums = np.zeros((len(images.classes), height, width, channels), np.float64)
    found = np.zeros(len(images.classes), np.int64)

    def added() -> Iterator[NDArray[np.uint8]]:
        """The blocks as they are, for the statistics; what is fitted goes into the sums."""
        done = 0
        for indices, block in _whole(images, chosen) if whole else _sampled(images, chosen):
            labels = images.labels[indices]
            small = block if whole else fit_rows(block, (channels, height, width))
            for label in np.unique(labels):
                sums[label] += small[labels == label].sum(axis=0, dtype=np.uint64)
            found[:] += np.bincount(labels, minlength=len(found))
            done += len(indices)
            breathe(done, len(chosen))
            yield block

    mean, std = channel_statistics(added())
    return Overview(counts_of(images), _means(sums, found), mean, std, int(found.sum()))


def _means(sums: NDArray[np.float64], found: NDArray[np.int64]) -> NDArray[np.uint8]:
    everything = sums.sum(axis=0, keepdims=True) / max(1, found.sum())
    each = sums / np.maximum(found, 1)[:, None, None, None]
    means: NDArray[np.uint8] = np.rint(np.concatenate([everything, each])).astype(np.uint8)
    return means


def _whole(images: ImageSet, chosen: Indices) -> Blocks:
    array = images.array
    assert array is not None
    for start in range(0, len(chosen), _BLOCK):
        indices = chosen[start : start + _BLOCK]
        yield indices, array[indices]


def _sampled(images: ImageSet, chosen: Indices) -> Blocks:
    for index in chosen:
        try:
            yield np.array([index], np.int64), images.picture(int(index))[None]
        except DataError:
            continue  # a file that went away since the data set was loaded


def _spread(indices: Indices, most: int) -> Indices:
    """At most so many of them, evenly from the first to the last: of even classes equally many."""
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.int64)]


def _within(height: int, width: int) -> tuple[int, int]:
    longest = max(height, width, SIDE)
    return max(1, height * SIDE // longest), max(1, width * SIDE // longest)
