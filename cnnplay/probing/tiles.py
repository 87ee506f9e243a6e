"""Many small maps as one picture: the grid they lie in, and the values' range that the colours span."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Grid(msgspec.Struct, frozen=True):
    """Where tiles of `height` × `width` pixels lie: row by row, `gap` pixels apart and around."""

    count: int
    columns: int
    height: int
    width: int
    gap: int = 1

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """The whole picture's height and width."""
        return (
            self.rows * (self.height + self.gap) + self.gap,
            self.columns * (self.width + self.gap) + self.gap,
        )

    def corner(self, index: int) -> tuple[int, int]:
        """The top left pixel (row, column) of a tile."""
        row, column = divmod(index, self.columns)
        return row * (self.height + self.gap) + self.gap, column * (self.width + self.gap) + self.gap

    def at(self, row: float, column: float) -> tuple[int, int, int] | None:
        """The tile under a point of the picture and the pixel (row, column) inside it; None between."""
        tile_row, inside_row = divmod(math.floor(row) - self.gap, self.height + self.gap)
        tile_column, inside_column = divmod(math.floor(column) - self.gap, self.width + self.gap)
        index = tile_row * self.columns + tile_column
        inside = inside_row < self.height and inside_column < self.width
        if not inside or tile_row < 0 or not 0 <= tile_column < self.columns or index >= self.count:
            return None
        return index, inside_row, inside_column


def grid(maps: npt.NDArray[np.float32], columns: int, gap: int = 1) -> Grid:
    """The grid of maps N × H × W with at most `columns` in a row."""
    count, height, width = maps.shape[:3]
    return Grid(count, max(1, min(columns, count)), height, width, gap)


def mosaic(maps: Floats, columns: int, gap: int = 1, fill: float = math.nan) -> Floats:
    """Maps N × H × W (or N × H × W × 3) as one picture, row by row; the gaps hold `fill`.

    `grid` with the same arguments says where each lies.
    """
    place = grid(maps, columns, gap)
    picture = np.full((*place.shape, *maps.shape[3:]), fill, np.float32)
    for index, tile in enumerate(maps):
        top, left = place.corner(index)
        picture[top : top + place.height, left : left + place.width] = tile
    return picture


def filter_rows(kernels: Floats, first: int, rows: int, channels: int, first_channel: int = 0) -> Floats:
    """A page of kernels (out, in, h, w) as tiles N × h × w for `mosaic`: a row a filter, a column a channel.

    At most `rows` filters from `first` on and `channels` input channels from `first_channel` on; the
    mosaic's columns are then ``min(channels, in - first_channel)``.
    """
    page = kernels[first : first + rows, first_channel : first_channel + channels]
    return page.reshape(-1, *kernels.shape[2:])


def columns_for(count: int, height: int, width: int, aspect: float) -> int:
    """How many columns bring the mosaic closest to `aspect` (width / height of the place for it)."""
    if count < 1:
        return 1
    ideal = math.sqrt(count * aspect * height / width)
    return max(1, min(count, round(ideal)))


def signed_limits(values: Floats) -> tuple[float, float]:
    """(−m, m) with the largest magnitude m: for a diverging scale centred at zero. Never empty."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    return (-largest, largest) if largest > 0 else (-1.0, 1.0)


def magnitude_limits(values: Floats) -> tuple[float, float]:
    """(smallest, largest) finite value, never empty."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low, low + 1.0)
