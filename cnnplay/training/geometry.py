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


@dataclass(frozen=True, slots=True)
class Sources:
    """Where every new pixel lay, as two parts of which the sum is taken: one of its row, one of its column.

    Of exact moves the place in memory, B × H and B × W · C. Else x and y from −1 to 1: of each, what the
    column adds and what the row adds, B × W and B × H.
    """

    exact: bool
    parts: tuple[Tensor, ...]

    def some(self, first: int, count: int) -> "Sources":
        """Those of so many pictures."""
        return Sources(self.exact, tuple(part.narrow(0, first, count) for part in self.parts))


def sources(moves: Moves, height: int, width: int, channels: int) -> Sources:
    """Works out where the pixels of moved pictures lay."""
    if moves.exact:
        return Sources(True, _places(moves, height, width, channels))
    return Sources(False, _coordinates(moves, height, width))


def _places(moves: Moves, height: int, width: int, channels: int) -> tuple[Tensor, Tensor]:
    """Where each row begins, and where in it each number lies."""
    row = np.clip(np.arange(height) - moves.down[:, None], 0, height - 1)
    column = np.clip(np.arange(width) - moves.right[:, None], 0, width - 1)
    column = np.where(moves.mirrored[:, None], width - 1 - column, column)
    place = column[:, :, None] * channels + np.arange(channels)
    return torch.from_numpy(row * width * channels), torch.from_numpy(place.reshape(len(place), -1))


def _coordinates(moves: Moves, height: int, width: int) -> tuple[Tensor, ...]:
    """x_old = ± (cos · x − sin · y) and y_old = sin · x + cos · y, in halves of the picture."""
    # Both are counted in pixels from the picture's middle, so that a turn keeps angles where H ≠ W.
    x = np.arange(width) - (width - 1) / 2 - moves.right[:, None]
    y = np.arange(height) - (height - 1) / 2 - moves.down[:, None]
    x = moves.width[:, None] * x + moves.window_x[:, None]
    y = moves.height[:, None] * y + moves.window_y[:, None]
    angle = np.deg2rad(moves.degrees)[:, None]
    cos, sin, side = np.cos(angle), np.sin(angle), np.where(moves.mirrored, -1.0, 1.0)[:, None]
    across, down = side * 2 / width, 2 / height
    parts = (across * cos * x, -across * sin * y, down * sin * x, down * cos * y)
    return tuple(torch.from_numpy(part.astype(np.float32)) for part in parts)


def moved(lines: Tensor, found: Sources, channels: int) -> Tensor:
    """B × H × (W · C) pictures, as they lie in memory in channels_last's order, moved: a new tensor."""
    count, height, across = lines.shape
    if found.exact:
        # Each number is fetched from its old place: nothing is rounded.
        starts, places = (part.to(lines.device) for part in found.parts)
        old = (starts[:, :, None] + places[:, None, :]).view(count, -1)
        return lines.reshape(count, -1).gather(1, old).view(count, height, across)
    width = across // channels
    grid = torch.empty(count, height, width, 2, dtype=lines.dtype, device=lines.device)
    columns_x, rows_x, columns_y, rows_y = (part.to(lines.device, lines.dtype) for part in found.parts)
    torch.add(columns_x[:, None, :], rows_x[:, :, None], out=grid[..., 0])
    torch.add(columns_y[:, None, :], rows_y[:, :, None], out=grid[..., 1])
    # The four old pixels around each place are mixed by how near they are.
    pictures = lines.view(count, height, width, channels).permute(0, 3, 1, 2)
    new = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return new.permute(0, 2, 3, 1).reshape(count, height, across)
