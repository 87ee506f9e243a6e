"""Pages of tiles: which are on this one, in words, and where the next begins."""

import numpy as np
import numpy.typing as npt

from cnnplay.viewmodels.tiling import Tiles

Numbers = npt.NDArray[np.int64]
"""rows × columns of a page: which tile lies there; −1 for none."""


def page_words(tiles: Tiles, numbers: Numbers) -> str:
    """``1–64 of 512``, or ``filters 1–16 of 64 · channels 1–32 of 64``; empty where all is on one page."""
    shown = numbers[numbers >= 0]
    if len(shown) == len(tiles) or not len(shown):
        return ""
    if not tiles.columns:
        return f"{shown.min() + 1:,}–{shown.max() + 1:,} of {len(tiles):,}"
    rows, columns = np.unique(shown // tiles.columns), np.unique(shown % tiles.columns)
    return (
        f"{tiles.word}s {rows[0] + 1}–{rows[-1] + 1} of {len(tiles) // tiles.columns} · "
        f"{tiles.column_word}s {columns[0] + 1}–{columns[-1] + 1} of {tiles.columns}"
    )


def turned(tiles: Tiles, numbers: Numbers, full: Numbers, down: int, across: int) -> tuple[int, int] | None:
    """Where the page lies that is `down` pages on, or `across` through a mosaic's columns; None for none.

    `full` is the first page, which no page is larger than. The result is (tile, 0), or (row, column) of a mosaic.
    """
    if not (down or across):
        return None
    start = int(numbers[0, 0])
    if not tiles.columns:
        first = start + (down + across) * int((full >= 0).sum())
        return (first, 0) if 0 <= first < len(tiles) else None
    rows, columns = full.shape
    row = start // tiles.columns + down * rows
    column = start % tiles.columns + across * columns
    inside = 0 <= row < len(tiles) // tiles.columns and 0 <= column < tiles.columns
    return (row, column) if inside else None
