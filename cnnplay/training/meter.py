"""Reads losses as numbers. On a CPU they are read at once; a GPU would stall, so many are read together."""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

STEPS_PER_READ = 16
"""On a GPU, this many steps are read together,"""
READ_INTERVAL_S = 0.1
"""or those of this many seconds, whichever comes first, so that curves move."""


class StepMetrics(NamedTuple):
    """One step's results: the batch's mean loss, and how many of its images were predicted correctly."""

    step: int
    loss: float
    correct: int
    images: int


class Meter:
    """Takes losses as tensors and returns them as numbers, in order; on a GPU some steps later, unless
    `at_once`.
    """

    def __init__(self, device: torch.device, at_once: bool = False) -> None:
        self._at_once = at_once or device.type == "cpu"
        self._waiting: list[tuple[int, Tensor, Tensor, int]] = []
        self._read = time.perf_counter()

    def note(self, step: int, loss: Tensor, correct: Tensor, images: int) -> Sequence[StepMetrics]:
        """Adds a step. Returns the steps whose numbers are known now."""
        if self._at_once:
            return (StepMetrics(step, loss.item(), int(correct.item()), images),)
        self._waiting.append((step, loss.detach(), correct, images))
        late = time.perf_counter() - self._read > READ_INTERVAL_S
        return self.flush() if late or len(self._waiting) >= STEPS_PER_READ else ()

    def flush(self) -> Sequence[StepMetrics]:
        """All waiting steps, read in one transfer."""
        if not self._waiting:
            return ()
        waiting, self._waiting = self._waiting, []
        self._read = time.perf_counter()
        losses = torch.stack([loss for _, loss, _, _ in waiting]).tolist()
        counts = torch.stack([correct for _, _, correct, _ in waiting]).tolist()
        return [
            StepMetrics(step, loss, int(correct), images)
            for (step, _, _, images), loss, correct in zip(waiting, losses, counts, strict=True)
        ]


class EpochMetrics:
    """An epoch's mean loss and accuracy; every image counts once."""

    def __init__(self, loss: float = 0.0, correct: int = 0, images: int = 0) -> None:
        self.loss = loss
        self.correct = correct
        self.images = images

    def add(self, step: StepMetrics) -> None:
        self.loss += step.loss * step.images
        self.correct += step.correct
        self.images += step.images

    def restore(self, previous: "EpochMetrics") -> None:
        """Restores the values of `previous`."""
        self.loss, self.correct, self.images = previous.loss, previous.correct, previous.images

    @property
    def mean_loss(self) -> float:
        return self.loss / self.images if self.images else math.nan

    @property
    def accuracy(self) -> float:
        return self.correct / self.images if self.images else math.nan
