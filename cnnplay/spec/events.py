"""What a run reports: a closed union of frozen structs, each stamped with its run's id.

The terminal, the window, the run's folder and the tests read the same events. Steps and epochs count from 1.
Accuracies are fractions. As JSON, each carries its name under ``event``.
"""

from typing import Literal, TypeAlias

import msgspec

from cnnplay.spec.settings import TrainConfig


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events carry."""

    run: str


class Started(BaseEvent, frozen=True, kw_only=True, tag="started"):
    """The run is set up; training begins. `first_epoch` is above 1 when it goes on after an earlier run."""

    network: str
    data: str
    config: TrainConfig
    device: str
    parameters: int
    train_size: int
    validation_size: int
    steps_per_epoch: int
    first_epoch: int = 1


class Planned(BaseEvent, frozen=True, kw_only=True, tag="plan"):
    """What the engine chose for this machine, from this step on, and why."""

    step: int
    threads: int
    memory_format: str
    fused: bool
    resident: bool
    """Whether the whole data set lies on the device as one tensor."""
    reason: str


class Stepped(BaseEvent, frozen=True, kw_only=True, tag="step"):
    """One batch was learned from. `loss` is that batch's mean, `accuracy` its fraction right."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    images: int


class EpochDone(BaseEvent, frozen=True, kw_only=True, tag="epoch"):
    """An epoch and its validation are done. `best` says that it is the best so far by validation accuracy
    (ties by lower validation loss)."""

    epoch: int
    step: int
    metrics: dict[str, float]
    """At least train_loss, train_accuracy, validation_loss, validation_accuracy."""
    seconds: float
    images_per_second: float
    best: bool


class Paused(BaseEvent, frozen=True, kw_only=True, tag="paused"):
    """The loop waits between two batches."""

    step: int


class Resumed(BaseEvent, frozen=True, kw_only=True, tag="resumed"):
    """The loop goes on."""

    step: int


class SettingChanged(BaseEvent, frozen=True, kw_only=True, tag="setting"):
    """A setting was changed during the run, from this step on."""

    step: int
    name: str
    value: float


class Noted(BaseEvent, frozen=True, kw_only=True, tag="note"):
    """Something that people should know, and that does not end the run (a picture that could not be read)."""

    message: str


class Failed(BaseEvent, frozen=True, kw_only=True, tag="failed"):
    """The run ended because something went wrong. The last good weights are kept."""

    cause: Literal["non-finite", "memory", "data", "disk", "unforeseen"]
    step: int
    epoch: int
    message: str
    advice: str
    """The change to try."""
    details: str = ""


class Finished(BaseEvent, frozen=True, kw_only=True, tag="finished"):
    """The run is over. `metrics` are the last weights'; `reason` says whether all epochs were done."""

    epochs: int
    reason: Literal["done", "stopped"]
    metrics: dict[str, float]
    images_per_second: float
    seconds: float
    best_epoch: int | None = None


Event: TypeAlias = (
    Started | Planned | Stepped | EpochDone | Paused | Resumed | SettingChanged | Noted | Failed | Finished
)
