"""Computes an epoch's metrics: training, validation, weight decay and weight averaging."""

import math
from collections.abc import Callable

import torch

from cnnplay.modules.build import NetworkModule
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import for_split
from cnnplay.training.averaging import WeightAverager, first_averaged, is_averaged
from cnnplay.training.failures import NonFiniteLoss
from cnnplay.training.meter import EpochMetrics
from cnnplay.training.setup import TrainingSetup
from cnnplay.training.state import AveragedWeights
from cnnplay.training.task import LossConfig, Validation
from cnnplay.training.validation import validate

QUICK_EVALUATION_S = 0.5
"""The longest a stopped run may take for a final evaluation, in seconds."""


class EpochEvaluator:
    """`validation` has the latest result. `interrupted` says whether to stop an evaluation."""

    def __init__(
        self, ready: TrainingSetup, previous: AveragedWeights | None, interrupted: Callable[[], bool]
    ) -> None:
        self._ready = ready
        self._interrupted = interrupted
        self._averaging: WeightAverager | None = None
        self._averaged = previous
        self.validation: Validation | None = None

    def evaluate_epoch(
        self, config: TrainConfig, first_epoch: int, epoch: int, epoch_metrics: EpochMetrics
    ) -> dict[str, float]:
        """The metrics of a complete epoch. Raises NonFiniteLoss, Interrupted."""
        self.validation = found = self._validate(self._ready.module, config)
        if found is not None and not math.isfinite(found.metrics["loss"]):
            raise NonFiniteLoss(found.metrics["loss"])
        metrics = self._metrics(config, epoch_metrics)
        if self._averaged_epochs > epoch - first_averaged(config, first_epoch):
            # The run was extended: the mean now includes epochs before the run's last part.
            self._averaging = self._averaged = None
        if is_averaged(config, first_epoch, epoch):
            metrics |= self._average(config, epoch)
        return metrics

    def evaluate_partial_epoch(
        self, config: TrainConfig, epoch_metrics: EpochMetrics, rate: float
    ) -> dict[str, float]:
        """The metrics of an epoch that was stopped, with validation if that is quick at `rate` images/s."""
        prepared = self._ready.prepared
        self.validation = None
        # Evaluating takes less time than training on the same number of images.
        if prepared.validation_size / max(rate, 1e-9) < QUICK_EVALUATION_S:
            loss_config = LossConfig.for_evaluation(config)
            self.validation = validate(self._ready.module, prepared, prepared.validation, loss_config)
        return self._metrics(config, epoch_metrics)

    @property
    def _averaged_epochs(self) -> int:
        """The number of epochs in the mean."""
        return 0 if self._averaged is None else self._averaged.count

    def averaged(self) -> AveragedWeights | None:
        """A copy of the mean weights; None if there are none."""
        return self._averaged

    def _metrics(self, config: TrainConfig, epoch_metrics: EpochMetrics) -> dict[str, float]:
        metrics = for_split(epoch_metrics.means, "train")
        if self.validation is not None:
            metrics |= for_split(self.validation.metrics, "validation")
        if config.weight_decay:
            metrics["decay_loss"] = decay_loss(self._ready.module, config.weight_decay)
        return metrics

    def _average(self, config: TrainConfig, epoch: int) -> dict[str, float]:
        """Adds the weights to their mean and evaluates the mean."""
        averaging = self._averaging or WeightAverager(self._ready.module, self._averaged)
        self._averaging = None
        averaging.add(self._ready.module, self._ready.prepared, epoch, config, self._interrupted)
        found = self._validate(averaging.module, config)
        # Not earlier: an epoch whose evaluation is interrupted is evaluated again after resuming, and would
        # be in the mean twice.
        self._averaging, self._averaged = averaging, averaging.snapshot()
        return {} if found is None else for_split(found.metrics, "averaged")

    def _validate(self, module: NetworkModule, config: TrainConfig) -> Validation | None:
        prepared = self._ready.prepared
        return validate(
            module, prepared, prepared.validation, LossConfig.for_evaluation(config), self._interrupted
        )


def decay_loss(module: NetworkModule, decay: float) -> float:
    """Weight decay's contribution to the loss: λ/2 · Σw², whose gradient is λw. (AdamW applies it
    separately.)
    """
    norms = torch._foreach_norm([weight.detach() for weight in module.parameters()])
    return 0.5 * decay * float(torch.stack(norms).square().sum())
