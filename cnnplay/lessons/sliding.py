"""How a window slides over a map: its position for each output, padding included."""

from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnplay.shapes.arithmetic import sides

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = int | float
Pair: TypeAlias = tuple[int, int]
Pads: TypeAlias = tuple[int, int, int, int]
"""Rows and columns added around a map: (top, bottom, left, right)."""


class Sliding(msgspec.Struct, frozen=True, kw_only=True):
    """A window of `kernel` pixels on a map of `size` pixels; all sizes are (height, width)."""

    size: Pair
    kernel: Pair
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    @property
    def span(self) -> Pair:
        """The pixels from the window's first row or column to its last: d·(f − 1) + 1."""
        return (
            self.dilation[0] * (self.kernel[0] - 1) + 1,
            self.dilation[1] * (self.kernel[1] - 1) + 1,
        )

    @property
    def padded(self) -> Pair:
        """The map's size including padding."""
        top, bottom, left, right = self.pads
        return (self.size[0] + top + bottom, self.size[1] + left + right)

    @property
    def output(self) -> Pair:
        """⌊(n + p − d·(f − 1) − 1) / s⌋ + 1 in each dimension; 0 if the window does not fit."""
        (height, width), (tall, wide) = self.padded, self.span
        return (
            max(0, (height - tall) // self.stride[0] + 1),
            max(0, (width - wide) // self.stride[1] + 1),
        )

    @property
    def steps(self) -> int:
        """The number of window positions."""
        return self.output[0] * self.output[1]

    def place(self, index: int) -> Pair:
        """The (row, column) of the output at the `index`-th step, row by row."""
        return divmod(index, self.output[1])

    def rows(self, row: int) -> tuple[int, ...]:
        """The input rows under the window for an output row; padding is below 0 or at least the height."""
        first = row * self.stride[0] - self.pads[0]
        return tuple(first + self.dilation[0] * line for line in range(self.kernel[0]))

    def columns(self, column: int) -> tuple[int, ...]:
        """The input columns under the window for an output column; padding is outside the map."""
        first = column * self.stride[1] - self.pads[2]
        return tuple(first + self.dilation[1] * line for line in range(self.kernel[1]))

    def check(self, row: int, column: int) -> None:
        """Raises IndexError if the output has no such cell."""
        height, width = self.output
        if not (0 <= row < height and 0 <= column < width):
            raise IndexError(
                f"the output is {height} × {width}; it has no cell in row {row}, column {column}"
            )


def pads_of(padding: Literal["same", "valid"] | Pair, kernel: Pair, dilation: Pair = (1, 1)) -> Pads:
    """A padding, named or in pixels, as (top, bottom, left, right).

    "same" adds d·(f − 1) in total, half on each side, the odd pixel at the bottom and the right.
    """
    down, across = sides(padding, kernel, dilation)
    return (*down, *across)


def inside(sliding: Sliding, row: int, column: int) -> Array:
    """Which cells of the window are on the map (True) and which in the padding, f × f."""
    rows = np.array([0 <= line < sliding.size[0] for line in sliding.rows(row)])
    columns = np.array([0 <= line < sliding.size[1] for line in sliding.columns(column)])
    both: Array = rows[:, None] & columns[None, :]
    return both


def patch(maps: Array, sliding: Sliding, row: int, column: int, fill: Number = 0) -> Array:
    """The values of C × H × W under the window at an output cell, C × f × f; `fill` outside the map."""
    sliding.check(row, column)
    found = np.full((maps.shape[0], *sliding.kernel), fill, dtype=np.result_type(maps, type(fill)))
    for i, y in enumerate(sliding.rows(row)):
        for j, x in enumerate(sliding.columns(column)):
            if 0 <= y < sliding.size[0] and 0 <= x < sliding.size[1]:
                found[:, i, j] = maps[:, y, x]
    return found


def pad_maps(maps: Array, sliding: Sliding, fill: Number = 0) -> Array:
    """C × H × W with padding."""
    top, bottom, left, right = sliding.pads
    widths = ((0, 0), (top, bottom), (left, right))
    kind = np.result_type(maps, type(fill)) if fill else maps.dtype
    return np.pad(maps.astype(kind), widths, constant_values=fill)


def shifted(padded: Array, sliding: Sliding, i: int, j: int) -> Array:
    """The values under the window's cell (i, j) at every position, C × H' × W' (a view)."""
    height, width = sliding.output
    top, left = i * sliding.dilation[0], j * sliding.dilation[1]
    down, across = sliding.stride
    return padded[
        :, top : top + down * (height - 1) + 1 : down, left : left + across * (width - 1) + 1 : across
    ]


def first_varied(one_map: Array, sliding: Sliding) -> int:
    """The first step whose window has some contrast: its values deviate from their mean at least half as much
    as those of the window where they do so most.
    """
    if sliding.steps < 2:
        return 0
    padded = np.nan_to_num(pad_maps(one_map[None], sliding)).astype(np.float64)
    cells = [shifted(padded, sliding, i, j)[0] for i, j in np.ndindex(*sliding.kernel)]
    deviation = np.std(cells, axis=0).ravel()
    return int(np.flatnonzero(deviation >= deviation.max() / 2)[0])
