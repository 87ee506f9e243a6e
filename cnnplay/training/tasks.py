"""What each task means for training: its loss, and how a batch's answers are judged.

A new task registers its rules here; the loop knows none of them by name.
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
class Aim:
    """What is made small. `smoothing` is the part of a target that all classes share; `weights` has a number
    a class, by which its pictures count (None: all alike)."""

    loss: settings.Loss = "cross-entropy"
    smoothing: float = 0.0
    weights: Tensor | None = None

    @classmethod
    def learning(cls, config: TrainConfig, weights: Tensor | None = None) -> "Aim":
        """What is learned by."""
        return cls(config.loss, config.label_smoothing, weights)

    @classmethod
    def judging(cls, config: TrainConfig) -> "Aim":
        """What is judged by: the plain loss, so that runs with other smoothing and weights compare."""
        return cls(config.loss)


PLAIN = Aim()
"""Cross-entropy as it is."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a task. Both functions take the network's outputs B × … and the targets B × …."""

    loss: Callable[[Tensor, Tensor, Aim], Tensor]
    """The batch's mean loss, a single number that knows its gradient."""
    score: Callable[[Tensor, Tensor], Tensor]
    """How many of the batch are right."""
    score_name: str


def _class_loss(outputs: Tensor, targets: Tensor, aim: Aim) -> Tensor:
    """Targets are labels B, or shares of the classes B × N that sum to 1 (mixed pictures)."""
    scores = class_scores(outputs)
    if aim.loss == "squared-error":
        return _squared_error(scores, targets, aim)
    # −log of the probability that softmax gives the true class, averaged over the batch.
    if aim.weights is None:
        return F.cross_entropy(scores, targets, label_smoothing=aim.smoothing)
    # By the number of pictures, not by the sum of their weights: a picture counts alike in every batch and
    # in every share of one.
    losses = F.cross_entropy(scores, targets, aim.weights, label_smoothing=aim.smoothing, reduction="none")
    return losses.mean()


def _squared_error(scores: Tensor, targets: Tensor, aim: Aim) -> Tensor:
    """Σ (p − t)² over the classes, averaged over the batch (Brier 1950), t being one-hot."""
    classes = scores.shape[1]
    hot = F.one_hot(targets, classes).to(scores.dtype) if targets.ndim == 1 else targets
    wanted = hot if not aim.smoothing else hot * (1 - aim.smoothing) + aim.smoothing / classes
    errors = (scores.softmax(1) - wanted).square().sum(1)
    if aim.weights is None:
        return errors.mean()
    return (errors * (hot @ aim.weights)).mean()


def _right(outputs: Tensor, targets: Tensor) -> Tensor:
    labels = targets if targets.ndim == 1 else targets.argmax(1)
    return (class_scores(outputs.detach()).argmax(1) == labels).sum()


RULES: dict[type[Task], Rules] = {
    Classification: Rules(loss=_class_loss, score=_right, score_name="accuracy"),
}


def rules_of(task: Task) -> Rules:
    """The rules of a network's task. KeyError for a task that nothing has registered."""
    return RULES[type(task)]
