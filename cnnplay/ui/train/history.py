"""What a run reported so far, as columns that can be drawn, saved and written as a table."""

from collections.abc import Iterable
from typing import Literal

import msgspec
import numpy as np

from cnnplay.spec.events import (
    EpochDone,
    Event,
    Failed,
    Finished,
    Noted,
    Planned,
    SettingChanged,
    Started,
    Stepped,
)
from cnnplay.ui.plot.decimation import decimate
from cnnplay.ui.plot.series import Floats
from cnnplay.ui.train.epochs import Epochs
from cnnplay.ui.train.smoothed import Smoothed
from cnnplay.ui.train.steps import Range, Steps

MOST_CHANGES = 256
"""Of more changed settings the older ones are thinned: their marks would stand upon one another."""
MOST_NOTES = 200
"""So many of the last notes are kept."""
MOST_SMOOTHED = 4
"""Smoothed curves that are kept as they grow."""


class Curve(msgspec.Struct, frozen=True):
    """Points from left to right; x counts epochs."""

    x: Floats
    y: Floats
    mark: object = None
    """The same object as long as points are only added to a curve; None where that is not known."""

    def __len__(self) -> int:
        return len(self.x)

    def between(self, left: float, right: float, columns: int) -> "Curve":
        """What a picture so many columns wide can show of it, extremes included."""
        return Curve(*decimate(self.x, self.y, left, right, columns))


NO_CURVE = Curve(np.empty(0), np.empty(0))


