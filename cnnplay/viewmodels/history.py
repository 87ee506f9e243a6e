"""What a run reported so far, as columns that can be drawn, saved and written as a table."""

from collections.abc import Iterable

import msgspec
import numpy as np

from cnnplay.project.history import MOST_STEPS
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
from cnnplay.viewmodels.decimation import decimate
from cnnplay.viewmodels.series import Floats, Indices, Series
from cnnplay.viewmodels.smoothing import smooth

SAVED_COLUMNS = 2_000
"""Of more steps than a file keeps, those that a picture of so many columns needs (four a column at most)."""


class Curve(msgspec.Struct, frozen=True):
    """Points from left to right; x counts epochs."""

    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.x)

    def between(self, left: float, right: float, columns: int) -> "Curve":
        """What a picture so many columns wide can show of it, extremes included."""
        return Curve(*decimate(self.x, self.y, left, right, columns))


NO_CURVE = Curve(np.empty(0), np.empty(0))


class History:
    """The events of one run and of those that went on after it, in the order in which they came.

    Steps lie at the fraction of epochs done after them: step 63 of 63 of the first epoch at x = 1.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.started: Started | None = None
        self.plan: Planned | None = None
        self.failed: Failed | None = None
        self.finished: Finished | None = None
        self.epochs: list[EpochDone] = []
        self.notes: list[str] = []
        self.plans: list[Planned] = []
        self.changes: list[tuple[float, SettingChanged]] = []
        self.stages: list[Started] = []
        """One for each time that training began or went on."""
        self.version = 0
        """Grows whenever something is added: what is drawn compares it."""
        self._steps = Series(("x", "step", "epoch", "loss", "accuracy", "images"))
        self._smoothed: dict[tuple[str, float], tuple[tuple[int, int], Curve]] = {}
        self._first_x = 0.0
        self._epochs = 0
        """Those asked for, of the stage at hand."""
        self._step_before: int | None = None
        self._numbered_before = 0
        self.extend(events)

    def __len__(self) -> int:
        """The number of steps."""
        return len(self._steps)

    @property
    def empty(self) -> bool:
        return not len(self._steps) and not self.epochs

    @property
    def best(self) -> EpochDone | None:
        """The best epoch so far, by the engine's own word. A file's may lack the accuracy that made it so."""
        judged = (
            done for done in reversed(self.epochs) if done.best and "validation_accuracy" in done.metrics
        )
        return next(judged, None)

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
        """``loss`` or ``accuracy`` of each step, as measured."""
        return Curve(self._steps["x"], self._steps[name])

    @property
    def numbers(self) -> Floats:
        """Which step each is, counted from the first on: not its index, where steps were left out."""
        return self._steps["step"]

    @property
    def whole_from(self) -> int:
        """The index from which on no step was left out: 0, save in a long history that was saved."""
        gaps = np.flatnonzero(np.diff(self.numbers) > 1)
        return int(gaps[-1]) + 1 if len(gaps) else 0

    def smoothed(self, name: str, steps: float) -> Curve:
        """The same, averaged over about so many steps. Kept until something is added.

        Where steps were left out, the lowest and highest of each stretch are there, and their average would
        be nobody's: each epoch's own mean stands there instead.
        """
        key, now = (name, steps), (len(self._steps), len(self.epochs))
        kept = self._smoothed.get(key)
        if kept is None or kept[0] != now:
            if len(self._smoothed) > 4:
                self._smoothed.clear()
            kept = self._smoothed[key] = (now, self._smooth(name, steps))
        return kept[1]

    def _smooth(self, name: str, steps: float) -> Curve:
        x, y, whole = self._steps["x"], self._steps[name], self.whole_from
        means = self.metric(f"train_{name}") if whole and steps > 1 else NO_CURVE
        if not len(means):
            return Curve(x, smooth(y, 1 if whole else steps))
        if len(x) - whole < steps:
            return means
        before = means.x <= x[whole]
        tail = smooth(y[whole:], steps)
        return Curve(np.append(means.x[before], x[whole:]), np.append(means.y[before], tail))

    def metric(self, name: str) -> Curve:
        """A metric of each epoch that has it (``validation_loss``), at the epoch's end."""
        points = [(done.epoch, done.metrics[name]) for done in self.epochs if name in done.metrics]
        if not points:
            return NO_CURVE
        table = np.asarray(points, dtype=np.float64)
        return Curve(table[:, 0], table[:, 1])

    def x_of(self, step: int) -> float:
        """Where a step lies, in epochs."""
        if self.started is None or self.started.steps_per_epoch < 1:
            return self._first_x
        before = step - 1 if self._step_before is None else self._step_before
        return self._first_x + max(step - before, 0) / self.started.steps_per_epoch

    def saved(self) -> tuple[Event, ...]:
        """Events from which `History` makes the same picture: all but the steps that no picture needs.

        What went on several times is told as one run: steps are renumbered by where they lie.
        """
        if self.started is None:
            return tuple(self.epochs)
        first = self.stages[0].first_epoch
        config = msgspec.structs.replace(self.started.config, epochs=self.target - first + 1)
        started = msgspec.structs.replace(self.started, first_epoch=first, config=config)
        keep = np.arange(len(self._steps))
        if len(keep) > MOST_STEPS:
            keep = np.unique(np.concatenate([self._thin("loss"), self._thin("accuracy")]))
        table = [self._steps[name][keep] for name in ("x", "epoch", "loss", "accuracy", "images")]
        steps = [
            Stepped(run=started.run, step=self._number(x), epoch=int(e), loss=loss, accuracy=a, images=int(n))
            for x, e, loss, a, n in zip(*(column.tolist() for column in table), strict=True)
        ]
        changes = [msgspec.structs.replace(change, step=self._number(x)) for x, change in self.changes]
        ends = [event for event in (self.failed, self.finished) if event is not None]
        return (started, *self.plans[-1:], *steps, *self.epochs, *changes, *ends)

    def _number(self, x: float) -> int:
        assert self.started is not None
        return round((x - self.stages[0].first_epoch + 1) * self.started.steps_per_epoch)

    def _thin(self, name: str) -> Indices:
        x = self._steps["x"]
        if not len(x):
            return np.empty(0, dtype=np.intp)
        order = np.arange(len(x), dtype=np.float64)
        kept, _ = decimate(order, self._steps[name], 0.0, float(len(x)), SAVED_COLUMNS)
        return kept.astype(np.intp)

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
                self.plans.append(event)
            case EpochDone():
                self.epochs.append(event)
            case SettingChanged():
                if event.name == "epochs" and isinstance(event.value, int):
                    self._epochs = event.value
                self.changes.append((self.x_of(event.step), event))
            case Noted():
                self.notes.append(event.message)
            case Failed():
                self.failed = event
            case Finished():
                self.finished = event
            case _:
                pass  # Paused and Resumed leave no trace in a picture.

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
        self._numbered_before = int(self.numbers[-1]) if len(self._steps) else 0
        self.epochs = [done for done in self.epochs if done.epoch <= self._first_x]
        # Nor was anything learned at a rate that was set when no step came any more.
        self.changes = [change for change in self.changes if change[0] <= self._first_x]
