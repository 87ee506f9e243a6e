"""Keeps weights that are known to be good: the last ones, in case a loss is no number, and the best."""

import math
import time

import torch
from torch import nn

from cnnplay.modules.weights import Weights, weights_of
from cnnplay.training.state import Best

EVERY = 0.25
"""Seconds between two copies of the weights while they are good."""
DEAR = 100
"""Copying takes at most one in so many seconds."""


class Keeper:
    """Holds copies; what it hands out is never written into again."""

    def __init__(self, module: nn.Module, best: Best | None) -> None:
        self.best = best
        self._module = module
        self.good = weights_of(module)
        self.moved = False
        """Whether `good` are weights that something was learned into since the run began."""
        self._due = time.perf_counter() + EVERY

    def refresh(self, now: float, moved: bool) -> None:
        """Called while the weights are good (a finite loss was computed from them): copies now and then, once
        they have `moved` from where the run began."""
        if moved and now >= self._due:
            self.take()

    def take(self) -> Weights:
        """A copy of the weights, which have moved, kept as the last good ones if they are finite."""
        start = time.perf_counter()
        weights = weights_of(self._module)
        if finite(weights):
            self.good, self.moved = weights, True
        end = time.perf_counter()
        self._due = end + max(EVERY, DEAR * (end - start))
        return weights

    def final(self, wrong: bool, moved: bool) -> tuple[Weights, bool]:
        """The weights that the run leaves, and whether anything was learned into them: the module's own,
        which `moved` or not, or the last good ones where those are `wrong` or no numbers.
        """
        if not wrong:
            weights = weights_of(self._module, copied=False)
            if finite(weights):
                return weights, moved
        return self.good, self.moved

    def judge(self, epoch: int, accuracy: float, loss: float, weights: Weights) -> bool:
        """Whether this epoch is the best so far; if so it is kept. One that is done anew is compared with
        those before it alone."""
        known = self.best is not None and self.best.epoch < epoch
        if known and self.best is not None and not self.best.beaten_by(accuracy, loss):
            return False
        self.best = Best(epoch, accuracy, loss, weights)
        return True


def finite(weights: Weights) -> bool:
    """Whether every weight is a finite number."""
    floats = (tensor for tensor in weights.values() if tensor.is_floating_point() and tensor.numel())
    # The largest magnitude is no number where one weight is none; it needs no memory of its own.
    return all(math.isfinite(torch.linalg.vector_norm(tensor, math.inf).item()) for tensor in floats)
