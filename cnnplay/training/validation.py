"""Judging a network on pictures that it does not learn from."""

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
from cnnplay.training.tasks import Aim, rules_of

LARGEST_BATCH = 512
ROOM = 128 * 2**20
"""Bytes of feature maps that a validation batch may have in all."""


def validation_batch(module: NetworkModule) -> int:
    """How many pictures at a time: many, as no gradients are kept, while their feature maps stay small."""
    return max(1, min(LARGEST_BATCH, ROOM // max(1, infer(module.network).activation_bytes)))


def validate(
    module: NetworkModule,
    prepared: Prepared,
    indices: Indices,
    aim: Aim,
    interrupted: Callable[[], bool] = lambda: False,
) -> Validation | None:
    """Runs the pictures through the module in evaluation mode and puts it back into its mode.

    `aim` says by which loss. None where no picture can be judged. Interrupted, between two batches, once
    `interrupted()` says so.
    """
    sizes = batch_sizes(len(indices), validation_batch(module), fewest=1)
    outputs, labels, judged = [], [], []
    loss = 0.0
    rules = rules_of(module.network.task)
    training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            for x, y, which in prepared.batches(indices, sizes):
                if interrupted():
                    raise Interrupted
                logits = module(x)
                loss += rules.loss(logits, y, aim).item() * len(y)
                outputs.append(probabilities(logits).cpu())
                labels.append(y.cpu())
                judged.append(which.cpu())
    finally:
        module.train(training)
    if not outputs:
        return None
    return _summary(torch.cat(outputs), torch.cat(labels), torch.cat(judged), loss)


def confusion_of(labels: Indices, predicted: Indices, classes: int) -> NDArray[np.int64]:
    """Counts by (true class, predicted class)."""
    counts: NDArray[np.int64] = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def _summary(probabilities: Tensor, labels: Tensor, judged: Tensor, loss: float) -> Validation:
    predicted = probabilities.argmax(1)
    return Validation(
        accuracy=int((predicted == labels).sum()) / len(labels),
        loss=loss / len(labels),
        confusion=confusion_of(labels.numpy(), predicted.numpy(), probabilities.shape[1]),
        probabilities=probabilities.numpy(),
        labels=labels.numpy(),
        indices=judged.numpy(),
    )
