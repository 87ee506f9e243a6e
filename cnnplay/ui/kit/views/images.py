"""Arrays to pictures."""

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
    """Numbers (any shape) to colours (that shape × 3 bytes). Not-a-number becomes the fault colour."""
    index, broken = _places(values, limits)
    picture = theme().table(scale)[index]
    picture[broken] = _fault()
    return picture


def screen_colors(values: np.ndarray, scale: ColorScale, limits: tuple[float, float]) -> np.ndarray:
    """The same, each colour one number 0xAARRGGBB: the format that Qt paints fastest."""
    index, broken = _places(values, limits)
    picture = packed(theme().table(scale))[index]
    picture[broken] = packed(_fault())
    return picture


def packed(colors: np.ndarray) -> np.ndarray:
    """Colours (… × 3 bytes, RGB) as numbers 0xFFRRGGBB."""
    red, green, blue = np.moveaxis(colors.astype(np.uint32), -1, 0)
    return np.asarray(0xFF000000 | red << 16 | green << 8 | blue, np.uint32)


def screen_image(colors: np.ndarray) -> QImage:
    """An image that owns its pixels, from H × W numbers 0xAARRGGBB, premultiplied."""
    colors = np.ascontiguousarray(colors, np.uint32)
    height, width = colors.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(colors.data, width, height, 4 * width, form).copy()


def _places(values: np.ndarray, limits: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Where on a scale of 256 colours numbers lie, and which are none."""
    low, high = limits
    span = high - low if high > low else 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        index = np.clip((values - low) / span * 255.0 + 0.5, 0, 255)
    broken = ~np.isfinite(index)
    return np.where(broken, 0, index).astype(np.uint8), broken


def _fault() -> np.ndarray:
    fault = theme().color("fault")
    return np.array([fault.red(), fault.green(), fault.blue()], np.uint8)
