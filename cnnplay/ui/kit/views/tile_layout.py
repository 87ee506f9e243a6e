"""How tiles and their labels share the room of a widget."""

import math
from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics

from cnnplay.ui.kit.tiling import Arrangement, Tiles, flow, grid
from cnnplay.ui.kit.views.theme import theme

MARGIN = 4
"""Kept free on all sides, for the frame of the selection."""


SPREAD = 3
LARGE = 64
"""In design pixels. Smaller tiles of a mosaic omit the details of labels if the tiles get larger by it."""


def arrange(
    tiles: Tiles,
    size: QSize,
    ratio: float,
    metrics: QFontMetrics,
    bounds: tuple[int, int],
    first: tuple[int, int],
    centered: bool = False,
) -> tuple[Arrangement, Tiles]:
    """The page's arrangement in device pixels (`ratio` per pixel), and the tiles with the labels used.

    Labels are complete if no tile becomes smaller or moves to another page by it; else brief. `bounds` are
    the fewest and the most pixels of a tile. `centered`: free width goes between the tiles and to both sides
    of them, instead of to their right.
    """
    arranged, used = _with_labels(tiles, size, ratio, metrics, bounds, first)
    return (_centered(arranged, round(size.width() * ratio)) if centered else arranged), used


def _with_labels(
    tiles: Tiles,
    size: QSize,
    ratio: float,
    metrics: QFontMetrics,
    bounds: tuple[int, int],
    first: tuple[int, int],
) -> tuple[Arrangement, Tiles]:
    arranged = _arrange(tiles, size, ratio, metrics, bounds, first)
    if tiles.is_brief:
        return arranged, tiles
    if not tiles.columns:
        whole = _widest(tiles.labels, metrics) * ratio <= arranged.pitch[1] - _gap(ratio) + 1
        return arranged, tiles if whole else tiles.brief()
    brief = _arrange(tiles.brief(), size, ratio, metrics, bounds, first)
    large = min(max(arranged.tile), max(brief.tile)) >= round(theme().px(LARGE) * ratio)
    if (arranged.numbers >= 0).sum() == len(tiles) and (large or arranged.tile == brief.tile):
        return arranged, tiles
    return brief, tiles.brief()


def _centered(arranged: Arrangement, width: int) -> Arrangement:
    """Flowing tiles move apart, by a third of a tile at most; then all move to the middle."""
    columns, top, left = arranged.numbers.shape[1], *arranged.origin
    if not arranged.block:
        free = max(0, width - 2 * left - arranged.extent[1])
        wider = arranged.pitch[1] + min(free // max(1, columns), arranged.tile[1] // SPREAD)
        arranged = replace(arranged, pitch=(arranged.pitch[0], wider))
    # The labels of a mosaic's rows are at its left, in the origin.
    used = left + arranged.extent[1] + (0 if arranged.block else left)
    return replace(arranged, origin=(top, left + max(0, width - used) // 2))


def _widest(texts: tuple[str, ...], metrics: QFontMetrics) -> int:
    return max((metrics.horizontalAdvance(text) for text in texts), default=0)


def _gap(ratio: float) -> int:
    """The gap between two flowing tiles."""
    return round(theme().px(10) * ratio)


def label_height(metrics: QFontMetrics) -> int:
    """The height of one line under a tile, in pixels."""
    return metrics.height() + theme().px(2)


def _arrange(
    tiles: Tiles,
    size: QSize,
    ratio: float,
    metrics: QFontMetrics,
    bounds: tuple[int, int],
    first: tuple[int, int],
) -> Arrangement:
    def device(pixels: float) -> int:
        return round(pixels * ratio)

    look = theme()
    margin = device(look.px(MARGIN))
    area = (max(1, device(size.height()) - 2 * margin), max(1, device(size.width()) - 2 * margin))
    # The smallest tile does not grow with the text: larger text must not move tiles to other pages.
    least, most = device(bounds[0]), device(look.px(bounds[1]))
    label = device(label_height(metrics))
    if tiles.columns:
        texts = tiles.row_labels
        arranged = grid(
            len(tiles) // tiles.columns,
            tiles.columns,
            tiles.size,
            area,
            left=device(_widest(texts, metrics) + look.px(8)) if texts else 0,
            top=label if tiles.column_labels else 0,
            gap=device(look.px(2 if max(tiles.size) <= 3 else 4)),
            least=min(least, device(look.px(15))),
            most=most,
            first=first,
        )
    else:
        arranged = flow(
            len(tiles),
            tiles.size,
            area,
            label=label if tiles.labels else 0,
            gap=_gap(ratio),
            least=least,
            most=most,
            first=min(first[0], len(tiles) - 1),
            caption=math.ceil(_widest(tiles.brief().labels, metrics) * ratio),
            preferred=math.ceil(_widest(tiles.labels, metrics) * ratio),
        )
    return replace(arranged, origin=(arranged.origin[0] + margin, arranged.origin[1] + margin))
