"""What a run is given, what it shows while it goes on, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.images import ImageSet, Indices
from cnnplay.data.prepared import Prepared
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.spec.events import Failed
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.optimizers import OptimizerState
from cnnplay.training.state import Averaged, Best, RunState
from cnnplay.training.team import Team

Reason: TypeAlias = Literal["done", "stopped", "early", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """A run: `config.epochs` epochs, the first of which is `first_epoch`.

    To go on with something new after an earlier run, give its weights as `initial`, its `optimizer_state`,
    its `best`, and its last epoch + 1 as `first_epoch`. `resume` goes on as if the run had never stopped: see
    `resumed`. `prepared` saves fitting the pictures again; it must be of this data set,
    the network's input and the device.
    """

    run: str
    network: Network
    config: TrainConfig
    images: ImageSet
    initial: Weights | None = None
    optimizer_state: OptimizerState | None = None
    first_epoch: int = 1
    prepared: Prepared | None = None
    best: Best | None = None
    resume: RunState | None = None
    team: Team | None = None
    """Where several processes train together (within `team.joined`)."""
    check_memory: bool = True
    """Whether a run whose forecast does not fit into the free memory is refused."""


def resumed(
    run: str, network: Network, images: ImageSet, state: RunState, prepared: Prepared | None = None
) -> Job:
    """The rest of a run, from `state` on, under its own settings and plan."""
    return Job(
        run,
        network,
        state.config,
        images,
        initial=state.weights,
        optimizer_state=state.optimizer,
        first_epoch=state.first_epoch,
        prepared=prepared,
        best=state.best,
        resume=state,
    )


@dataclass(frozen=True, slots=True)
class Validation:
    """What the network says of the validation part: a row of `probabilities` (N × classes) a picture.

    `confusion[i, j]` counts pictures of class i that were taken for class j. `indices` are the pictures'
    in the data set.
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    labels: Indices
    indices: Indices


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights after an epoch. Nobody writes into them, so they may be kept without a copy."""

    epoch: int
    step: int
    weights: Weights
    best: bool
    metrics: dict[str, float]
    facts: DataFacts
    averaged: Averaged | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What an observer is given between two batches, in the run's own thread.

    The module is in training mode, and must be so again when the observer returns. After an epoch there are a
    `validation` and a `checkpoint` too. `config` has what was changed during the run. `state` copies all that
    is needed to go on from here; weights that were copied already may be given to it. `note` tells people
    something without ending the run.
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
    """How a run ended. `weights` are the last good ones; empty where it failed before it had any.

    `last_epoch` is the last whole epoch, so that `first_epoch = last_epoch + 1` goes on. `metrics` are those
    of `weights` as far as they are known.
    """

    reason: Reason
    weights: Weights
    last_epoch: int
    step: int
    learned: bool = False
    """Whether `weights` hold anything that this run learned."""
    metrics: dict[str, float] = field(default_factory=dict)
    best: Best | None = None
    state: RunState | None = None
    """To go on from; None where it should not be: after a loss that was no number."""
    facts: DataFacts | None = None
    validation: Validation | None = None
    failure: Failed | None = None
    images_per_second: float = 0.0
    seconds: float = 0.0

    @property
    def best_weights(self) -> Weights | None:
        return None if self.best is None else self.best.weights

    @property
    def averaged(self) -> Averaged | None:
        return None if self.state is None else self.state.averaged

    @property
    def best_epoch(self) -> int | None:
        return None if self.best is None else self.best.epoch

    @property
    def confusion(self) -> NDArray[np.int64] | None:
        return None if self.validation is None else self.validation.confusion
