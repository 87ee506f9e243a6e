"""What a run reports: a closed union of frozen structs, each stamped with its run's id.

The terminal, the window, the run's folder and the tests read the same events. Steps and epochs count from 1.
Accuracies are fractions. As JSON, each carries its name under ``event``. A field that is unknown is read
over: events are a log, in which a newer program may tell more (what describes a network or a run forbids it).
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from cnnplay.spec.settings import TrainConfig

# Limits are checked where events are read from a file: what draws and counts them may rely on these.
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Ordinal: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Value: TypeAlias = bool | int | float | str
Metrics: TypeAlias = dict[Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]{0,63}$")], float]


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events carry."""

    run: str


class Started(BaseEvent, frozen=True, kw_only=True, tag="started"):
    """The run is set up; training begins. `first_epoch` is above 1 where it goes on after an earlier run.

    Where a run goes on within what it had begun, `done` steps lie behind it and it is in its epoch `within`
    (whose steps may all be done, but not its validation). What was told of later ones is told anew.
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

    @property
    def epoch(self) -> int:
        """The epoch that is trained or judged next: those before it stand as they were told."""
        return self.first_epoch if self.within is None else self.within

    def keeps(self, step: int, epoch: int) -> bool:
        """Whether a step that was told before stands."""
        return epoch < self.first_epoch if self.done is None else step <= self.done


class Planned(BaseEvent, frozen=True, kw_only=True, tag="plan"):
    """What the engine chose for this machine, from this step on, and why."""

    step: Count
    threads: int
    memory_format: str
    precision: str = "float32"
    fused: bool
    resident: bool
    """Whether the whole data set lies on the device as one tensor."""
    reason: str


class Stepped(BaseEvent, frozen=True, kw_only=True, tag="step"):
    """One batch was learned from. `loss` is that batch's mean, `accuracy` its fraction right."""

    step: Count
    epoch: Ordinal
    loss: float
    accuracy: float
    images: Count


class EpochDone(BaseEvent, frozen=True, kw_only=True, tag="epoch"):
    """An epoch and its validation are done. `best` says that it is the best so far by validation accuracy
    (ties by lower validation loss)."""

    epoch: Ordinal
    step: Count
    metrics: Metrics
    """At least train_loss, train_accuracy, validation_loss, validation_accuracy. Where weight decay is on
    also decay_loss, λ/2 · Σw²; where weights are averaged averaged_loss and averaged_accuracy."""
    seconds: float
    images_per_second: float
    best: bool


class Paused(BaseEvent, frozen=True, kw_only=True, tag="paused"):
    """The loop waits between two batches."""

    step: Count


class Resumed(BaseEvent, frozen=True, kw_only=True, tag="resumed"):
    """The loop goes on."""

    step: Count


class SettingChanged(BaseEvent, frozen=True, kw_only=True, tag="setting"):
    """A setting was changed during the run, from this step on."""

    step: Count
    name: str
    value: Value


class Noted(BaseEvent, frozen=True, kw_only=True, tag="note"):
    """Something that people should know, and that does not end the run (a picture that could not be read)."""

    message: str


class Failed(BaseEvent, frozen=True, kw_only=True, tag="failed"):
    """The run ended because something went wrong. The last good weights are kept."""

    cause: Literal["non-finite", "memory", "data", "disk", "unforeseen"]
    step: Count
    epoch: Count
    message: str
    advice: str
    """The change to try."""
    setting: str = ""
    """The setting to change, where one mends it; `value` is what to try."""
    value: float | None = None
    details: str = ""


class Finished(BaseEvent, frozen=True, kw_only=True, tag="finished"):
    """The run is over. `metrics` are the last weights'; `reason` says whether all epochs were done."""

    epochs: Count
    reason: Literal["done", "stopped", "early"]
    """`early`: validation had not become better for as long as was asked."""
    metrics: Metrics
    images_per_second: float
    seconds: float
    best_epoch: Ordinal | None = None


Event: TypeAlias = (
    Started | Planned | Stepped | EpochDone | Paused | Resumed | SettingChanged | Noted | Failed | Finished
)
