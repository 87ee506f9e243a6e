"""Evaluates a network on images that it is not trained on."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnplay.data.images import Indices
from cnnplay.data.order import batch_sizes
from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.scores import probabilities
from cnnplay.shapes.infer import infer
from cnnplay.training.control import Interrupted
from cnnplay.training.job import Validation
from cnnplay.training.tasks import LossConfig, task_spec

MAX_BATCH = 512
ACTIVATION_BYTES = 128 * 2**20
"""The total size of a validation batch's feature maps, in bytes."""


def validation_batch(module: NetworkModule) -> int:
    """Images per batch: many, since no gradients are kept, as long as their feature maps stay small."""
    return max(1, min(MAX_BATCH, ACTIVATION_BYTES // max(1, infer(module.network).activation_bytes)))


def validate(
    module: NetworkModule,
    prepared: Prepared,
    indices: Indices,
    loss_config: LossConfig,
    interrupted: Callable[[], bool] = lambda: False,
) -> Validation | None:
    """Evaluates the images with the module in evaluation mode, then restores its mode.

    None if no image can be read. Raises Interrupted between two batches once `interrupted()` returns True.
    """
    sizes = batch_sizes(len(indices), validation_batch(module), min_batch=1)
    outputs, labels, evaluated = [], [], []
    loss = 0.0
    spec = task_spec(module.network.task)
    training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            for x, y, which in prepared.batches(indices, sizes):
                if interrupted():
                    raise Interrupted
                logits = module(x)
                loss += spec.loss(logits, y, loss_config).item() * len(y)
                outputs.append(probabilities(logits).cpu())
                labels.append(y.cpu())
                evaluated.append(which.cpu())
    finally:
        module.train(training)
    if not outputs:
        return None
    return _summary(torch.cat(outputs), torch.cat(labels), torch.cat(evaluated), loss)


def confusion_matrix(labels: Indices, predicted: Indices, classes: int) -> NDArray[np.int64]:
    """Counts by (true class, predicted class)."""
    counts: NDArray[np.int64] = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def _summary(probabilities: Tensor, labels: Tensor, evaluated: Tensor, loss: float) -> Validation:
    predicted = probabilities.argmax(1)
    return Validation(
        accuracy=int((predicted == labels).sum()) / len(labels),
        loss=loss / len(labels),
        confusion=confusion_matrix(labels.numpy(), predicted.numpy(), probabilities.shape[1]),
        probabilities=probabilities.numpy(),
        labels=labels.numpy(),
        indices=evaluated.numpy(),
    )
