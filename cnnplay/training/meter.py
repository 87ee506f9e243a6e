"""Losses as numbers. On a CPU they are read at once; a GPU would stall, so there many are read together."""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

TOGETHER = 16
"""So many steps are read together,"""
LATEST = 0.1
"""or those of so many seconds, whichever come first: curves should move."""


class Reading(NamedTuple):
    """What one step gave: the batch's mean loss, how many of its pictures were right."""

    step: int
    loss: float
    right: int
    images: int


class Meter:
    """Takes losses as tensors and gives them back as numbers, in order, some steps later on a GPU unless they
    are wanted `at_once`."""

    def __init__(self, device: torch.device, at_once: bool = False) -> None:
        self._at_once = at_once or device.type == "cpu"
        self._waiting: list[tuple[int, Tensor, Tensor, int]] = []
        self._read = time.perf_counter()

    def note(self, step: int, loss: Tensor, right: Tensor, images: int) -> Sequence[Reading]:
        """The steps whose numbers are known now."""
        if self._at_once:
            return (Reading(step, loss.item(), int(right.item()), images),)
        self._waiting.append((step, loss.detach(), right, images))
        late = time.perf_counter() - self._read > LATEST
        return self.flush() if late or len(self._waiting) >= TOGETHER else ()

    def flush(self) -> Sequence[Reading]:
        """All that still wait, read in one transfer."""
        if not self._waiting:
            return ()
        waiting, self._waiting = self._waiting, []
        self._read = time.perf_counter()
        losses = torch.stack([loss for _, loss, _, _ in waiting]).tolist()
        rights = torch.stack([right for _, _, right, _ in waiting]).tolist()
        return [
            Reading(step, loss, int(right), images)
            for (step, _, _, images), loss, right in zip(waiting, losses, rights, strict=True)
        ]


class Sums:
    """An epoch's mean loss and share of right answers, every picture counting once."""

    def __init__(self, loss: float = 0.0, right: int = 0, images: int = 0) -> None:
        self.loss = loss
        self.right = right
        self.images = images

    def add(self, reading: Reading) -> None:
        self.loss += reading.loss * reading.images
        self.right += reading.right
        self.images += reading.images

    def put_back(self, before: "Sums") -> None:
        """They are those of `before` again."""
        self.loss, self.right, self.images = before.loss, before.right, before.images

    @property
    def mean_loss(self) -> float:
        return self.loss / self.images if self.images else math.nan

    @property
    def share_right(self) -> float:
        return self.right / self.images if self.images else math.nan
