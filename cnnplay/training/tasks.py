"""What each task means for training: its loss, and how a batch's predictions are scored.

A new task registers its spec here; the loop refers to none by name.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from cnnplay.modules.scores import class_scores
from cnnplay.network.network import Classification, Task
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


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task's training functions. Both take the network's outputs B × … and the targets B × …."""

    loss: Callable[[Tensor, Tensor, LossConfig], Tensor]
    """The batch's mean loss, a differentiable scalar."""
    score: Callable[[Tensor, Tensor], Tensor]
    """The number of correct predictions in the batch."""
    score_name: str


def _class_loss(outputs: Tensor, targets: Tensor, loss_config: LossConfig) -> Tensor:
    """Targets are labels B, or class distributions B × N (mixed images)."""
    scores = class_scores(outputs)
    if loss_config.loss == "squared-error":
        return _squared_error(scores, targets, loss_config)
    # −log of the probability that softmax gives the true class, averaged over the batch.
    if loss_config.weights is None:
        return F.cross_entropy(scores, targets, label_smoothing=loss_config.smoothing)
    # Divided by the number of images, not by the sum of their weights: an image counts equally in every
    # batch and in every process's share of a batch.
    losses = F.cross_entropy(
        scores, targets, loss_config.weights, label_smoothing=loss_config.smoothing, reduction="none"
    )
    return losses.mean()


def _squared_error(scores: Tensor, targets: Tensor, loss_config: LossConfig) -> Tensor:
    """Σ (p − t)² over the classes, averaged over the batch (Brier 1950); t is one-hot."""
    classes = scores.shape[1]
    one_hot = F.one_hot(targets, classes).to(scores.dtype) if targets.ndim == 1 else targets
    wanted = (
        one_hot
        if not loss_config.smoothing
        else one_hot * (1 - loss_config.smoothing) + loss_config.smoothing / classes
    )
    errors = (scores.softmax(1) - wanted).square().sum(1)
    if loss_config.weights is None:
        return errors.mean()
    return (errors * (one_hot @ loss_config.weights)).mean()


def _count_correct(outputs: Tensor, targets: Tensor) -> Tensor:
    labels = targets if targets.ndim == 1 else targets.argmax(1)
    return (class_scores(outputs.detach()).argmax(1) == labels).sum()


TASK_SPECS: dict[type[Task], TaskSpec] = {
    Classification: TaskSpec(loss=_class_loss, score=_count_correct, score_name="accuracy"),
}


def task_spec(task: Task) -> TaskSpec:
    """The spec of a network's task. Raises KeyError for a task that is not registered."""
    return TASK_SPECS[type(task)]
