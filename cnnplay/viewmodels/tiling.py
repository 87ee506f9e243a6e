"""Many small pictures in one: where each tile goes, and the one image that shows them all.

Everything is counted in whole screen pixels, so that a value of a map is always a square of n × n pixels
(or, where maps are larger than their tiles, one pixel is the mean of n × n values). A tile has one number
through all pages; a page shows the `numbers` of an `Arrangement`.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cnnplay.viewmodels.numerals import numeral, span

Scale: TypeAlias = Literal["signed", "magnitude", "picture"]
Size: TypeAlias = tuple[int, int]
"""(height, width)."""

PAGE = 64
"""No more tiles than these on a page: more cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """What a view of tiles shows.

    `values` is N × h × w numbers, or N × h × w × 3 bytes (`scale` is "picture"). `limits` is N × 2: the
    numbers at the two ends of each tile's colour scale. With `columns` above 0 the tiles are a mosaic: tile
    i lies in row i // columns, rows and columns carry `row_labels` and `column_labels`; else they flow, and
    each carries its own of the `labels`.
    """

    values: npt.NDArray[np.generic]
    scale: Scale
    limits: npt.NDArray[np.float64]
    labels: tuple[str, ...] = ()
    accents: tuple[str, ...] = ()
    """The first words of the labels that are drawn in the colour of faults ("1" of "1 for 7")."""
    columns: int = 0
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    word: str = "map"
    column_word: str = "channel"

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def size(self) -> Size:
        return int(self.values.shape[1]), int(self.values.shape[2])

    def name(self, number: int) -> str:
        """What the tile is called: ``map 4``, or ``filter 3, channel 2``."""
        if self.columns:
            row, column = divmod(number, self.columns)
            return f"{self.word} {row + 1}, {self.column_word} {column + 1}"
        return f"{self.word} {number + 1}"

    def pixel_words(self, number: int, row: int, column: int) -> str:
        """The value at a place of a tile: ``map 4 · row 3, column 7: −0.31``."""
        height, width = self.size
        value = self.values[number, min(row, height - 1), min(column, width - 1)]
        if self.scale == "picture":
            channels = [int(channel) for channel in np.ravel(value)]
            level = str(channels[0]) if len(set(channels)) == 1 else ", ".join(map(str, channels))
            return f"{self.caption(number)} · row {row + 1}, column {column + 1}: {level}"
        return f"{self.name(number)} · row {row + 1}, column {column + 1}: {numeral(float(value))}"

    def tile_words(self, number: int) -> str:
        """What a whole tile holds: ``map 4 · −0.98 to 0.99``."""
        if self.scale == "picture":
            return self.caption(number)
        tile = self.values[number]
        return f"{self.name(number)} · {span(float(tile.min()), float(tile.max()))}"

    def caption(self, number: int) -> str:
        return self.labels[number] if number < len(self.labels) else self.name(number)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where the tiles of one page lie. All lengths are screen pixels, as (y, x) or (height, width)."""

    numbers: npt.NDArray[np.int64]
    """rows × columns: which tile lies there; −1 for none."""
    zoom: int
    """Screen pixels a value, each way (1 where the tiles are shrunk)."""
    shrink: int
    """Values a screen pixel, each way (1 where the tiles are enlarged)."""
    tile: Size
    pitch: Size
    origin: Size

    @property
    def extent(self) -> Size:
        """The size of the image that holds all tiles of the page."""
        rows, columns = self.numbers.shape
        return (
            (rows - 1) * self.pitch[0] + self.tile[0] if rows else 0,
            (columns - 1) * self.pitch[1] + self.tile[1] if columns else 0,
        )

    def corner(self, row: int, column: int) -> Size:
        """The upper left corner of the tile in that row and column."""
        return self.origin[0] + row * self.pitch[0], self.origin[1] + column * self.pitch[1]

    def place(self, number: int) -> tuple[int, int] | None:
        """The row and column in which a tile lies, or None when it is on another page."""
        found = np.argwhere(self.numbers == number)
        return (int(found[0][0]), int(found[0][1])) if len(found) and number >= 0 else None

    def hit(self, y: int, x: int) -> tuple[int, int, int] | None:
        """(tile, row in its map, column in its map) at a screen pixel, or None between the tiles."""
        row, inner_y = divmod(y - self.origin[0], self.pitch[0])
        column, inner_x = divmod(x - self.origin[1], self.pitch[1])
        rows, columns = self.numbers.shape
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        number = int(self.numbers[row, column])
        if number < 0 or inner_y >= self.tile[0] or inner_x >= self.tile[1]:
            return None
        return number, inner_y * self.shrink // self.zoom, inner_x * self.shrink // self.zoom


def flow(
    count: int,
    size: Size,
    area: Size,
    *,
    label: int,
    gap: int,
    least: int,
    most: int,
    first: int = 0,
    least_width: int = 0,
) -> Arrangement:
    """Tiles one after another in rows, as large as fits, with `label` pixels under each.

    The page holds tile `first`. Tiles are at least `least` pixels (then fewer go on a page) and at most
    `most` pixels on their longer side; `least_width` is what a label needs.
    """
    per_page = min(count, PAGE)
    while per_page > 1 and _best_flow(per_page, size, area, label, gap, least_width)[1] < least:
        per_page = per_page - 1 if per_page <= 16 else per_page - 4
    columns, longer = _best_flow(max(1, per_page), size, area, label, gap, least_width)
    zoom, shrink = whole_scale(size, min(longer, most))
    tile = scaled(size, zoom, shrink)
    pitch = (tile[0] + label + gap, max(tile[1], least_width) + gap)
    columns = max(1, min(per_page, (area[1] + gap) // pitch[1] or 1))
    rows = -(-per_page // columns) if per_page else 0
    start = first // per_page * per_page if per_page else 0
    numbers = np.arange(start, start + rows * columns, dtype=np.int64).reshape(rows, columns)
    numbers[numbers >= min(count, start + per_page)] = -1
    return Arrangement(numbers, zoom, shrink, tile, pitch, (0, (pitch[1] - gap - tile[1]) // 2))


def grid(
    rows: int,
    columns: int,
    size: Size,
    area: Size,
    *,
    left: int,
    top: int,
    gap: int,
    least: int,
    most: int,
    first: tuple[int, int] = (0, 0),
) -> Arrangement:
    """A mosaic with labels on its left and top; the page holds the row and column in `first`."""
    free = (max(1, area[0] - top), max(1, area[1] - left))
    largest = max(size)
    fit_rows = (free[0] + gap) // rows - gap
    fit_columns = (free[1] + gap) // columns - gap
    longer = min(fit_rows * largest // size[0], fit_columns * largest // size[1], most)
    zoom, shrink = whole_scale(size, max(longer, least))
    tile = scaled(size, zoom, shrink)
    pitch = (tile[0] + gap, tile[1] + gap)
    shown_rows = max(1, min(rows, (free[0] + gap) // pitch[0]))
    shown_columns = max(1, min(columns, (free[1] + gap) // pitch[1]))
    row0 = first[0] // shown_rows * shown_rows
    column0 = first[1] // shown_columns * shown_columns
    down = np.arange(row0, min(rows, row0 + shown_rows), dtype=np.int64)
    across = np.arange(column0, min(columns, column0 + shown_columns), dtype=np.int64)
    return Arrangement(down[:, None] * columns + across[None, :], zoom, shrink, tile, pitch, (top, left))


def whole_scale(size: Size, longer: int) -> tuple[int, int]:
    """(zoom, shrink), one of them 1, so that the longer side takes at most `longer` pixels."""
    longest = max(size)
    if longer >= longest:
        return max(1, longer // longest), 1
    return 1, -(-longest // max(1, longer))


def scaled(size: Size, zoom: int, shrink: int) -> Size:
    """A size after scaling; at least one pixel each way."""
    return max(1, size[0] * zoom // shrink), max(1, size[1] * zoom // shrink)


def scale_values(values: npt.NDArray[np.generic], zoom: int, shrink: int) -> npt.NDArray[np.generic]:
    """N × h × w (× 3) values brought to screen pixels: each repeated, or means of blocks."""
    if shrink > 1:
        height, width = scaled((values.shape[1], values.shape[2]), 1, shrink)
        step_y, step_x = min(shrink, values.shape[1]), min(shrink, values.shape[2])
        cut = values[:, : height * step_y, : width * step_x]
        blocks = cut.reshape(len(cut), height, step_y, width, step_x, *cut.shape[3:])
        means: npt.NDArray[np.generic] = blocks.mean(axis=(2, 4), dtype=np.float32)
        return means.astype(np.uint8) if values.dtype == np.uint8 else means
    return values.repeat(zoom, axis=1).repeat(zoom, axis=2) if zoom > 1 else values


def compose(arrangement: Arrangement, colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The page as one image, H × W × 4 (clear between the tiles).

    `colours` is n × h × w × 3, the tiles of the page in order, already at their size on the screen.
    """
    height, width = arrangement.extent
    image = np.zeros((height, width, 4), np.uint8)
    at = 0
    for row, numbers in enumerate(arrangement.numbers):
        for column, number in enumerate(numbers):
            if number < 0:
                continue
            y, x = row * arrangement.pitch[0], column * arrangement.pitch[1]
            image[y : y + arrangement.tile[0], x : x + arrangement.tile[1], :3] = colours[at]
            image[y : y + arrangement.tile[0], x : x + arrangement.tile[1], 3] = 255
            at += 1
    return image


def fractions(values: npt.NDArray[np.generic], limits: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """N × h × w values as fractions of each tile's own limits (N × 2); 0.5 where these are equal."""
    low = limits[:, 0].astype(np.float32)[:, None, None]
    span = limits[:, 1].astype(np.float32)[:, None, None] - low
    flat = span <= 0
    result = (values.astype(np.float32) - low) / np.where(flat, np.float32(1), span)
    return np.asarray(np.where(flat, 0.5, result), np.float32)


def _best_flow(count: int, size: Size, area: Size, label: int, gap: int, least_width: int) -> tuple[int, int]:
    """(columns, pixels on the longer side) of the largest tiles with which `count` fit into the area."""
    best = (1, 0)
    longest = max(size)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        width = (area[1] + gap) // columns - gap
        height = (area[0] + gap) // rows - gap - label
        if width < least_width or width <= 0 or height <= 0:
            continue
        longer = min(width * longest // size[1], height * longest // size[0])
        if longer >= longest:
            longer -= longer % longest
        if longer > best[1]:
            best = (columns, longer)
    return best
