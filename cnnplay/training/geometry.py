"""Pictures that are mirrored, turned, cut and shifted, each in its own way: one look-up for a whole batch.

For every pixel of the new picture it is worked out where it lay in the old one. Going backwards leaves no
holes, and all moves join into one: x_old = A · x_new + t, a 2 × 2 matrix and an offset for each picture.
Whole pixels are copied as they are; between pixels the four neighbours are mixed (bilinear). Beyond a
picture's edge the edge is repeated.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moves:
    """What happens to each of B pictures; every field holds B numbers. In this order:"""

    mirrored: NDArray[np.bool_]
    """Left and right change places."""
    degrees: Floats
    """Then it is turned about its middle, counter-clockwise."""
    width: Floats
    height: Floats
    """Of that a window is kept, so large as a part of the whole,"""
    window_x: Floats
    window_y: Floats
    """and so far from the middle, in pixels; it is enlarged to the picture's size."""
    right: Whole
    down: Whole
    """At last it is shifted by whole pixels."""

    @property
    def exact(self) -> bool:
        """Whether every new pixel is one of the old ones."""
        return not (self.degrees.any() or (self.width != 1).any() or (self.height != 1).any())


def moved(lines: Tensor, moves: Moves, channels: int) -> Tensor:
    """B × H × (W · C) pictures, as they lie in memory in channels_last's order, moved: a new tensor."""
    return _looked_up(lines, moves, channels) if moves.exact else _sampled(lines, moves, channels)


def _looked_up(lines: Tensor, moves: Moves, channels: int) -> Tensor:
    """Each number is fetched from its old place: nothing is rounded."""
    count, height, across = lines.shape
    width = across // channels
    row = np.clip(np.arange(height) - moves.down[:, None], 0, height - 1)
    column = np.clip(np.arange(width) - moves.right[:, None], 0, width - 1)
    column = np.where(moves.mirrored[:, None], width - 1 - column, column)
    place = (column[:, :, None] * channels + np.arange(channels)).reshape(count, across)
    starts, places = _there(row * across, lines), _there(place, lines)
    places = (starts[:, :, None] + places[:, None, :]).view(count, -1)
    return lines.reshape(count, -1).gather(1, places).view(count, height, across)


def _sampled(lines: Tensor, moves: Moves, channels: int) -> Tensor:
    """The four old pixels around each place are mixed by how near they are."""
    count, height, across = lines.shape
    width = across // channels
    # Both are counted in pixels from the picture's middle, so that a turn keeps angles where H ≠ W.
    x = np.arange(width) - (width - 1) / 2 - moves.right[:, None]  # B × W
    y = np.arange(height) - (height - 1) / 2 - moves.down[:, None]  # B × H
    x = moves.width[:, None] * x + moves.window_x[:, None]
    y = moves.height[:, None] * y + moves.window_y[:, None]
    angle = np.deg2rad(moves.degrees)[:, None]
    cos, sin, side = np.cos(angle), np.sin(angle), np.where(moves.mirrored, -1.0, 1.0)[:, None]
    # x_old = ± (cos · x − sin · y) and y_old = sin · x + cos · y, in halves of the picture: −1 … 1 is all.
    half_width, half_height = width / 2, height / 2
    grid = torch.empty(count, height, width, 2, dtype=lines.dtype, device=lines.device)
    for axis, (of_x, of_y) in enumerate(
        (
            (side * cos * x / half_width, -side * sin * y / half_width),
            (sin * x / half_height, cos * y / half_height),
        )
    ):
        torch.add(_there(of_x, lines)[:, None, :], _there(of_y, lines)[:, :, None], out=grid[..., axis])
    pictures = lines.view(count, height, width, channels).permute(0, 3, 1, 2)
    new = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return new.permute(0, 2, 3, 1).reshape(count, height, across)


def _there(numbers: Floats | Whole, like: Tensor) -> Tensor:
    """Numbers on the pictures' device, fractions in the pictures' precision."""
    given = torch.from_numpy(numbers)
    # Rounded first: not every device knows doubles.
    return (given.to(like.dtype) if given.is_floating_point() else given).to(like.device)
