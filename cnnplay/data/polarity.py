"""Whether images have light and dark the other way round than those that a network was trained on.

Digits on paper are black on white, those of MNIST white on black: a network that learned one kind is helpless
on the other. The only evidence kept of the training images is their mean, so that only clear cases are told.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cnnplay.spec.preprocessing import Preprocessing

CLEAR = 0.2
"""Training images are mostly dark or bright if their mean is at least this far from the middle of 0…1."""
FAR = 0.35
"""The least distance of the means …"""
CLOSER = 0.5
"""… of which at most this fraction is left once the images are inverted."""


def polarity_text(mean: float, preprocessing: Preprocessing) -> str:
    """``mostly bright, but the network was trained on mostly dark images``; "" unless images with this mean
    (0…1) are far more like the training images once they are inverted.
    """
    trained = float(np.mean(preprocessing.mean))
    distance = abs(mean - trained)
    if abs(trained - 0.5) < CLEAR or distance < FAR or abs(1 - mean - trained) > CLOSER * distance:
        return ""
    own, other = ("bright", "dark") if mean > trained else ("dark", "bright")
    return f"mostly {own}, but the network was trained on mostly {other} images"


def mean_of(images: Iterable[NDArray[np.floating]], preprocessing: Preprocessing) -> float:
    """The mean, 0…1, of normalized images … × C × H × W; 0.5 if there are none."""
    mean = np.asarray(preprocessing.mean, np.float64)
    std = np.asarray(preprocessing.std, np.float64)
    means = [(image.mean(axis=(-2, -1)) * std + mean).mean() for image in images]
    return float(np.mean(means)) if means else 0.5
