"""Classification: one class per image, by softmax over one score per class, or by a single logit for two."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cnnplay.data.images import Indices
from cnnplay.modules.scores import class_scores, probabilities
from cnnplay.spec.tasks import ACCURACY
from cnnplay.training.task import LossConfig, TrainingTask


@dataclass(frozen=True, slots=True)
class ClassResults:
    """The results of N images: a row of `probabilities` (N × classes) for each, its true class in `labels`
    and its index in the data set in `indices`.

    `confusion[i, j]` counts images of class i that were predicted as class j.
    """

    confusion: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    labels: Indices
    indices: Indices


class ClassEvaluator:
    """Keeps the probabilities of each image: the confusion matrix and the top losses are made of them."""

    def __init__(self) -> None:
        self._probabilities: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._indices: list[Tensor] = []

    def add(self, outputs: Tensor, targets: Tensor, indices: Tensor) -> None:
        self._probabilities.append(probabilities(outputs).cpu())
        self._labels.append(targets.cpu())
        self._indices.append(indices.cpu())

    def result(self) -> tuple[dict[str, float], ClassResults]:
        found, labels = torch.cat(self._probabilities), torch.cat(self._labels)
        predicted = found.argmax(1)
        results = ClassResults(
            confusion=confusion_matrix(labels.numpy(), predicted.numpy(), found.shape[1]),
            probabilities=found.numpy(),
            labels=labels.numpy(),
            indices=torch.cat(self._indices).numpy(),
        )
        return {ACCURACY.name: int((predicted == labels).sum()) / len(labels)}, results


def confusion_matrix(labels: Indices, predicted: Indices, classes: int) -> NDArray[np.int64]:
    """Counts by (true class, predicted class)."""
    counts: NDArray[np.int64] = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


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


def _count_correct(outputs: Tensor, targets: Tensor) -> tuple[Tensor]:
    """Targets as for the loss; of a mixed image, the class with the largest share."""
    labels = targets if targets.ndim == 1 else targets.argmax(1)
    return ((class_scores(outputs.detach()).argmax(1) == labels).sum(),)


CLASSIFICATION = TrainingTask(loss=_class_loss, measure=_count_correct, evaluator=ClassEvaluator)
