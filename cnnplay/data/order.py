"""In which order pictures come, and how many at a time."""

import numpy as np
import torch

from cnnplay.data.images import Indices


def shuffled(count: int, seed: int, epoch: int) -> Indices:
    """A permutation of 0 … count − 1 that seed and epoch decide, drawn from a generator of its own."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order: Indices = torch.randperm(count, generator=generator).numpy().astype(np.int64, copy=False)
    return order


def evenly_drawn(labels: Indices, seed: int, epoch: int) -> Indices:
    """As many places as there are labels, drawn with replacement so that every class comes equally often on
    average: rare classes come again and again."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    chances = 1.0 / np.maximum(np.bincount(labels), 1)[labels]
    drawn = torch.multinomial(torch.from_numpy(chances), len(labels), True, generator=generator)
    order: Indices = drawn.numpy().astype(np.int64, copy=False)
    return order


def batch_sizes(count: int, batch_size: int, fewest: int = 2) -> list[int]:
    """`batch_size` again and again, then what is left; fewer than `fewest` join the batch before."""
    whole, rest = divmod(count, batch_size)
    sizes = [batch_size] * whole
    if rest < fewest and sizes:
        sizes[-1] += rest
    elif rest:
        sizes.append(rest)
    return sizes
