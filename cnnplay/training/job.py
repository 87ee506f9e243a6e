"""A training run's input, its observations while it runs, and its result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.spec.events import Failed
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.optimizers import OptimizerState
from cnnplay.training.state import AveragedWeights, BestEpoch, RunState
from cnnplay.training.task import Validation

Reason: TypeAlias = Literal["done", "stopped", "early", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """A run of `config.epochs` epochs, starting with `first_epoch`.

    To continue after an earlier run with changes, pass its weights as `initial`, its `optimizer_state`, its
    `best`, and its last epoch + 1 as `first_epoch`. `resume` continues as if the run had never stopped: see
    `resumed_job`. `prepared` avoids fitting the images again; it must match this data set, the network's
    input and the device.
    """

    run: str
    network: Network
    config: TrainConfig
    dataset: ImageSet
    initial: Weights | None = None
    optimizer_state: OptimizerState | None = None
    first_epoch: int = 1
    prepared: Prepared | None = None
    best: BestEpoch | None = None
    resume: RunState | None = None
    distributed: DistributedContext | None = None
    """Set if several processes train together (within `distributed.process_group`)."""
    check_memory: bool = True
    """Whether to refuse a run that is estimated not to fit into the free memory."""


def resumed_job(run: str, network: Network, dataset: ImageSet, state: RunState) -> Job:
    """The rest of a run after `state`, with the settings and plan of `state`."""
    return Job(
        run,
        network,
        state.config,
        dataset,
        initial=state.weights,
        optimizer_state=state.optimizer,
        first_epoch=state.first_epoch,
        best=state.best,
        resume=state,
    )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights after an epoch. They are never modified, so they may be kept without a copy."""

    epoch: int
    step: int
    weights: Weights
    best: bool
    metrics: dict[str, float]
    facts: DataFacts
    averaged: AveragedWeights | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What an observer receives between two batches, in the run's own thread.

    The module is in training mode and must be again when the observer returns. After an epoch, `validation`
    and `checkpoint` are set. `config` includes changes during the run. `state` copies everything needed to
    resume from here; pass it weights that were copied already to save a copy. `note` sends the user a message
    without ending the run.
    """

    module: NetworkModule
    step: int
    epoch: int
    prepared: Prepared
    note: Callable[[str], None]
    config: TrainConfig
    state: Callable[[Weights | None], RunState]
    validation: Validation | None = None
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `weights` are the last good ones, empty if it failed before there were any.

    `last_epoch` is the last complete epoch; continue with `first_epoch = last_epoch + 1`. `metrics` belong to
    `weights` as far as known.
    """

    reason: Reason
    weights: Weights
    last_epoch: int
    step: int
    learned: bool = False
    """Whether this run trained `weights` at all."""
    metrics: dict[str, float] = field(default_factory=dict)
    best: BestEpoch | None = None
    state: RunState | None = None
    """The state to resume from; None if the run should not be resumed because its loss was not finite."""
    facts: DataFacts | None = None
    validation: Validation | None = None
    failure: Failed | None = None
    images_per_second: float = 0.0
    seconds: float = 0.0

    def trained_weights(self, network: Network, config: TrainConfig) -> TrainedWeights | None:
        """What the run of this network learned; None if that is nothing."""
        if not self.learned or self.facts is None:
            return None
        return TrainedWeights(
            network,
            config,
            self.facts,
            last=self.weights,
            best=None if self.best is None else self.best.weights,
            averaged=None if self.averaged is None else self.averaged.weights,
            best_epoch=self.best_epoch,
            last_epoch=self.last_epoch,
        )

    @property
    def averaged(self) -> AveragedWeights | None:
        return None if self.state is None else self.state.averaged

    @property
    def best_epoch(self) -> int | None:
        return None if self.best is None else self.best.epoch
