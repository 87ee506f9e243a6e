"""Arrays to pictures."""

from typing import Literal

import numpy as np
from PySide6.QtGui import QImage

from cnnplay.widgets.theme import theme


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


def colourise(
    values: np.ndarray, scale: Literal["signed", "magnitude", "attribution"], limits: tuple[float, float]
) -> np.ndarray:
    """Numbers (any shape) to colours (that shape × 3 bytes). Not-a-number becomes the fault colour."""
    low, high = limits
    span = high - low if high > low else 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        index = np.clip((values - low) / span * 255.0 + 0.5, 0, 255)
    broken = ~np.isfinite(index)
    picture = theme().table(scale)[np.where(broken, 0, index).astype(np.uint8)]
    if broken.any():
        fault = theme().colour("fault")
        picture[broken] = (fault.red(), fault.green(), fault.blue())
    return picture
