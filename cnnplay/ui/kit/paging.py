"""Pages of tiles: which tiles are on a page, as text, and where the next page begins."""

import numpy as np

from cnnplay.ui.kit.tiling import Numbers, Tiles


def page_text(tiles: Tiles, numbers: Numbers, brief: bool = False) -> str:
    """``1–64 of 512``, or ``filters 1–16 of 64 · channels 1–32 of 64`` (`brief`: without the nouns);
    empty if everything is on one page.
    """
    shown = numbers[numbers >= 0]
    if len(shown) == len(tiles) or not len(shown):
        return ""
    if not tiles.columns:
        return f"{shown.min() + 1:,}–{shown.max() + 1:,} of {len(tiles):,}"
    parts = []
    for noun, count, found in (
        (tiles.noun, len(tiles) // tiles.columns, np.unique(shown // tiles.columns)),
        (tiles.column_noun, tiles.columns, np.unique(shown % tiles.columns)),
    ):
        if len(found) < count:
            parts.append(f"{'' if brief else noun + 's '}{found[0] + 1:,}–{found[-1] + 1:,} of {count:,}")
    return " · ".join(parts)


def turned_page(
    tiles: Tiles, numbers: Numbers, full: Numbers, down: int, across: int
) -> tuple[int, int] | None:
    """The start of the page that is `down` pages on, or `across` a mosaic's columns; None if there is none.

    `numbers` are the page's tiles by place, −1 for none; `full` is the first page: no page is larger.
    Returns (tile, 0); for a mosaic (row, column).
    """
    if not (down or across):
        return None
    start = int(numbers[0, 0])
    if not tiles.columns:
        first = start + (down + across) * int((full >= 0).sum())
        return (first, 0) if 0 <= first < len(tiles) else None
    shown = full[full >= 0]
    rows, columns = len(np.unique(shown // tiles.columns)), len(np.unique(shown % tiles.columns))
    row = start // tiles.columns + down * rows
    column = start % tiles.columns + across * columns
    inside = 0 <= row < len(tiles) // tiles.columns and 0 <= column < tiles.columns
    return (row, column) if inside else None
