"""Keeps weights that are known to be good: the latest ones, in case the loss becomes NaN, and the best
epoch's.
"""

import math
import time
from collections.abc import Callable, Mapping

import torch
from torch import nn

from cnnplay.modules.weights import Weights, weights_of
from cnnplay.spec.tasks import Rank
from cnnplay.training.state import BestEpoch

COPY_INTERVAL_S = 0.25
"""Seconds between two copies of good weights."""
COPY_COST_FACTOR = 100
"""The interval is at least this many times as long as a copy takes."""


class BestWeights:
    """Holds copies of weights; returned copies are never modified. `rank` of an epoch's validation metrics:
    the highest is the best.
    """

    def __init__(
        self, module: nn.Module, best: BestEpoch | None, rank: Callable[[Mapping[str, float]], Rank]
    ) -> None:
        self.best = best
        self._rank = rank
        self._module = module
        self.last_good = weights_of(module)
        self.trained = False
        """Whether `last_good` was trained since the run began."""
        self._due = time.perf_counter() + COPY_INTERVAL_S

    def maybe_copy(self, now: float, trained: bool) -> None:
        """Called while the weights are good (they gave a finite loss). Copies them now and then once they
        were `trained`.
        """
        if trained and now >= self._due:
            self.snapshot()

    def snapshot(self) -> Weights:
        """A copy of the trained weights; it becomes `last_good` if all weights are finite."""
        start = time.perf_counter()
        weights = weights_of(self._module)
        if finite(weights):
            self.last_good, self.trained = weights, True
        end = time.perf_counter()
        self._due = end + max(COPY_INTERVAL_S, COPY_COST_FACTOR * (end - start))
        return weights

    def final(self, diverged: bool, trained: bool) -> tuple[Weights, bool]:
        """The weights that the run leaves, and whether they were trained: the module's own, or the last good
        ones if those `diverged` or are not finite.
        """
        if not diverged:
            weights = weights_of(self._module, copied=False)
            if finite(weights):
                return weights, trained
        return self.last_good, self.trained

    def update(self, epoch: int, metrics: Mapping[str, float], weights: Weights) -> bool:
        """Keeps the weights if this epoch is the best so far; returns whether it is. A repeated epoch is only
        compared with the epochs before it.
        """
        best = self.best
        if best is not None and best.epoch < epoch and self._rank(metrics) <= self._rank(best.metrics):
            return False
        self.best = BestEpoch(epoch, metrics, weights)
        return True


def finite(weights: Weights) -> bool:
    """Whether every weight is finite."""
    floats = (tensor for tensor in weights.values() if tensor.is_floating_point() and tensor.numel())
    # The largest magnitude is NaN if any weight is; computing it takes no extra memory.
    return all(math.isfinite(torch.linalg.vector_norm(tensor, math.inf).item()) for tensor in floats)
