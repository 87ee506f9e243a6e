"""Arrays to images."""

from typing import Literal, TypeAlias

import numpy as np
from PySide6.QtGui import QImage

from cnnplay.ui.kit.views.theme import theme


def to_qimage(array: np.ndarray) -> QImage:
    """An image that owns its pixels, from H × W × 3 (RGB), H × W × 1 or H × W bytes."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    array = np.ascontiguousarray(array, dtype=np.uint8)
    height, width = array.shape[:2]
    if array.ndim == 2:
        image = QImage(array.data, width, height, width, QImage.Format.Format_Grayscale8)
    else:
        image = QImage(array.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.copy()


ColorScale: TypeAlias = Literal["signed", "magnitude", "attribution"]


def colorize(values: np.ndarray, scale: ColorScale, limits: tuple[float, float]) -> np.ndarray:
    """Numbers (any shape) to colors (that shape × 3 bytes). NaN and infinities get the color of problems."""
    index, invalid = _places(values, limits)
    image = theme().table(scale)[index]
    image[invalid] = _problem_color()
    return image


def screen_colors(values: np.ndarray, scale: ColorScale, limits: tuple[float, float]) -> np.ndarray:
    """The same, with each color as one number 0xAARRGGBB: the format that Qt paints fastest."""
    index, invalid = _places(values, limits)
    image = packed(theme().table(scale))[index]
    image[invalid] = packed(_problem_color())
    return image


def packed(colors: np.ndarray) -> np.ndarray:
    """Colors (… × 3 bytes, RGB) as numbers 0xFFRRGGBB."""
    red, green, blue = np.moveaxis(colors.astype(np.uint32), -1, 0)
    return np.asarray(0xFF000000 | red << 16 | green << 8 | blue, np.uint32)


def screen_image(colors: np.ndarray) -> QImage:
    """An image that owns its pixels, from H × W numbers 0xAARRGGBB, premultiplied."""
    colors = np.ascontiguousarray(colors, np.uint32)
    height, width = colors.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(colors.data, width, height, 4 * width, form).copy()


def _places(values: np.ndarray, limits: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The indices of numbers on a scale of 256 colors, and which numbers are not finite."""
    low, high = limits
    span = high - low if high > low else 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        index = np.clip((values - low) / span * 255.0 + 0.5, 0, 255)
    invalid = ~np.isfinite(index)
    return np.where(invalid, 0, index).astype(np.uint8), invalid


def _problem_color() -> np.ndarray:
    color = theme().color("fault")
    return np.array([color.red(), color.green(), color.blue()], np.uint8)
