"""Mean and standard deviation per channel, exactly, from counts of the 256 values."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

CONSTANT = 1e-6
"""A channel with σ below this is constant: it is only shifted, and divided by 1."""


def channel_statistics(blocks: Iterable[NDArray[np.uint8]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(means, stds) for values in 0…1 of images given as blocks … × C of bytes; the variance is divided by n,
    not n − 1.

    Both are empty if there are no images.
    """
    counts: NDArray[np.int64] | None = None
    for block in blocks:
        channels = block.shape[-1]
        found = np.stack([np.bincount(block[..., c].ravel(), minlength=256) for c in range(channels)])
        counts = found if counts is None else counts + found
    if counts is None or not counts.any():
        return (), ()
    values = np.arange(256) / 255
    total = counts.sum(axis=1)
    mean = counts @ values / total
    variance = (counts * (values - mean[:, None]) ** 2).sum(axis=1) / total
    std = np.sqrt(variance)
    return tuple(mean.tolist()), tuple(np.where(std < CONSTANT, 1.0, std).tolist())
