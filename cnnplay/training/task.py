"""What training needs to know of a task: its loss, what it measures in a step, and how it is evaluated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from cnnplay.spec import settings
from cnnplay.spec.settings import TrainConfig


@dataclass(frozen=True, slots=True)
class LossConfig:
    """The loss to minimize. `smoothing` is the share of a target that is spread over all classes; `weights`
    has one value per class, by which its images count (None: equally).
    """

    loss: settings.Loss = "cross-entropy"
    smoothing: float = 0.0
    weights: Tensor | None = None

    @classmethod
    def for_training(cls, config: TrainConfig, weights: Tensor | None = None) -> "LossConfig":
        """The loss of the training split."""
        return cls(config.loss, config.label_smoothing, weights)

    @classmethod
    def for_evaluation(cls, config: TrainConfig) -> "LossConfig":
        """The plain loss, without smoothing and weights, so that runs can be compared."""
        return cls(config.loss)


PLAIN_LOSS = LossConfig()
"""Plain cross-entropy."""


class Evaluator(Protocol):
    """Evaluates a split batch by batch; it keeps only what `result` needs."""

    def add(self, outputs: Tensor, targets: Tensor, indices: Tensor) -> None:
        """A batch: the network's outputs, the targets, and the images' indices in the data set."""

    def result(self) -> tuple[dict[str, float], object]:
        """The task's metrics by name, without the loss, and what the task's views show."""


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """A task's training functions. They take the network's outputs B × … and the targets B × …."""

    loss: Callable[[Tensor, Tensor, LossConfig], Tensor]
    """The batch's mean loss, a differentiable scalar."""
    measure: Callable[[Tensor, Tensor], tuple[Tensor, ...]]
    """The metrics that the task's row says are measured in steps, in its order: their sums over the batch's
    images. They stay on the device; the loop reads them together with the loss.
    """
    evaluator: Callable[[], Evaluator]


@dataclass(frozen=True, slots=True)
class Validation:
    """The results on `images` images: the loss and the task's metrics by name, and what the task's views
    show.
    """

    metrics: dict[str, float]
    details: object
    images: int
