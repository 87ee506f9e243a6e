"""The generalization gap: training minus validation, in a metric that is a share of images."""

import math

import msgspec

from cnnplay.spec.tasks import Metric
from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.train.history import History

EARLIEST = 3
"""Before this many epochs the curves are too steep: training values change within an epoch."""
NOTICED = 0.01
"""A smaller gap is not significant."""
LOW = 0.8
"""If both are lower, the network underfits."""


class GeneralizationGap(msgspec.Struct, frozen=True):
    """A metric on both splits in the last epoch, as fractions: the two numbers beside the curves."""

    metric: Metric
    training: float
    validation: float
    noise: float
    """The gap expected by chance: two standard deviations of the validation value."""

    @property
    def points(self) -> float:
        """The difference of the two numbers as they are shown, in percent with one decimal."""
        return round(100 * self.training, 1) - round(100 * self.validation, 1)

    @property
    def text(self) -> str:
        """``gap 2.9 points``."""
        return f"gap {self.points:.1f} points".replace("-", "−")

    @property
    def hint(self) -> str:
        """What it means and what helps, in full sentences."""
        gap, usual = self.training - self.validation, max(NOTICED, self.noise)
        if gap > usual:
            return (
                f"Training {self.metric.title} is {self.points:.1f} points above validation: the network "
                "memorizes part of the data (overfitting). More data, augmentation, weight decay, dropout or "
                "a smaller network help."
            )
        if self.training < LOW and self.validation < LOW:
            return (
                f"Training ({percent(self.training)}) and validation ({percent(self.validation)}) are both "
                "low: the network has not learned enough yet (underfitting). More epochs, another learning "
                "rate or a larger network help."
            )
        if gap < -usual:
            return (
                "Validation is above training: augmentation makes the training images harder, or dropout is "
                "active during training."
            )
        return "Training and validation are close together: no sign of overfitting."


def measure_gap(history: History) -> GeneralizationGap | None:
    """The gap of the last epoch; None while it is too early, or unknown, or if the task's primary metric is
    no share of images."""
    metric = history.task_info.primary
    if not metric.share_of_images or metric.better == "lower":
        return None
    validation = history.metric(f"validation_{metric.name}")
    if len(history.epochs) < EARLIEST or not len(validation):
        return None
    training = history.metric(f"train_{metric.name}")
    if not len(training) or training.x[-1] != validation.x[-1]:
        return None
    seen, known = float(training.y[-1]), float(validation.y[-1])
    if not (math.isfinite(known) and math.isfinite(seen)):
        return None
    size = history.started.validation_size if history.started is not None else 0
    noise = 2 * math.sqrt(max(known * (1 - known), 0.0) / size) if size else 0.0
    return GeneralizationGap(metric, seen, known, noise)
