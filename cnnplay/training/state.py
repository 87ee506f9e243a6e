"""Everything a run needs to resume as if it had never stopped.

What a step draws at random (its order, dropout, augmentation) depends only on seed, epoch and step, so no
generator state is included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnplay.modules.weights import Weights
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.optimizers import OptimizerState


@dataclass(frozen=True, slots=True)
class BestEpoch:
    """The best epoch so far by its task's primary metric, its validation metrics by name, and its weights."""

    epoch: int
    metrics: Mapping[str, float]
    weights: Weights


@dataclass(frozen=True, slots=True)
class AveragedWeights:
    """The mean of the weights after `count` epochs, with batch norm's statistics for it."""

    weights: Weights
    count: int


@dataclass(frozen=True, slots=True)
class RunPosition:
    """How far a run is: `step` batches in total, `batches` of them in `epoch`. The other fields are that
    epoch's sums.

    `loss` and the metrics in `sums` are summed over the epoch's images so far; `images` counts those.
    """

    step: int
    epoch: int
    batches: int = 0
    loss: float = 0.0
    sums: Mapping[str, float] = field(default_factory=dict)
    images: int = 0


@dataclass(frozen=True, slots=True)
class RunState:
    """A run between two batches.

    `config` includes changes during the run; `first_epoch` is the run's first epoch. `metrics` are those of
    the last complete epoch, or the partial ones of the first. The tensors are not shared. `threads` and
    `channels_last` are the plan of the next step.
    """

    config: TrainConfig
    first_epoch: int
    place: RunPosition
    weights: Weights
    optimizer: OptimizerState
    threads: int
    channels_last: bool
    metrics: dict[str, float] = field(default_factory=dict)
    best: BestEpoch | None = None
    averaged: AveragedWeights | None = None
    contents: str = ""
    """The images' fingerprint (`ImageSet.contents`); "" if unknown."""
    patience_from: int = 0
    """The epoch from which early stopping counts, if that is later than the best one: it has stopped the run
    there before."""

    @property
    def last_epoch(self) -> int:
        """The last complete epoch."""
        return self.place.epoch - 1

    @property
    def final_epoch(self) -> int:
        """The epoch after which the run is supposed to end."""
        return self.first_epoch - 1 + self.config.epochs

    @property
    def unfinished(self) -> bool:
        """Whether requested epochs are left."""
        return self.last_epoch < self.final_epoch
