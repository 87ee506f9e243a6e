"""Turns an image into the network's input by the one rule that spec.Preprocessing states."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnplay.data.images import DataError, ImageArray
from cnnplay.spec.preprocessing import Preprocessing

Shape = tuple[int, int, int]


def fit_image(image: ImageArray, input_shape: Shape) -> NDArray[np.uint8]:
    """An image H × W × C as C × H × W of `input_shape`, still 0…255. Raises DataError if the channels cannot
    fit.
    """
    return np.ascontiguousarray(fit_rows(image[None], input_shape)[0].transpose(2, 0, 1))


def fit_rows(images: NDArray[np.uint8], input_shape: Shape) -> NDArray[np.uint8]:
    """Images of one size, N × H × W × C, as N × H × W × C of `input_shape` (C, H, W)."""
    channels, height, width = input_shape
    if channels == 1 and images.shape[3] == 3:
        images = luma(images)
    size = images.shape[1:3]
    if size == (28, 28) and (height, width) == (32, 32):
        images = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    elif size != (height, width):
        images = np.stack([_resized(image, height, width) for image in images])
    if channels == 3 and images.shape[3] == 1:
        images = np.repeat(images, 3, axis=3)
    if images.shape[3] != channels:
        raise DataError(
            f"the network's input must have 1 channel (gray) or 3 (RGB) for images; it has {channels}"
        )
    return np.ascontiguousarray(images)


def luma(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """… × 3 RGB as … × 1 gray: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in Pillow's fixed-point
    arithmetic.
    """
    weights = np.array([19595, 38470, 7471], np.uint32)
    return ((images.astype(np.uint32) @ weights + 0x8000) >> 16).astype(np.uint8)[..., None]


def normalize(values: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """… × C × H × W bytes as (x / 255 − mean) / std in float32, per channel."""
    mean = np.asarray(preprocessing.mean, np.float32)[:, None, None]
    std = np.asarray(preprocessing.std, np.float32)[:, None, None]
    return (values.astype(np.float32) / np.float32(255) - mean) / std


def to_input(image: ImageArray, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """One image H × W × C as the batch 1 × C × H × W that the network takes."""
    return normalize(fit_image(image, preprocessing.input), preprocessing)[None]


def _resized(image: ImageArray, height: int, width: int) -> ImageArray:
    source = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    # Pillow's bilinear filter widens its window when downscaling: no aliasing.
    result = np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))
    return result[:, :, None] if result.ndim == 2 else result
