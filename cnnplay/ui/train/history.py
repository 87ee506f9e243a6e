"""What a run has reported so far, as columns to draw, save and export."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from cnnplay.runs.effective_events import elapsed
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
from cnnplay.spec.settings import TrainConfig, setting_fields
from cnnplay.spec.tasks import DEFAULT, TASKS, TaskInfo
from cnnplay.ui.plot.curve import NO_CURVE, Curve
from cnnplay.ui.plot.series import Floats
from cnnplay.ui.train.epochs import Epochs
from cnnplay.ui.train.smoothed import Smoothed
from cnnplay.ui.train.steps import COLUMNS, Range, Steps

Axis: TypeAlias = Literal["epoch", "step", "time"]
"""What the x of a curve counts: epochs, steps, or seconds of training."""

MOST_CHANGES = 256
"""Beyond this many changed settings the older ones are thinned: their marks would overlap."""
MOST_NOTES = 200
"""How many of the last notes are kept."""
MOST_SMOOTHED = 4
"""How many smoothed curves are cached while they grow."""


class History:
    """The events of one run, including the runs that resumed it, in order of arrival.

    Memory is bounded however long the run is: of older steps and epochs only those that a plot needs are
    kept, and the means of all (see `Steps` and `Epochs`). The x of a step is the number of epochs done after
    it: step 63 of 63 of the first epoch is at x = 1.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.started: Started | None = None
        self.plan: Planned | None = None
        self.failed: Failed | None = None
        self.finished: Finished | None = None
        self.notes: list[str] = []
        """The most recent ones."""
        self.noted = 0
        """How many notes there were in total."""
        self.changes: list[tuple[float, SettingChanged]] = []
        self.stages: list[Started] = []
        """One for each time that training started or resumed."""
        self.version = 0
        """Grows whenever something is added, so that views can compare it."""
        self._steps = Steps()
        self._done = Epochs()
        self._smoothed: dict[tuple[str, float], Smoothed] = {}
        self._first_x = 0.0
        self._stages_x: list[float] = []
        """Where each stage began."""
        self._epochs = 0
        """The epochs requested for the current stage."""
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
    def task_info(self) -> TaskInfo:
        """What the run's metrics are."""
        return TASKS[DEFAULT] if self.started is None else self.started.task_info

    @property
    def epochs(self) -> list[EpochDone]:
        """The epochs that are kept: all recent ones, the best, and the extremes of older ones."""
        return self._done.all

    @property
    def best(self) -> EpochDone | None:
        """The best epoch so far, as marked by the engine."""
        return self._done.best

    @property
    def last(self) -> EpochDone | None:
        return self.epochs[-1] if self.epochs else None

    @property
    def last_x(self) -> float:
        """How many epochs are done, fractions included."""
        done = float(self.epochs[-1].epoch) if self.epochs else 0.0
        return max(float(self._steps["x"][-1]), done) if len(self._steps) else done

    @property
    def last_step(self) -> int:
        """The number of the last step; 0 before there is one."""
        return int(self.numbers[-1]) if len(self._steps) else 0

    @property
    def target(self) -> int:
        """The epoch at which the run will end; 0 before it has started."""
        if self.started is None:
            return 0
        return self.started.first_epoch - 1 + self._epochs

    @property
    def ended(self) -> bool:
        return self.finished is not None or self.failed is not None

    def end(self, axis: Axis = "epoch") -> float:
        """Where the run will end, in units of an axis; how far it is, if it has ended or for time."""
        x = self.last_x if self.ended or axis == "time" else max(self.last_x, float(self.target))
        return float(np.nan_to_num(self.along(np.array([x]), axis)[0]))

    def along(self, x: Floats, axis: Axis) -> Floats:
        """The places on an axis of `x`, counted in epochs. Times are NaN until an epoch has ended."""
        if axis == "epoch":
            return x
        return self._numbers_at(x) if axis == "step" else elapsed(x, self._done.ends)

    def extend(self, events: Iterable[Event]) -> None:
        """Adds events; consecutive steps are appended together."""
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
        """The loss or the primary metric of each kept step, not smoothed; no curve if it is not measured in
        steps.
        """
        if not self.task_info.metric(name).steps:
            return NO_CURVE
        return Curve(self._steps["x"], self._steps[_column(name)], self._steps.mark)

    def range(self, name: str) -> Range:
        """The lowest and the highest of all steps."""
        return self._steps.range(_column(name))

    @property
    def numbers(self) -> Floats:
        """The number of each kept step, counted from 1; not its index, if steps were thinned out."""
        return self._steps["step"]

    @property
    def whole_from(self) -> int:
        """The index from which on every step is kept: 0, except in a long history."""
        return self._steps.whole_from

    @property
    def averaged(self) -> Literal["", "stretches", "epochs"]:
        """What smoothed curves use where steps were thinned out; "" if all steps are kept."""
        if not self.whole_from:
            return ""
        return "stretches" if self._steps.known("loss").complete else "epochs"

    def smoothed(self, name: str, steps: float) -> Curve:
        """The same, smoothed over about `steps` steps. Without steps, each epoch's mean, as far as known."""
        if not len(self._steps) or not self.task_info.metric(name).steps:
            return self.metric(f"train_{name}")
        if steps <= 1:
            return self.steps(name)
        key = (name, steps)
        if key not in self._smoothed:
            if len(self._smoothed) >= MOST_SMOOTHED:
                self._smoothed.clear()
            self._smoothed[key] = Smoothed(_column(name), steps)
        kept = self._smoothed[key]
        x, y = kept.points(self._steps, self._done.metric(f"train_{name}"))
        return Curve(x, y, kept.mark)

    def metric(self, name: str) -> Curve:
        """A metric of each epoch that has it (``validation_loss``), at the epoch's end."""
        x, y = self._done.metric(name)
        return Curve(x, y) if len(x) else NO_CURVE

    def x_of(self, step: int) -> float:
        """The x of a step, in epochs."""
        if self.started is None or self.started.steps_per_epoch < 1:
            return self._first_x
        before = step - 1 if self._step_before is None else self._step_before
        return self._first_x + max(step - before, 0) / self.started.steps_per_epoch

    def saved(self) -> tuple[Event, ...]:
        """Events from which `History` restores the same curves.

        A run that was resumed becomes one run: its steps are renumbered by their x.
        """
        if self.started is None:
            return tuple(self.epochs)
        first = self.stages[0].first_epoch
        config = msgspec.structs.replace(self.started.config, epochs=self.target - first + 1)
        done, within = self.stages[0].done, self.stages[0].within
        started = msgspec.structs.replace(
            self.started, first_epoch=first, done=done, within=within, config=config
        )
        names = [self.task_info.primary.name] if self.task_info.primary.steps else []
        table = [self._steps[name] for name in COLUMNS if name != "step"]
        steps = [
            Stepped.make(started.run, self._number(x), int(e), loss, dict.fromkeys(names, value), int(n))
            for x, e, loss, value, n in zip(*(column.tolist() for column in table), strict=True)
        ]
        changes = [msgspec.structs.replace(change, step=self._number(x)) for x, change in self.changes]
        ends = [event for event in (self.failed, self.finished) if event is not None]
        plans = [self.plan] if self.plan is not None else []
        return (started, *plans, *steps, *self.epochs, *changes, *ends)

    def _number(self, x: float) -> int:
        assert self.started is not None
        return round((x - self.stages[0].first_epoch + 1) * self.started.steps_per_epoch)

    def _numbers_at(self, x: Floats) -> Floats:
        """The numbers of the steps at these x, also of steps that are yet to come."""
        per_epoch = 0 if self.started is None else self.started.steps_per_epoch
        if not len(self._steps):
            return np.round(x * per_epoch)
        known = self._steps["x"]
        beyond = np.maximum(x - known[-1], 0.0) * per_epoch
        numbers: Floats = np.interp(x, known, self.numbers) + beyond
        return numbers.round()

    def _step(self, event: Stepped) -> tuple[float, ...]:
        if self._step_before is None:
            self._step_before = event.step - 1
            if not len(self._steps):
                self._numbered_before = self._step_before
        x = self.x_of(event.step)
        number = self._numbered_before + event.step - self._step_before
        primary = event.values.get(self.task_info.primary.name, np.nan)
        return x, number, event.epoch, event.loss, primary, event.images

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
                self._change(self.x_of(event.step), event)
            case Noted():
                self.notes = [*self.notes[1 - MOST_NOTES :], event.message]
                self.noted += 1
            case Failed():
                self.failed = event
            case Finished():
                self.finished = event
            case _:
                pass  # Paused and Resumed are not drawn.

    def _change(self, x: float, event: SettingChanged) -> None:
        """If a setting changed several times between two steps, the last value counts."""
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
        self._done.task_info = event.task_info
        self.failed, self.finished = None, None
        self._step_before = None
        self._epochs = event.config.epochs
        self._first_x = float(event.first_epoch - 1)
        if event.done is not None and event.steps_per_epoch:
            self._first_x = event.done / event.steps_per_epoch
        # Everything after the point at which it resumes is done again.
        self._steps.cut(int(np.searchsorted(self._steps["x"], self._first_x, side="right")))
        self._numbered_before = int(self._numbers_at(np.array([self._first_x]))[0])
        self._done.cut(event.epoch - 1)
        # A setting that was changed after the last step had no effect.
        self.changes = [change for change in self.changes if change[0] <= self._first_x]
        before = self._last_config()
        if before is not None:
            self._mark_changes(event, before)
        self.stages.append(event)
        self._stages_x.append(self._first_x)

    def _mark_changes(self, stage: Started, before: TrainConfig) -> None:
        """Marks settings that were changed before a stage, at its first step."""
        step = self._numbered_before + 1
        x = self._first_x + 1 / max(stage.steps_per_epoch, 1)
        for name in (field.name for field in setting_fields() if field.name != "epochs"):
            value = getattr(stage.config, name)
            if value != getattr(before, name):
                self._change(x, SettingChanged(run=stage.run, step=step, name=name, value=value))

    def _last_config(self) -> TrainConfig | None:
        """The settings of the last step that is kept where a stage begins; None without a step."""
        made = [(stage, x) for stage, x in zip(self.stages, self._stages_x, strict=True) if x < self._first_x]
        if not made:
            return None
        stage, start = made[-1]
        known = TrainConfig.__struct_fields__
        changed = {one.name: one.value for x, one in self.changes if x > start and one.name in known}
        return msgspec.structs.replace(stage.config, **changed)


def _column(name: str) -> str:
    return name if name == "loss" else "primary"
