"""The preprocessing of images for an inspected network: that of its training, where it has one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from cnnplay.spec.preprocessing import Preprocessing

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

SAMPLE = 256
"""For an untrained network, mean and standard deviation are computed from this many training images."""


class PreprocessingCache:
    """Finds the preprocessing and caches the last computed statistics. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[ImageSet, tuple[int, int, int], Preprocessing] | None = None

    def get(
        self, given: Preprocessing | None, images: ImageSet | None, shape: tuple[int, int, int]
    ) -> Preprocessing:
        """The preprocessing for an input C × H × W; without `given` and images, pixels in 0…1."""
        if given is not None and given.input[0] == shape[0]:
            return given if given.input == shape else msgspec.structs.replace(given, input=shape)
        if images is None:
            return Preprocessing(input=shape, mean=(0.0,) * shape[0], std=(1.0,) * shape[0])
        with self._lock:
            if self._last is None or self._last[0] is not images or self._last[1] != shape:
                from cnnplay.data.prepared import sampled_statistics

                self._last = (images, shape, sampled_statistics(images, shape, SAMPLE))
            return self._last[2]
