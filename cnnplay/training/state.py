"""All that a run needs to go on as if it had never stopped.

What a step draws (its order, its dropout, its variations of pictures) depends on seed, epoch and step alone,
so no generator's state is among it.
"""

from dataclasses import dataclass, field

from cnnplay.modules.weights import Weights
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.optimizers import OptimizerState


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch with the highest validation accuracy so far (ties: the lower loss), and its weights."""

    epoch: int
    accuracy: float
    loss: float
    weights: Weights

    def beaten_by(self, accuracy: float, loss: float) -> bool:
        return accuracy > self.accuracy or (accuracy == self.accuracy and loss < self.loss)


@dataclass(frozen=True, slots=True)
class Averaged:
    """The mean of the weights after so many epochs, and batch norm's statistics under it."""

    weights: Weights
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run is: `step` batches in all, `batches` of them in `epoch`, whose sums are the rest.

    `loss` is the sum over the epoch's pictures so far, `right` and `images` count them.
    """

    step: int
    epoch: int
    batches: int = 0
    loss: float = 0.0
    right: int = 0
    images: int = 0


@dataclass(frozen=True, slots=True)
class RunState:
    """A run between two batches.

    `config` has what was changed during the run; `first_epoch` is the run's first. `metrics` are those of the
    last whole epoch, or of what there was of the first. The tensors are nobody else's. `threads` and
    `channels_last` are the plan that the next step follows.
    """

    config: TrainConfig
    first_epoch: int
    place: Place
    weights: Weights
    optimizer: OptimizerState
    threads: int
    channels_last: bool
    metrics: dict[str, float] = field(default_factory=dict)
    best: Best | None = None
    averaged: Averaged | None = None
    contents: str = ""
    """Of the pictures (`ImageSet.contents`); "" where it is not known."""

    @property
    def last_epoch(self) -> int:
        """The last whole epoch."""
        return self.place.epoch - 1

    @property
    def final_epoch(self) -> int:
        """The epoch with which the run means to end."""
        return self.first_epoch - 1 + self.config.epochs

    @property
    def unfinished(self) -> bool:
        """Whether there is something left of what was asked for."""
        return self.last_epoch < self.final_epoch
