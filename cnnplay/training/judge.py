"""The numbers of an epoch: what was learned, what validation says, what decay and averaging add."""

import math
from collections.abc import Callable

import torch

from cnnplay.modules.build import NetworkModule
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.averaging import Averaging, averages, first_averaged
from cnnplay.training.failures import NonFinite
from cnnplay.training.job import Validation
from cnnplay.training.meter import Sums
from cnnplay.training.setup import Ready
from cnnplay.training.state import Averaged
from cnnplay.training.tasks import Aim, rules_of
from cnnplay.training.validation import validate

QUICK = 0.5
"""Seconds that a stopped run may take to judge its weights once more."""


class Judge:
    """`validation` is the last one. `interrupted` says whether judging is to be broken off."""

    def __init__(self, ready: Ready, before: Averaged | None, interrupted: Callable[[], bool]) -> None:
        self._ready = ready
        self._score = rules_of(ready.module.network.task).score_name
        self._interrupted = interrupted
        self._averaging: Averaging | None = None
        self._averaged = before
        self.validation: Validation | None = None

    def epoch(self, config: TrainConfig, first_epoch: int, epoch: int, sums: Sums) -> dict[str, float]:
        """The metrics of a whole epoch. NonFinite, Interrupted."""
        self.validation = found = self._judged(self._ready.module, config)
        if found is not None and not math.isfinite(found.loss):
            raise NonFinite(found.loss)
        metrics = self._metrics(config, sums)
        if self._taken > epoch - first_averaged(config, first_epoch):
            # The run was made longer: what was taken is no longer of its last part alone.
            self._averaging = self._averaged = None
        if averages(config, first_epoch, epoch):
            metrics |= self._average(config, epoch)
        return metrics

    def part(self, config: TrainConfig, sums: Sums, rate: float) -> dict[str, float]:
        """Those of an epoch that was stopped, with validation's where that is quick at so many images/s."""
        prepared = self._ready.prepared
        self.validation = None
        # Judging takes less than learning from as many pictures.
        if prepared.validation_size / max(rate, 1e-9) < QUICK:
            aim = Aim.judging(config)
            self.validation = validate(self._ready.module, prepared, prepared.validation, aim)
        return self._metrics(config, sums)

    @property
    def _taken(self) -> int:
        """How many epochs' weights are in the mean."""
        return 0 if self._averaged is None else self._averaged.count

    def averaged(self) -> Averaged | None:
        """A copy of the mean weights; None where there are none."""
        return self._averaged

    def _metrics(self, config: TrainConfig, sums: Sums) -> dict[str, float]:
        metrics = {"train_loss": sums.mean_loss, f"train_{self._score}": sums.share_right}
        if self.validation is not None:
            metrics["validation_loss"] = self.validation.loss
            metrics[f"validation_{self._score}"] = self.validation.accuracy
        if config.weight_decay:
            metrics["decay_loss"] = decay_loss(self._ready.module, config.weight_decay)
        return metrics

    def _average(self, config: TrainConfig, epoch: int) -> dict[str, float]:
        """Takes the weights into their mean, and judges it."""
        averaging = self._averaging or Averaging(self._ready.module, self._averaged)
        self._averaging = None
        averaging.add(self._ready.module, self._ready.prepared, epoch, config, self._interrupted)
        found = self._judged(averaging.module, config)
        # Not before: an epoch whose judging is broken off is judged anew when the run goes on, and would be
        # in the mean twice.
        self._averaging, self._averaged = averaging, averaging.taken()
        if found is None:
            return {}
        return {"averaged_loss": found.loss, f"averaged_{self._score}": found.accuracy}

    def _judged(self, module: NetworkModule, config: TrainConfig) -> Validation | None:
        prepared = self._ready.prepared
        return validate(module, prepared, prepared.validation, Aim.judging(config), self._interrupted)


def decay_loss(module: NetworkModule, decay: float) -> float:
    """What weight decay adds to the loss: λ/2 · Σw², whose gradient is λw. (AdamW applies it apart.)"""
    norms = torch._foreach_norm([weight.detach() for weight in module.parameters()])
    return 0.5 * decay * float(torch.stack(norms).square().sum())
