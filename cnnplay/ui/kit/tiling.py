"""Many small images (tiles) in one: where each tile goes, and the image that shows them all.

All lengths are whole screen pixels. A tile has the same number on all pages; a page shows the
`numbers` of an `Arrangement`.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cnnplay.ui.kit.numerals import numeral, span

Scale: TypeAlias = Literal["signed", "magnitude", "image"]
Size: TypeAlias = tuple[int, int]
"""(height, width)."""

Numbers: TypeAlias = npt.NDArray[np.int64]

DETAIL = " · "
"""Separates a label's name from its details, which are left out if there is little room."""
PAGE = 64
"""The most tiles on a page: more cannot be distinguished."""
CAPTION = 1.5
"""The width of a label in tiles, at most, unless there is room to spare. Longer labels are elided."""
ENOUGH = 0.85
"""Values are drawn as squares of a whole number of pixels if that uses at least this much of the room."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """What a view of tiles shows.

    `values` is N × h × w numbers, or N × h × w × 3 bytes (if `scale` is "image"). `limits` is N × 2: the
    numbers at the two ends of each tile's color scale. With `columns` above 0 the tiles are a mosaic: tile
    i is in row i // columns, and rows and columns have `row_labels` and `column_labels`. Otherwise tiles
    flow, and each has one of the `labels`.
    """

    values: npt.NDArray[np.generic]
    scale: Scale
    limits: npt.NDArray[np.float64]
    labels: tuple[str, ...] = ()
    accents: tuple[str, ...] = ()
    """The beginnings of labels, drawn in the color of problems ("predicted 1" of "predicted 1, is 7")."""
    brief_labels: tuple[str, ...] = ()
    """Labels for little room; () for those up to their first detail."""
    brief_accents: tuple[str, ...] = ()
    columns: int = 0
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    noun: str = "map"
    column_noun: str = "channel"

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def is_brief(self) -> bool:
        details = any(DETAIL in text for text in (*self.labels, *self.row_labels))
        return not (self.brief_labels or details)

    def brief(self) -> "Tiles":
        """The same tiles with brief labels, or up to the first detail: ``1`` for ``1 · norm 0.70``."""
        if self.is_brief:
            return self
        if self.brief_labels:
            labels, accents = self.brief_labels, self.brief_accents
            return replace(self, labels=labels, accents=accents, brief_labels=(), brief_accents=())
        rows = tuple(text.split(DETAIL)[0] for text in self.row_labels)
        return replace(self, labels=tuple(text.split(DETAIL)[0] for text in self.labels), row_labels=rows)

    @property
    def size(self) -> Size:
        return int(self.values.shape[1]), int(self.values.shape[2])

    def name(self, number: int) -> str:
        """The tile's name: ``map 4``, or ``filter 3, channel 2``."""
        if self.columns:
            row, column = divmod(number, self.columns)
            return f"{self.noun} {row + 1}, {self.column_noun} {column + 1}"
        return f"{self.noun} {number + 1}"

    def pixel_text(self, number: int, row: int, column: int) -> str:
        """The value at a pixel of a tile: ``map 4 · row 3, column 7: −0.31``."""
        height, width = self.size
        value = self.values[number, min(row, height - 1), min(column, width - 1)]
        if self.scale == "image":
            channels = [int(channel) for channel in np.ravel(value)]
            level = str(channels[0]) if len(set(channels)) == 1 else ", ".join(map(str, channels))
            return f"{self.caption(number)} · row {row + 1}, column {column + 1}: {level}"
        return f"{self.name(number)} · row {row + 1}, column {column + 1}: {numeral(float(value))}"

    def tile_text(self, number: int) -> str:
        """A whole tile's range: ``map 4 · −0.98 to 0.99``."""
        if self.scale == "image":
            return self.caption(number)
        tile = self.values[number]
        texts = self.row_labels if self.columns else self.labels
        text = texts[number // max(1, self.columns)] if texts else ""
        detail = DETAIL + text.split(DETAIL, 1)[1] if DETAIL in text else ""
        return f"{self.name(number)}{detail} · {span(float(tile.min()), float(tile.max()))}"

    def caption(self, number: int) -> str:
        return self.labels[number] if number < len(self.labels) else self.name(number)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where the tiles of one page are. All lengths are screen pixels, as (y, x) or (height, width)."""

    numbers: Numbers
    """rows × columns: the tile at each place; −1 for none."""
    size: Size
    """A tile's size in values."""
    tile: Size
    """A tile's size in pixels."""
    pitch: Size
    origin: Size
    block: int = 0
    """A mosaic with room to spare continues at the right: the number of columns of such a block, …"""
    gutter: int = 0
    """… and the extra space between two blocks, for the labels of the rows."""

    @property
    def extent(self) -> Size:
        """The size of the image that holds all tiles of the page."""
        rows, columns = self.numbers.shape
        if not rows or not columns:
            return 0, 0
        last = self._offset(rows - 1, columns - 1)
        return last[0] + self.tile[0], last[1] + self.tile[1]

    def corner(self, row: int, column: int) -> Size:
        """The upper left corner of the tile in that row and column."""
        y, x = self._offset(row, column)
        return self.origin[0] + y, self.origin[1] + x

    def place(self, number: int) -> tuple[int, int] | None:
        """The row and column of a tile, or None if it is on another page."""
        return self._places.get(number)

    @cached_property
    def _places(self) -> dict[int, tuple[int, int]]:
        return {int(number): place for place, number in np.ndenumerate(self.numbers) if number >= 0}

    def hit(self, y: int, x: int) -> tuple[int, int, int] | None:
        """(tile, row in its map, column in its map) at a screen pixel, or None between the tiles."""
        row, inner_y = divmod(y - self.origin[0], self.pitch[0])
        column, inner_x = self._column_at(x - self.origin[1])
        rows, columns = self.numbers.shape
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        number = int(self.numbers[row, column])
        if number < 0 or inner_y >= self.tile[0] or not 0 <= inner_x < self.tile[1]:
            return None
        return number, inner_y * self.size[0] // self.tile[0], inner_x * self.size[1] // self.tile[1]

    def _offset(self, row: int, column: int) -> Size:
        blocks = column // self.block if self.block else 0
        return row * self.pitch[0], column * self.pitch[1] + blocks * self.gutter

    def _column_at(self, x: int) -> tuple[int, int]:
        """(column, pixels from its left edge)."""
        if not self.block:
            return divmod(x, self.pitch[1])
        block, rest = divmod(x, self.block * self.pitch[1] + self.gutter)
        column = min(rest // self.pitch[1], self.block - 1)
        return block * self.block + column, rest - column * self.pitch[1]


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
    caption: int = 0,
    preferred: int = 0,
) -> Arrangement:
    """Tiles one after another in rows, as large as fits, with `label` pixels under each.

    The page contains tile `first`. Tiles have at least `least` pixels (then fewer fit on a page) and at most
    `most` pixels on their longer side. `caption` is the width that a label needs: it gets that, or one and a
    half tiles. `preferred` is the width that a label gets if no tile becomes smaller by it.
    """
    shown = max(1, min(count, PAGE))
    while shown > 1 and _best_split(shown, size, area, label, gap, caption, most)[0] < least:
        shown -= 1
    longer, columns = _best_split(shown, size, area, label, gap, caption, most)
    tile = tile_size(size, longer)
    room = (area[1] + gap) // columns - gap
    width = max(tile[1], min(caption, int(tile[1] * CAPTION)), preferred if preferred <= room else 0)
    pitch = (tile[0] + label + gap, width + gap)
    rows = -(-shown // columns)
    if shown < count:
        # Not all tiles fit: fill the page.
        columns = max(columns, (area[1] + gap) // pitch[1])
        rows = max(rows, (area[0] + gap) // pitch[0])
        shown = min(rows * columns, PAGE, count)
        rows = -(-shown // columns)
        columns = -(-shown // rows)
    start = first // shown * shown if shown else 0
    numbers = np.arange(start, start + rows * columns, dtype=np.int64).reshape(rows, columns)
    numbers[numbers >= min(count, start + shown)] = -1
    return Arrangement(numbers, size, tile, pitch, (0, (width - tile[1]) // 2))


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
    """A mosaic with labels at its left and top; the page contains the row and column in `first`.

    If not all rows fit below one another, they continue in another block at the right.
    """
    largest, tile = max(size), tile_size(size, least)
    for longer in range(max(most, least), least - 1, -1):
        tile = tile_size(size, longer)
        height, width = tile[0] + gap, tile[1] + gap
        across = _blocks(columns, width, left, gap, area[1])
        if across * columns * max(1, (area[0] - top + gap) // height) >= rows * columns and across:
            break
        if longer <= largest:
            break
    pitch = (tile[0] + gap, tile[1] + gap)
    fit_rows = max(1, min(rows, (area[0] - top + gap) // pitch[0]))
    across = _blocks(columns, pitch[1], left, gap, area[1])
    shown_columns = columns if across else max(1, min(columns, (area[1] - left + gap) // pitch[1]))
    across = max(1, min(across, -(-rows // fit_rows)))
    page = fit_rows * across
    row0, column0 = first[0] // page * page, first[1] // shown_columns * shown_columns
    fit_rows = min(fit_rows, -(-min(page, rows - row0) // across) if row0 == 0 else fit_rows)
    down = row0 + np.arange(fit_rows * across, dtype=np.int64).reshape(across, fit_rows)
    sideways = np.arange(column0, min(columns, column0 + shown_columns), dtype=np.int64)
    numbers = down[:, :, None] * columns + sideways[None, None, :]
    numbers[np.broadcast_to(down[:, :, None], numbers.shape) >= rows] = -1
    flat = numbers.transpose(1, 0, 2).reshape(fit_rows, -1)
    return Arrangement(flat, size, tile, pitch, (top, left), len(sideways), left)


def tile_size(size: Size, longer: int) -> Size:
    """A tile's pixels, at most `longer` on the longer side: a whole number per value if little is lost.

    In a shrunk tile each pixel is the mean of n × n values.
    """
    longest = max(size)
    if longer < longest:
        shrink = -(-longest // max(1, longer))
        return max(1, size[0] // shrink), max(1, size[1] // shrink)
    whole = longer // longest * longest
    used = whole if whole >= longer * ENOUGH else longer
    return max(1, size[0] * used // longest), max(1, size[1] * used // longest)


def scale_values(values: npt.NDArray[np.generic], tile: Size) -> npt.NDArray[np.generic]:
    """Resizes N × h × w (× 3) values to a tile's pixels: repeats values, or averages blocks."""
    height, width = values.shape[1:3]
    if tile[0] < height or tile[1] < width:
        values = _means(values, max(height // tile[0], width // tile[1]))
        height, width = values.shape[1:3]
    if tile == (height, width):
        return values
    rows = np.arange(tile[0]) * height // tile[0]
    columns = np.arange(tile[1]) * width // tile[1]
    return np.asarray(values.take(rows, axis=1).take(columns, axis=2))


def compose(arrangement: Arrangement, colors: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The page as one image, H × W numbers 0xAARRGGBB (transparent between the tiles).

    `colors` is n × h × w: the tiles of the page, row by row, at their size on the screen.
    """
    image = np.zeros(arrangement.extent, np.uint32)
    for at, (row, column) in enumerate(np.argwhere(arrangement.numbers >= 0)):
        y, x = arrangement.corner(int(row), int(column))
        y, x = y - arrangement.origin[0], x - arrangement.origin[1]
        image[y : y + arrangement.tile[0], x : x + arrangement.tile[1]] = colors[at]
    return image


def fractions(values: npt.NDArray[np.generic], limits: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """N × h × w values as fractions of each tile's own limits (N × 2); 0.5 if these are equal."""
    low = limits[:, 0].astype(np.float32)[:, None, None]
    span = limits[:, 1].astype(np.float32)[:, None, None] - low
    flat = span <= 0
    result = (values.astype(np.float32) - low) / np.where(flat, np.float32(1), span)
    return np.asarray(np.where(flat, 0.5, result), np.float32)


def _means(values: npt.NDArray[np.generic], shrink: int) -> npt.NDArray[np.generic]:
    step_y, step_x = min(shrink, values.shape[1]), min(shrink, values.shape[2])
    height, width = values.shape[1] // step_y, values.shape[2] // step_x
    cut, rest = values[:, : height * step_y, : width * step_x], values.shape[3:]
    # Rows first: five times as fast as both at once, and the window waits for it.
    rows = cut.reshape(len(cut), height, step_y, width * step_x, *rest).sum(axis=2, dtype=np.float32)
    sums = rows.reshape(len(cut), height, width, step_x, *rest).sum(axis=3)
    means: npt.NDArray[np.generic] = sums / np.float32(step_y * step_x)
    return means.astype(np.uint8) if values.dtype == np.uint8 else means


@lru_cache(maxsize=512)
def _best_split(
    count: int, size: Size, area: Size, label: int, gap: int, caption: int, most: int
) -> tuple[int, int]:
    """(pixels on the longer side, columns) of the largest tiles of which `count` fit into the area.

    Rows are equally full: 3 + 3 rather than 5 + 1. Among equal splits the one with the fewest rows wins.
    """
    best, chosen, longest = 0, count, max(size)
    for rows in range(1, count + 1):
        columns = -(-count // rows)
        width = (area[1] + gap) // columns - gap
        height = (area[0] + gap) // rows - gap - label
        if caption > width:
            width = int(width / CAPTION)
        longer = min(width * longest // size[1], height * longest // size[0], most)
        if longer > best:
            best, chosen = longer, columns
    return best, chosen


def _blocks(columns: int, width: int, left: int, gap: int, room: int) -> int:
    """How many blocks of all columns, each with its labels, fit side by side."""
    return (room + gap) // (left + columns * width)
