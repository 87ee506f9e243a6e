"""Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights after each of the last epochs.

Training steps wander around a minimum; their mean is closer to its center. Batch norm statistics only match
the weights that they were measured with, so they are measured again for the mean.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.weights import transfer, weights_of
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import leaves
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Interrupted
from cnnplay.training.rng import seed_step
from cnnplay.training.state import AveragedWeights


class WeightAverager:
    """A running mean of weights, optionally continued from a `previous` one."""

    def __init__(self, module: NetworkModule, previous: AveragedWeights | None = None) -> None:
        self._model = AveragedModel(module)
        _replace_sync_batch_norm(self.module)
        if previous is not None:
            transfer(previous.weights, self.module)
            self._model.n_averaged.fill_(previous.count)

    @property
    def module(self) -> NetworkModule:
        """The network with the mean weights; in evaluation mode after a call of `add`."""
        inner = self._model.module
        assert isinstance(inner, NetworkModule)
        return inner

    @property
    def count(self) -> int:
        """The number of epochs in the mean."""
        return int(self._model.n_averaged)

    def add(
        self,
        module: NetworkModule,
        prepared: Prepared,
        epoch: int,
        config: TrainConfig,
        interrupted: Callable[[], bool],
    ) -> None:
        """Adds the weights after an epoch to the mean, then measures batch norm's statistics for it.

        Raises Interrupted between two batches once `interrupted()` returns True; the mean is unusable then.
        """
        self._model.update_parameters(module)
        _measure_statistics(self.module, prepared, epoch, config, interrupted)
        self.module.eval()

    def snapshot(self) -> AveragedWeights:
        """A copy of the mean."""
        return AveragedWeights(weights_of(self.module), self.count)


def is_averaged(config: TrainConfig, first_epoch: int, epoch: int) -> bool:
    """Whether the weights after this epoch belong to the mean."""
    return config.averaging > 0 and epoch >= first_averaged(config, first_epoch)


def first_averaged(config: TrainConfig, first_epoch: int) -> int:
    """The first epoch whose weights belong to the mean: it covers the last part of the run, at least one
    epoch.
    """
    count = max(1, round(config.averaging * config.epochs))
    return first_epoch + config.epochs - count


def _replace_sync_batch_norm(module: NetworkModule) -> None:
    """Replaces SyncBatchNorm by ordinary batch norm: each process measures the mean's statistics on whole
    batches, so none must wait for another.
    """
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
    """One pass over the training images without augmentation. All batches count equally."""
    norms: list[Any] = [
        module.layer(node.id) for node in leaves(module.network) if kind_of(node).running_statistics
    ]
    if not norms:
        return
    usual = [layer.momentum for layer in norms]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean of all batches
    module.train()
    seed_step(prepared.device, config.seed, epoch)  # for dropout before a norm layer
    for images, _, _ in prepared.train_batches(epoch, config.batch_size, config.seed):
        if interrupted():
            raise Interrupted
        module(images)
    for layer, momentum in zip(norms, usual, strict=True):
        layer.momentum = momentum
