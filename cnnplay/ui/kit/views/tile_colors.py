"""The values of tiles as colors."""

import numpy as np

from cnnplay.ui.kit.tiling import Size, Tiles, fractions, scale_values
from cnnplay.ui.kit.views.images import packed, screen_colors


def colorize_tiles(tiles: Tiles, numbers: np.ndarray, size: Size) -> np.ndarray:
    """The colors of some tiles at their size on the screen: n × h × w numbers 0xAARRGGBB."""
    first, last = int(numbers[0]), int(numbers[-1])
    # Maps of a large image take megabytes: those of a page are mostly consecutive, and then not copied.
    consecutive = np.array_equal(numbers, np.arange(first, last + 1))
    values = tiles.values[first : last + 1] if consecutive else tiles.values[numbers]
    if tiles.scale == "image":
        return packed(scale_values(values, size))
    if size[0] < tiles.size[0]:
        values = scale_values(values, size)
    colors = screen_colors(fractions(values, tiles.limits[numbers]), tiles.scale, (0.0, 1.0))
    return scale_values(colors, size)
