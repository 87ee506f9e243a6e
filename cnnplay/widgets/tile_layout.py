"""How tiles and their labels share a widget's room."""

from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics

from cnnplay.viewmodels.tiling import Arrangement, Tiles, flow, grid
from cnnplay.widgets.theme import theme

MARGIN = 4
"""Kept free all round, for the frame of the selection."""


def arrange(
    tiles: Tiles,
    size: QSize,
    ratio: float,
    metrics: QFontMetrics,
    bounds: tuple[int, int],
    first: tuple[int, int],
) -> tuple[Arrangement, Tiles]:
    """The page's arrangement in device pixels (`ratio` of them a pixel), and the tiles with the labels used.

    Where not all tiles fit on a page with their whole labels, these are brief. `bounds` are the least and the
    most pixels of a tile.
    """
    for labelled in (tiles, tiles.brief()):
        arranged = _arrange(labelled, size, ratio, metrics, bounds, first)
        if (arranged.numbers >= 0).sum() == len(tiles):
            break
    return arranged, labelled


def label_height(metrics: QFontMetrics) -> int:
    """The room for one line under a tile, in pixels."""
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
    least, most = (device(look.px(bound)) for bound in bounds)
    label = device(label_height(metrics))
    texts = tiles.row_labels if tiles.columns else tiles.labels
    widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
    if tiles.columns:
        arranged = grid(
            len(tiles) // tiles.columns,
            tiles.columns,
            tiles.size,
            area,
            left=device(widest + look.px(8)) if texts else 0,
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
            label=label if texts else 0,
            gap=device(look.px(10)),
            least=least,
            most=most,
            first=min(first[0], len(tiles) - 1),
            least_width=device(widest),
        )
    return replace(arranged, origin=(arranged.origin[0] + margin, arranged.origin[1] + margin))
