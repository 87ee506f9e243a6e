"""Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights after each of the last epochs.

Steps wander around a minimum; their mean lies nearer to its middle. Batch norm's statistics belong to the
weights that they were measured with, so they are measured anew for the mean.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.weights import transfer, weights_of
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Interrupted
from cnnplay.training.state import Averaged
from cnnplay.training.surroundings import seed_step


class Averaging:
    """The mean so far, which may have been begun `before`."""

    def __init__(self, module: NetworkModule, before: Averaged | None = None) -> None:
        self._model = AveragedModel(module)
        _compute_alone(self.module)
        if before is not None:
            transfer(before.weights, self.module)
            self._model.n_averaged.fill_(before.count)

    @property
    def module(self) -> NetworkModule:
        """The network with the mean weights, in evaluation mode once `add` was called."""
        inner = self._model.module
        assert isinstance(inner, NetworkModule)
        return inner

    @property
    def count(self) -> int:
        """How many epochs are in the mean."""
        return int(self._model.n_averaged)

    def add(
        self,
        module: NetworkModule,
        prepared: Prepared,
        epoch: int,
        config: TrainConfig,
        interrupted: Callable[[], bool],
    ) -> None:
        """Takes the weights after an epoch into the mean, and measures batch norm's statistics for it.

        Interrupted, between two batches, once `interrupted()` says so: the mean is of no use then.
        """
        self._model.update_parameters(module)
        _measure_statistics(self.module, prepared, epoch, config, interrupted)
        self.module.eval()

    def taken(self) -> Averaged:
        """A copy of the mean."""
        return Averaged(weights_of(self.module), self.count)


def averages(config: TrainConfig, first_epoch: int, epoch: int) -> bool:
    """Whether the weights after this epoch belong to the mean."""
    return config.averaging > 0 and epoch >= first_averaged(config, first_epoch)


def first_averaged(config: TrainConfig, first_epoch: int) -> int:
    """The mean is of the weights after this epoch and those behind it: the last part of the run's, one epoch
    at least."""
    count = max(1, round(config.averaging * config.epochs))
    return first_epoch + config.epochs - count


def _compute_alone(module: NetworkModule) -> None:
    """Puts ordinary batch norm in place of what takes its statistics over a team's processes: each of them
    measures the mean with whole batches, and none must wait for another."""
    ordinary = build(module.network, device="meta")
    for name, layer in list(module.named_children()):
        if isinstance(layer, nn.SyncBatchNorm):
            own = ordinary.layer(name)
            own.load_state_dict(layer.state_dict(), assign=True)
            module.add_module(name, own)
    module.rewire()


@torch.no_grad()
def _measure_statistics(
    module: NetworkModule,
    prepared: Prepared,
    epoch: int,
    config: TrainConfig,
    interrupted: Callable[[], bool],
) -> None:
    """One pass over the training pictures as they are. A mean of all batches, each counting once."""
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    norms = [layer for layer in norms if layer.track_running_stats]
    if not norms:
        return
    usual = [layer.momentum for layer in norms]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean of all batches
    module.train()
    seed_step(prepared.device, config.seed, epoch)  # dropout before a norm
    for pictures, _, _ in prepared.train_batches(epoch, config.batch_size, config.seed):
        if interrupted():
            raise Interrupted
        module(pictures)
    for layer, momentum in zip(norms, usual, strict=True):
        layer.momentum = momentum
