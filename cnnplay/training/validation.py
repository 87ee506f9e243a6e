"""Evaluates a network on images that it is not trained on."""

from collections.abc import Callable

import torch

from cnnplay.data.images import Indices
from cnnplay.data.order import batch_sizes
from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule
from cnnplay.shapes.infer import infer
from cnnplay.training.control import Interrupted
from cnnplay.training.task import LossConfig, Validation
from cnnplay.training.tasks import training_task

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
    task = training_task(module.network.task)
    evaluator = task.evaluator()
    loss, images = 0.0, 0
    training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            for x, y, which in prepared.batches(indices, sizes):
                if interrupted():
                    raise Interrupted
                outputs = module(x)
                loss += task.loss(outputs, y, loss_config).item() * len(y)
                images += len(y)
                evaluator.add(outputs, y, which)
    finally:
        module.train(training)
    if not images:
        return None
    metrics, details = evaluator.result()
    return Validation({"loss": loss / images, **metrics}, details, images)
