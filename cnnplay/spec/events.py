"""What a run reports: a closed union of frozen structs, each with its run's id.

The terminal, the window, the run's folder and the tests read the same events. Steps and epochs count from 1.
Metrics are named by their task's row in `spec.tasks`; shares are fractions. In JSON, the event's name is
under ``event``. Unknown fields are ignored: events are a log, to which a newer program may add (descriptions
of networks and runs forbid unknown fields).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import DEFAULT, TASKS, TaskInfo

# Limits are checked when events are read from a file, so that plots and counters can rely on them.
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Ordinal: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Value: TypeAlias = bool | int | float | str
Metrics: TypeAlias = dict[Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]{0,63}$")], float]


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events have."""

    run: str


class Started(BaseEvent, frozen=True, kw_only=True, tag="started"):
    """The run is set up and training begins. `first_epoch` is above 1 if it continues an earlier run.

    If it resumes an interrupted run, `done` steps are completed and it is in its epoch `within` (whose steps
    may all be done, but not its validation). Later steps in the log are superseded by the new ones.
    """

    network: str
    data: str
    config: TrainConfig
    device: str
    parameters: Count
    train_size: Count
    validation_size: Count
    steps_per_epoch: Count
    first_epoch: Ordinal = 1
    done: Count | None = None
    within: Ordinal | None = None
    task: str | msgspec.UnsetType = msgspec.UNSET
    """Not in the files of earlier versions."""

    def __post_init__(self) -> None:
        if self.task is not msgspec.UNSET and self.task not in TASKS:
            raise ValueError(f"task: expected one of {', '.join(TASKS)}; got {self.task!r}")

    @property
    def task_info(self) -> TaskInfo:
        """What the metrics of this run are."""
        return TASKS[DEFAULT if self.task is msgspec.UNSET else self.task]

    @property
    def epoch(self) -> int:
        """The epoch that is trained or evaluated next; earlier epochs in the log remain valid."""
        return self.first_epoch if self.within is None else self.within

    def keeps(self, step: int, epoch: int) -> bool:
        """Whether an earlier step in the log remains valid."""
        return epoch < self.first_epoch or (self.done is not None and step <= self.done)


class Planned(BaseEvent, frozen=True, kw_only=True, tag="plan"):
    """What the engine chose for this machine, from this step on, and why."""

    step: Count
    threads: int
    memory_format: str
    precision: str = "float32"
    fused: bool
    resident: bool
    """Whether the whole data set is on the device as one tensor."""
    reason: str


class Stepped(BaseEvent, frozen=True, kw_only=True, tag="step"):
    """One training step: the batch's mean loss and its task's metrics. `make` fills in the fields."""

    step: Count
    epoch: Ordinal
    loss: float
    accuracy: float | None = None
    """Also in `metrics`: the only metric in logs of earlier versions."""
    images: Count
    metrics: Metrics = {}

    @classmethod
    def make(
        cls, run: str, step: int, epoch: int, loss: float, metrics: dict[str, float], images: int
    ) -> "Stepped":
        return cls(
            run=run,
            step=step,
            epoch=epoch,
            loss=loss,
            accuracy=metrics.get("accuracy"),
            images=images,
            metrics=metrics,
        )

    @property
    def values(self) -> Mapping[str, float]:
        """The metrics besides the loss, also those of a log of an earlier version."""
        return self.metrics or ({} if self.accuracy is None else {"accuracy": self.accuracy})


class EpochDone(BaseEvent, frozen=True, kw_only=True, tag="epoch", omit_defaults=True):
    """An epoch and its validation are done. `best`: it is the best so far by its task's primary metric."""

    epoch: Ordinal
    step: Count
    metrics: Metrics
    """train_loss and validation_loss, and the task's metrics named likewise (train_accuracy, …). With weight
    decay also decay_loss, λ/2 · Σw²; with weight averaging averaged_loss, ….
    """
    seconds: float
    images_per_second: float
    best: bool
    learning_rate: float | None = None
    """That of the epoch's last step; not in the files of earlier versions."""


class Paused(BaseEvent, frozen=True, kw_only=True, tag="paused"):
    """The run is paused between two batches."""

    step: Count


class Resumed(BaseEvent, frozen=True, kw_only=True, tag="resumed"):
    """The run continues after a pause."""

    step: Count


class SettingChanged(BaseEvent, frozen=True, kw_only=True, tag="setting"):
    """A setting was changed during the run, from this step on."""

    step: Count
    name: str
    value: Value


class Noted(BaseEvent, frozen=True, kw_only=True, tag="note"):
    """A message for the user that does not end the run (such as an unreadable image)."""

    message: str


class Failed(BaseEvent, frozen=True, kw_only=True, tag="failed"):
    """The run ended with an error. The last good weights are kept."""

    cause: Literal["non-finite", "memory", "data", "disk", "unforeseen"]
    step: Count
    epoch: Count
    message: str
    advice: str
    """What to try."""
    setting: str = ""
    """The setting to change, if that fixes it; `value` is what to try."""
    value: float | None = None
    details: str = ""


class Finished(BaseEvent, frozen=True, kw_only=True, tag="finished"):
    """The run is over. `metrics` are the last weights'; `reason` says whether all epochs were completed."""

    epochs: Count
    reason: Literal["done", "stopped", "early"]
    """`early`: early stopping ended the run."""
    metrics: Metrics
    images_per_second: float
    seconds: float
    best_epoch: Ordinal | None = None


Event: TypeAlias = (
    Started | Planned | Stepped | EpochDone | Paused | Resumed | SettingChanged | Noted | Failed | Finished
)
