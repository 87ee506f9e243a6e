"""The picture that is looked at: from the data set, a file or the pad; and small ones to choose from."""

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
"""The longer side of a thumbnail, in pixels, at most."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A chosen picture as it is: `pixels` H × W × C. `truth` is its class where that is known."""

    pixels: Bytes = field(repr=False)
    caption: str
    source: Source
    index: int | None = None
    truth: int | None = None
    inverted: bool = False

    def inverse(self) -> "Picture":
        """Dark becomes light: a digit written in ink, as the network knows it. Transparency stays."""
        pixels = self.pixels.copy()
        colors = pixels[:, :, :3]
        np.subtract(255, colors, out=colors)
        return replace(self, pixels=pixels, inverted=not self.inverted)

    @property
    def words(self) -> str:
        """``28 × 28 grey``."""
        height, width, channels = self.pixels.shape
        return f"{height:,} × {width:,} {'grey' if channels == 1 else 'colour'}"


def from_data(images: "ImageSet", index: int, title: str) -> Picture:
    """A picture of the data set. DataError where its file can no longer be read."""
    truth = int(images.labels[index])
    caption = f"{title} · {images.classes[truth]}"
    return Picture(images.picture(index), caption, "data", index, truth)


def from_file(path: Path) -> Picture:
    """A picture from a file of the user's. DataError, in one line, where it cannot be read."""
    from cnnplay.data.decode import decode

    return Picture(decode(path), path.name, "file")


def thumbnail(pixels: Bytes, side: int | None) -> Bytes:
    """H × W × 3 at their own size (`side` None), or shrunk into a square of that side on mid grey."""
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
    """None where all pictures are small and of one size and are shown as they are; else the side."""
    if images.shape is not None and max(images.shape[1:]) <= THUMBNAIL:
        return None
    return THUMBNAIL


def at_hand(images: "ImageSet") -> bool:
    """Whether the pictures lie in memory, so that reading some costs nothing worth a thread."""
    return images.array is not None