class History:
    """The events of one run and of those that went on after it, in the order in which they came.

    Memory is bounded however long the run: of older steps and epochs those are kept that a picture needs, and
    the means of all (see `Steps` and `Epochs`). Steps lie at the fraction of epochs done after them: step 63
    of 63 of the first epoch at x = 1.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.started: Started | None = None
        self.plan: Planned | None = None
        self.failed: Failed | None = None
        self.finished: Finished | None = None
        self.notes: list[str] = []
        """The last ones."""
        self.noted = 0
        """How many there were."""
        self.changes: list[tuple[float, SettingChanged]] = []
        self.stages: list[Started] = []
        """One for each time that training began or went on."""
        self.version = 0
        """Grows whenever something is added: what is drawn compares it."""
        self._steps = Steps()
        self._done = Epochs()
        self._smoothed: dict[tuple[str, float], Smoothed] = {}
        self._first_x = 0.0
        self._epochs = 0
        """Those asked for, of the stage at hand."""
        self._step_before: int | None = None
        self._numbered_before = 0
        self.extend(events)

    def __len__(self) -> int:
        """The number of steps that are kept."""
        return len(self._steps)

    @property
    def empty(self) -> bool:
        return not len(self._steps) and not self.epochs

    @property
    def epochs(self) -> list[EpochDone]:
        """Those that are kept: the newest all, the best, and of older ones the extremes."""
        return self._done.all

    @property
    def best(self) -> EpochDone | None:
        """The best epoch so far, by the engine's own word."""
        return self._done.best

    @property
    def last(self) -> EpochDone | None:
        return self.epochs[-1] if self.epochs else None

    @property
    def last_x(self) -> float:
        """How many epochs were done, fractions included."""
        done = float(self.epochs[-1].epoch) if self.epochs else 0.0
        return max(float(self._steps["x"][-1]), done) if len(self._steps) else done

    @property
    def target(self) -> int:
        """The epoch at which the run means to end; 0 before it started."""
        if self.started is None:
            return 0
        return self.started.first_epoch - 1 + self._epochs

    def extend(self, events: Iterable[Event]) -> None:
        """Takes in events; steps are appended together."""
        steps: list[tuple[float, ...]] = []
        for event in events:
            self.version += 1
            if isinstance(event, Stepped):
                steps.append(self._step(event))
            else:
                self._steps.extend(steps)
                steps = []
                self._note(event)
        self._steps.extend(steps)

    def steps(self, name: str) -> Curve:
        """``loss`` or ``accuracy`` of each step that is kept, as measured."""
        return Curve(self._steps["x"], self._steps[name], self._steps.mark)

    def range(self, name: str) -> Range:
        """The lowest and the highest of all steps."""
        return self._steps.range(name)

    @property
    def numbers(self) -> Floats:
        """Which step each is, counted from the first on: not its index, where steps were left out."""
        return self._steps["step"]

    @property
    def whole_from(self) -> int:
        """The index from which on no step was left out: 0, save in a long history."""
        return self._steps.whole_from

    @property
    def averaged(self) -> Literal["", "stretches", "epochs"]:
        """What the smoothed curves are made of where steps were left out; "" where none was."""
        if not self.whole_from:
            return ""
        return "stretches" if self._steps.known("loss").complete else "epochs"

    def smoothed(self, name: str, steps: float) -> Curve:
        """The same, averaged over about so many steps."""
        if steps <= 1:
            return self.steps(name)
        key = (name, steps)
        if key not in self._smoothed:
            if len(self._smoothed) >= MOST_SMOOTHED:
                self._smoothed.clear()
            self._smoothed[key] = Smoothed(name, steps)
        kept = self._smoothed[key]
        x, y = kept.points(self._steps, self._done.metric(f"train_{name}"))
        return Curve(x, y, kept.mark)

    def metric(self, name: str) -> Curve:
        """A metric of each epoch that has it (``validation_loss``), at the epoch's end."""
        x, y = self._done.metric(name)
        return Curve(x, y) if len(x) else NO_CURVE

    def x_of(self, step: int) -> float:
        """Where a step lies, in epochs."""
        if self.started is None or self.started.steps_per_epoch < 1:
            return self._first_x
        before = step - 1 if self._step_before is None else self._step_before
        return self._first_x + max(step - before, 0) / self.started.steps_per_epoch

    def saved(self) -> tuple[Event, ...]:
        """Events from which `History` makes the same picture.

        What went on several times is told as one run: steps are renumbered by where they lie.
        """
        if self.started is None:
            return tuple(self.epochs)
        first = self.stages[0].first_epoch
        config = msgspec.structs.replace(self.started.config, epochs=self.target - first + 1)
        done, within = self.stages[0].done, self.stages[0].within
        started = msgspec.structs.replace(
            self.started, first_epoch=first, done=done, within=within, config=config
        )
        table = [self._steps[name] for name in ("x", "epoch", "loss", "accuracy", "images")]
        steps = [
            Stepped(run=started.run, step=self._number(x), epoch=int(e), loss=loss, accuracy=a, images=int(n))
            for x, e, loss, a, n in zip(*(column.tolist() for column in table), strict=True)
        ]
        changes = [msgspec.structs.replace(change, step=self._number(x)) for x, change in self.changes]
        ends = [event for event in (self.failed, self.finished) if event is not None]
        plans = [self.plan] if self.plan is not None else []
        return (started, *plans, *steps, *self.epochs, *changes, *ends)

    def _number(self, x: float) -> int:
        assert self.started is not None
        return round((x - self.stages[0].first_epoch + 1) * self.started.steps_per_epoch)

    def _number_at(self, x: float) -> int:
        """Of the last step up to a place at or behind the last one that is kept."""
        if self.started is None or not len(self._steps):
            return 0
        missing = (x - float(self._steps["x"][-1])) * self.started.steps_per_epoch
        return int(self.numbers[-1]) + max(round(missing), 0)

    def _step(self, event: Stepped) -> tuple[float, ...]:
        if self._step_before is None:
            self._step_before = event.step - 1
            if not len(self._steps):
                self._numbered_before = self._step_before
        x = self.x_of(event.step)
        number = self._numbered_before + event.step - self._step_before
        return x, number, event.epoch, event.loss, event.accuracy, event.images

    def _note(self, event: Event) -> None:
        match event:
            case Started():
                self._begin(event)
            case Planned():
                self.plan = event
            case EpochDone():
                self._done.add(event)
            case SettingChanged():
                if event.name == "epochs" and isinstance(event.value, int):
                    self._epochs = event.value
                self._change(event)
            case Noted():
                self.notes = [*self.notes[1 - MOST_NOTES :], event.message]
                self.noted += 1
            case Failed():
                self.failed = event
            case Finished():
                self.finished = event
            case _:
                pass  # Paused and Resumed leave no trace in a picture.

    def _change(self, event: SettingChanged) -> None:
        """Of one that was moved several times between two steps the last position counts."""
        x = self.x_of(event.step)
        if self.changes and self.changes[-1][0] == x and self.changes[-1][1].name == event.name:
            self.changes = self.changes[:-1]
        self.changes = [*self.changes, (x, event)]
        if len(self.changes) > MOST_CHANGES:
            half = len(self.changes) // 2
            needed = {change.name: index for index, (_, change) in enumerate(self.changes[:half])}
            kept = [
                each
                for index, each in enumerate(self.changes)
                if index % 2 or index >= half or index in needed.values()
            ]
            self.changes = kept

    def _begin(self, event: Started) -> None:
        self.started = event
        self.stages.append(event)
        self.failed, self.finished = None, None
        self._step_before = None
        self._epochs = event.config.epochs
        self._first_x = float(event.first_epoch - 1)
        if event.done is not None and event.steps_per_epoch:
            self._first_x = event.done / event.steps_per_epoch
        # What lies behind the place where it goes on is done anew.
        self._steps.cut(int(np.searchsorted(self._steps["x"], self._first_x, side="right")))
        self._numbered_before = self._number_at(self._first_x)
        self._done.cut(event.epoch - 1)
        # Nor was anything learned at a rate that was set when no step came any more.
        self.changes = [change for change in self.changes if change[0] <= self._first_x]
