"""How far training lies above validation, and what that tells."""

import math

import msgspec
import numpy as np

from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.train.history import History

EARLIEST = 3
"""Before so many epochs the curves are too steep: training has moved on within the epoch."""
NOTICED = 0.01
"""A smaller gap means nothing;"""
LOW = 0.8
"""and below this, training itself has not come far."""


class Gap(msgspec.Struct, frozen=True):
    """Accuracy on what was learned from, less that on what was not, after the last epoch."""

    training: float
    validation: float
    noise: float
    """So far apart by chance alone, about: two deviations of the share of so many validation pictures."""

    @property
    def words(self) -> str:
        """``gap 2.9 points``."""
        return f"gap {100 * (self.training - self.validation):.1f} points".replace("-", "−")

    @property
    def hint(self) -> str:
        """What it means and what helps, in whole sentences."""
        gap, usual = self.training - self.validation, max(NOTICED, self.noise)
        if gap > usual:
            return (
                f"Training lies {100 * gap:.1f} points above validation: part of it is learned by heart "
                "(overfitting). More or varied pictures, weight decay, dropout or a smaller network help."
            )
        if self.training < LOW and self.validation < LOW:
            return (
                f"Both are low, {percent(self.training)} and {percent(self.validation)}: the network has not "
                "learned enough yet (underfitting). More epochs, another learning rate or a larger network "
                "help."
            )
        if gap < -usual:
            return (
                "Validation lies above training: the training pictures are harder, being varied, or dropout "
                "is on while it learns."
            )
        return "Training and validation lie close together: hardly anything is learned by heart."


def gap_of(history: History, smoothing: float) -> Gap | None:
    """The gap after the last epoch, training averaged over about so many steps; None while it is early, or
    unknown."""
    validation = history.metric("validation_accuracy")
    if len(history.epochs) < EARLIEST or not len(validation):
        return None
    training = history.smoothed("accuracy", smoothing)
    if not len(training):
        training = history.metric("train_accuracy")
    epoch, known = float(validation.x[-1]), float(validation.y[-1])
    inside = int(np.searchsorted(training.x, epoch + 1e-9, side="right"))
    if not inside or not (math.isfinite(known) and math.isfinite(float(training.y[inside - 1]))):
        return None
    size = history.started.validation_size if history.started is not None else 0
    noise = 2 * math.sqrt(max(known * (1 - known), 0.0) / size) if size else 0.0
    return Gap(float(training.y[inside - 1]), known, noise)
