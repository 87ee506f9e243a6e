"""Flips, rotates, crops and shifts each image of a batch in its own way, with one lookup for the whole batch.

For every pixel of the new image, its position in the old image is computed. Going backward leaves no holes,
and all transforms combine into x_old = A · x_new + t, with a 2 × 2 matrix and an offset per image.
Whole-pixel moves copy pixels exactly; in between, the four neighbors are interpolated (bilinear). Outside the
image, the edge is repeated.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Transforms:
    """The transforms of B images, applied in this order; every field has B values."""

    mirrored: NDArray[np.bool_]
    """Horizontal flip."""
    degrees: Floats
    """Counter-clockwise rotation about the center."""
    width: Floats
    height: Floats
    """The size of the crop window relative to the image,"""
    window_x: Floats
    window_y: Floats
    """and its offset from the center in pixels; the crop is resized to the image's size."""
    right: Integers
    down: Integers
    """Shift by whole pixels."""

    @property
    def exact(self) -> bool:
        """Whether every new pixel is a copy of an old one."""
        return not (self.degrees.any() or (self.width != 1).any() or (self.height != 1).any())


@dataclass(frozen=True, slots=True)
class SourcePixels:
    """Where every new pixel comes from, as sums of a row part and a column part.

    For exact transforms, the parts are offsets in memory, B × H and B × W · C. Otherwise, for each of x and y
    (from −1 to 1), the contributions of the column, B × W, and of the row, B × H.
    """

    exact: bool
    parts: tuple[Tensor, ...]

    def part(self, first: int, count: int) -> "SourcePixels":
        """Those of `count` images from `first` on."""
        return SourcePixels(self.exact, tuple(part.narrow(0, first, count) for part in self.parts))


def source_pixels(moves: Transforms, height: int, width: int, channels: int) -> SourcePixels:
    """Computes where the pixels of transformed images come from."""
    if moves.exact:
        return SourcePixels(True, _exact_pixels(moves, height, width, channels))
    return SourcePixels(False, _coordinates(moves, height, width))


def _exact_pixels(moves: Transforms, height: int, width: int, channels: int) -> tuple[Tensor, Tensor]:
    """The offset of each row, and the offset of each value within the row."""
    row = np.clip(np.arange(height) - moves.down[:, None], 0, height - 1)
    column = np.clip(np.arange(width) - moves.right[:, None], 0, width - 1)
    column = np.where(moves.mirrored[:, None], width - 1 - column, column)
    place = column[:, :, None] * channels + np.arange(channels)
    return torch.from_numpy(row * width * channels), torch.from_numpy(place.reshape(len(place), -1))


def _coordinates(moves: Transforms, height: int, width: int) -> tuple[Tensor, ...]:
    """x_old = ± (cos · x − sin · y) and y_old = sin · x + cos · y, in units of half the image."""
    # Both are in pixels from the image's center, so that a rotation keeps angles if H ≠ W.
    x = np.arange(width) - (width - 1) / 2 - moves.right[:, None]
    y = np.arange(height) - (height - 1) / 2 - moves.down[:, None]
    x = moves.width[:, None] * x + moves.window_x[:, None]
    y = moves.height[:, None] * y + moves.window_y[:, None]
    angle = np.deg2rad(moves.degrees)[:, None]
    cos, sin, side = np.cos(angle), np.sin(angle), np.where(moves.mirrored, -1.0, 1.0)[:, None]
    across, down = side * 2 / width, 2 / height
    parts = (across * cos * x, -across * sin * y, down * sin * x, down * cos * y)
    return tuple(torch.from_numpy(part.astype(np.float32)) for part in parts)


def transformed(lines: Tensor, found: SourcePixels, channels: int) -> Tensor:
    """Transforms images B × H × (W · C) in channels_last's memory order; returns a new tensor."""
    count, height, across = lines.shape
    if found.exact:
        # Each value is copied from its old position: nothing is rounded.
        starts, places = (part.to(lines.device) for part in found.parts)
        old = (starts[:, :, None] + places[:, None, :]).view(count, -1)
        return lines.reshape(count, -1).gather(1, old).view(count, height, across)
    width = across // channels
    grid = torch.empty(count, height, width, 2, dtype=lines.dtype, device=lines.device)
    columns_x, rows_x, columns_y, rows_y = (part.to(lines.device, lines.dtype) for part in found.parts)
    torch.add(columns_x[:, None, :], rows_x[:, :, None], out=grid[..., 0])
    torch.add(columns_y[:, None, :], rows_y[:, :, None], out=grid[..., 1])
    # Interpolates between the four old pixels around each position.
    images = lines.view(count, height, width, channels).permute(0, 3, 1, 2)
    new = F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return new.permute(0, 2, 3, 1).reshape(count, height, across)
