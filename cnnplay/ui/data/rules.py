"""How pictures enter a network that is looked into: by the rule of its training, where it has one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from cnnplay.spec.preprocessing import Preprocessing

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

SAMPLE = 256
"""Where nothing was trained, mean and deviation are taken from so many training pictures."""


class Rules:
    """Keeps the last statistics that were taken; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[ImageSet, tuple[int, int, int], Preprocessing] | None = None

    def of(
        self, given: Preprocessing | None, images: ImageSet | None, shape: tuple[int, int, int]
    ) -> Preprocessing:
        """The rule for an input C × H × W. Without a `given` one and pictures they are shown in 0…1."""
        if given is not None and given.input[0] == shape[0]:
            return given if given.input == shape else msgspec.structs.replace(given, input=shape)
        if images is None:
            return Preprocessing(input=shape, mean=(0.0,) * shape[0], std=(1.0,) * shape[0])
        with self._lock:
            if self._last is None or self._last[0] is not images or self._last[1] != shape:
                from cnnplay.data.prepared import sampled_statistics

                self._last = (images, shape, sampled_statistics(images, shape, SAMPLE))
            return self._last[2]
