"""How a picture becomes the network's input: the one rule that spec.Preprocessing states."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnplay.data.images import DataError, Picture
from cnnplay.spec.preprocessing import Preprocessing

Shape = tuple[int, int, int]


def fit_picture(picture: Picture, input_shape: Shape) -> NDArray[np.uint8]:
    """A picture H × W × C as C × H × W of `input_shape`, still 0…255. DataError where channels cannot fit."""
    return np.ascontiguousarray(fit_rows(picture[None], input_shape)[0].transpose(2, 0, 1))


def fit_rows(pictures: NDArray[np.uint8], input_shape: Shape) -> NDArray[np.uint8]:
    """Pictures of one size, N × H × W × C, as N × H × W × C of `input_shape` (which is C, H, W)."""
    channels, height, width = input_shape
    if channels == 1 and pictures.shape[3] == 3:
        pictures = luma(pictures)
    size = pictures.shape[1:3]
    if size == (28, 28) and (height, width) == (32, 32):
        pictures = np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)))
    elif size != (height, width):
        pictures = np.stack([_resized(picture, height, width) for picture in pictures])
    if channels == 3 and pictures.shape[3] == 1:
        pictures = np.repeat(pictures, 3, axis=3)
    if pictures.shape[3] != channels:
        raise DataError(
            f"the network's input must have 1 channel (grey) or 3 (colour) for pictures; it has {channels}"
        )
    return np.ascontiguousarray(pictures)


def luma(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """… × 3 colour as … × 1 grey: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in Pillow's fixed point."""
    weights = np.array([19595, 38470, 7471], np.uint32)
    return ((pictures.astype(np.uint32) @ weights + 0x8000) >> 16).astype(np.uint8)[..., None]


def normalise(values: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """… × C × H × W bytes as (x / 255 − mean) / std in float32, per channel."""
    mean = np.asarray(preprocessing.mean, np.float32)[:, None, None]
    std = np.asarray(preprocessing.std, np.float32)[:, None, None]
    return (values.astype(np.float32) / np.float32(255) - mean) / std


def to_input(picture: Picture, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """One picture H × W × C as the batch 1 × C × H × W that the network takes."""
    return normalise(fit_picture(picture, preprocessing.input), preprocessing)[None]


def _resized(picture: Picture, height: int, width: int) -> Picture:
    source = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    # Pillow's bilinear widens its window when it shrinks: no aliasing.
    result = np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))
    return result[:, :, None] if result.ndim == 2 else result
