"""Reads losses as numbers. On a CPU they are read at once; a GPU would stall, so many are read together."""

import math
import time
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import torch
from torch import Tensor

STEPS_PER_READ = 16
"""On a GPU, this many steps are read together,"""
READ_INTERVAL_S = 0.1
"""or those of this many seconds, whichever comes first, so that curves move."""


class StepMetrics(NamedTuple):
    """One step's results: the batch's mean loss, and the sums of the task's metrics over its images."""

    step: int
    loss: float
    sums: Sequence[float]
    images: int


class Meter:
    """Takes losses as tensors and returns them as numbers, in order; on a GPU some steps later, unless
    `at_once`.
    """

    def __init__(self, device: torch.device, at_once: bool = False) -> None:
        self._at_once = at_once or device.type == "cpu"
        self._waiting: list[tuple[int, Tensor, tuple[Tensor, ...], int]] = []
        self._read = time.perf_counter()

    def note(self, step: int, loss: Tensor, sums: tuple[Tensor, ...], images: int) -> Sequence[StepMetrics]:
        """Adds a step. Returns the steps whose numbers are known now."""
        if self._at_once:
            return (StepMetrics(step, loss.item(), [each.item() for each in sums], images),)
        self._waiting.append((step, loss.detach(), sums, images))
        late = time.perf_counter() - self._read > READ_INTERVAL_S
        return self.flush() if late or len(self._waiting) >= STEPS_PER_READ else ()

    def flush(self) -> Sequence[StepMetrics]:
        """All waiting steps, read in one transfer."""
        if not self._waiting:
            return ()
        waiting, self._waiting = self._waiting, []
        self._read = time.perf_counter()
        losses = torch.stack([loss for _, loss, _, _ in waiting]).tolist()
        columns = [
            torch.stack(column).tolist() for column in zip(*(sums for _, _, sums, _ in waiting), strict=True)
        ]
        measured = zip(*columns, strict=True) if columns else repeat(())
        return [
            StepMetrics(step, loss, sums, images)
            for (step, _, _, images), loss, sums in zip(waiting, losses, measured, strict=False)
        ]


class EpochMetrics:
    """An epoch's mean loss and metrics; every image counts once. `sums` has the metrics' sums, by name."""

    def __init__(self, loss: float, sums: Mapping[str, float], images: int) -> None:
        self.loss = loss
        self.sums = dict(sums)
        self.images = images

    def add(self, step: StepMetrics) -> None:
        self.loss += step.loss * step.images
        # A new dict: a copy of this object keeps the old one.
        self.sums = {
            name: value + more for (name, value), more in zip(self.sums.items(), step.sums, strict=True)
        }
        self.images += step.images

    def restore(self, previous: "EpochMetrics") -> None:
        """Restores the values of `previous`."""
        self.loss, self.sums, self.images = previous.loss, previous.sums, previous.images

    @property
    def means(self) -> dict[str, float]:
        """The loss and the metrics, by name; NaN without images."""
        images = self.images or math.nan
        return {"loss": self.loss / images, **{name: value / images for name, value in self.sums.items()}}
