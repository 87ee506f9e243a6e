"""Which input a data set suggests for a network, and what its images lose in a network's own input."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cnnplay.network.describe import shape_text

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

Shape: TypeAlias = tuple[int, int, int]

LARGE = 2.5
"""From this ratio of areas on, resizing costs so much detail or time that users are asked first."""
MOST = 64
"""The longest side of a suggested input, unless the network's own is longer."""
STEP = 8
"""Suggested sides are multiples of it, so that pools halve them evenly."""
SQUASHED = 1.1
"""From this ratio of aspect ratios on, an image is called squashed."""


def usual_size(dataset: "ImageSet") -> tuple[int, int]:
    """(height, width) of the images; where they differ, the medians."""
    if dataset.sizes is None:
        assert dataset.shape is not None
        return dataset.shape[1:]
    height, width = np.median(dataset.sizes, axis=0)
    return round(float(height)), round(float(width))


def size_text(dataset: "ImageSet") -> str:
    """``28 × 28``, or ``mixed sizes, usually 375 × 500, 80 of 100 not square``"""
    height, width = usual_size(dataset)
    text = f"{height:,} × {width:,}"
    if dataset.sizes is None:
        return text
    others = int((dataset.sizes[:, 0] != dataset.sizes[:, 1]).sum())
    square = f", {others:,} of {len(dataset):,} not square" if others else ""
    return f"mixed sizes, usually {text}{square}"


def suggested_shape(dataset: "ImageSet", own: Shape) -> Shape:
    """An input C × H × W for a network whose input is `own`: that of the images or, where their sizes differ
    or are large, their usual size, shrunk.
    """
    height, width = usual_size(dataset)
    most = max(MOST, *own[1:])
    if dataset.shape is not None and max(height, width) <= most:
        return dataset.shape
    scale = min(1.0, most / max(height, width))
    height, width = (max(1, round(side * scale / STEP)) * STEP for side in (height, width))
    return dataset.channels, height, width


def is_choice(dataset: "ImageSet", own: Shape) -> bool:
    """Whether how network and images are fitted to each other is the user's choice: resized to the input
    `own`, the images would lose color or much detail, or be much enlarged.
    """
    channels, height, width = suggested_shape(dataset, own)
    ratio = height * width / (own[1] * own[2])
    return channels > own[0] or not 1 / LARGE < ratio < LARGE


def is_squashed(size: tuple[int, int], own: Shape) -> bool:
    """Whether an image of this (height, width) looks squashed in the input `own`."""
    ratio = size[0] * own[2] / (size[1] * own[1])
    return not 1 / SQUASHED < ratio < SQUASHED


def loss_text(dataset: "ImageSet", own: Shape) -> str:
    """``images resized to 1 × 32 × 32 lose their color``; "" if they keep color and aspect ratio."""
    height, width = usual_size(dataset)
    lost = ["their color"] if dataset.channels > own[0] else []
    if is_squashed((height, width), own):
        lost.append(f"their aspect ratio (usually {height:,} × {width:,})")
    return f"images resized to {shape_text(own)} lose {' and '.join(lost)}" if lost else ""
