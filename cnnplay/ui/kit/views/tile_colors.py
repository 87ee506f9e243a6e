"""The numbers of tiles as colours."""

import numpy as np

from cnnplay.ui.kit.tiling import Size, Tiles, fractions, scale_values
from cnnplay.ui.kit.views.images import packed, screen_colors


def colorize_tiles(tiles: Tiles, numbers: np.ndarray, size: Size) -> np.ndarray:
    """Some tiles in their colours at their size on the screen: n × h × w numbers 0xAARRGGBB."""
    first, last = int(numbers[0]), int(numbers[-1])
    # Maps of a large picture take megabytes: those of a page mostly follow one another, and are not copied.
    follow = np.array_equal(numbers, np.arange(first, last + 1))
    values = tiles.values[first : last + 1] if follow else tiles.values[numbers]
    if tiles.scale == "image":
        return packed(scale_values(values, size))
    if size[0] < tiles.size[0]:
        values = scale_values(values, size)
    colors = screen_colors(fractions(values, tiles.limits[numbers]), tiles.scale, (0.0, 1.0))
    return scale_values(colors, size)
