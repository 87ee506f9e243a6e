"""The network's input image, from the data set, a file or the drawing pad; and thumbnails."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

Source: TypeAlias = Literal["data", "file", "drawn"]
Bytes: TypeAlias = npt.NDArray[np.uint8]

THUMBNAIL = 56
"""The maximum of a thumbnail's longer side, in pixels."""


@dataclass(frozen=True, eq=False)
class InputImage:
    """An image before preprocessing: `pixels` H × W × C. `truth` is its class where known."""

    pixels: Bytes = field(repr=False)
    caption: str
    source: Source
    index: int | None = None
    truth: int | None = None
    inverted: bool = False

    def inverse(self) -> "InputImage":
        """The image with inverted colors, for digits in dark ink. Alpha is unchanged."""
        pixels = self.pixels.copy()
        colors = pixels[:, :, :3]
        np.subtract(255, colors, out=colors)
        return replace(self, pixels=pixels, inverted=not self.inverted)

    @property
    def size_text(self) -> str:
        """``28 × 28 gray``."""
        height, width, channels = self.pixels.shape
        return f"{height:,} × {width:,} {'gray' if channels == 1 else 'color'}"


def from_data(images: "ImageSet", index: int, title: str) -> InputImage:
    """A sample of the data set. DataError where its file can no longer be read."""
    truth = int(images.labels[index])
    caption = f"{title} · {images.classes[truth]}"
    return InputImage(images.image(index), caption, "data", index, truth)


def from_file(path: Path) -> InputImage:
    """An image file. DataError, with a message of one line, where it cannot be read."""
    from cnnplay.data.decode import decode

    return InputImage(decode(path), path.name, "file")


def thumbnail(pixels: Bytes, side: int | None) -> Bytes:
    """H × W × 3 at the original size (`side` None), or shrunk into a gray square of that side."""
    color = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[:, :, :3]
    if side is None:
        return np.ascontiguousarray(color)
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(color))
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    result = np.full((side, side, 3), 128, np.uint8)
    top, left = (side - image.height) // 2, (side - image.width) // 2
    result[top : top + image.height, left : left + image.width] = np.asarray(image)
    return result


def thumbnail_side(images: "ImageSet") -> int | None:
    """The side of thumbnails; None where all images are small, of one size, and shown as they are."""
    if images.shape is not None and max(images.shape[1:]) <= THUMBNAIL:
        return None
    return THUMBNAIL


def in_memory(images: "ImageSet") -> bool:
    """Whether the images are in memory, so that reading some needs no thread."""
    return images.array is not None
