"""The order of images and the sizes of batches."""

import numpy as np
import torch

from cnnplay.data.images import Indices


def shuffled(count: int, seed: int, epoch: int) -> Indices:
    """A permutation of 0 … count − 1 given by seed and epoch, from a generator of its own."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order: Indices = torch.randperm(count, generator=generator).numpy().astype(np.int64, copy=False)
    return order


def class_balanced_order(labels: Indices, seed: int, epoch: int) -> Indices:
    """As many indices as there are labels, drawn with replacement so that every class is equally frequent on
    average: images of rare classes repeat.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    chances = 1.0 / np.maximum(np.bincount(labels), 1)[labels]
    drawn = torch.multinomial(torch.from_numpy(chances), len(labels), True, generator=generator)
    order: Indices = drawn.numpy().astype(np.int64, copy=False)
    return order


def batch_sizes(count: int, batch_size: int, min_batch: int = 2) -> list[int]:
    """`batch_size` repeated, then the rest; a rest smaller than `min_batch` joins the batch before."""
    whole, rest = divmod(count, batch_size)
    sizes = [batch_size] * whole
    if rest < min_batch and sizes:
        sizes[-1] += rest
    elif rest:
        sizes.append(rest)
    return sizes
