"""The curves of one run in bounded memory: old steps are averaged in pairs."""

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import numpy as np

from cnnplay.runs.effective_events import elapsed
from cnnplay.spec.events import EpochDone, Event, Failed, Finished, Started, Stepped
from cnnplay.spec.tasks import DEFAULT, TASKS, TaskInfo, of_split
from cnnplay.ui.plot.series import Floats, Series
from cnnplay.ui.plot.smoothing import smooth
from cnnplay.ui.train.history import NO_CURVE, Curve

Axis: TypeAlias = Literal["epoch", "step", "time"]

MOST = 100_000
"""The most points of a run, far more than pixels. Beyond that the older half is averaged in pairs."""
MOST_KEPT = 8
"""How many curves are cached."""


class Trace:
    """Takes a run's events in order. If a resumed run repeats steps, the new ones replace the old."""

    def __init__(self) -> None:
        self.started: Started | None = None
        self.ended = False
        self.version = 0
        """Grows with every event."""
        self._epochs: dict[int, EpochDone] = {}
        self._steps = Series(("step", "epoch", "x", "loss", "primary", "count"))
        self._made: dict[tuple[str, Axis, float], tuple[int, Curve]] = {}
        """Curves of a version: several views request each of them many times."""

    def __len__(self) -> int:
        """The number of points, each of which stands for one or several steps."""
        return len(self._steps)

    @property
    def averaged(self) -> bool:
        """Whether the older points stand for several steps each."""
        return len(self._steps) > 0 and bool(self._steps["count"][0] > 1)

    @property
    def task_info(self) -> TaskInfo:
        """What the run's metrics are."""
        return TASKS[DEFAULT] if self.started is None else self.started.task_info

    @property
    def target(self) -> int:
        """The epoch at which the run will end; 0 before it has started."""
        return 0 if self.started is None else self.started.first_epoch - 1 + self.started.config.epochs

    @property
    def epochs(self) -> list[EpochDone]:
        return [self._epochs[number] for number in sorted(self._epochs)]

    @property
    def best_epoch(self) -> int | None:
        """The best epoch by the task's primary metric."""
        info, found = self.task_info, self._epochs.values()
        evaluated = [done for done in found if f"validation_{info.primary.name}" in done.metrics]
        if not evaluated:
            return None
        return max(evaluated, key=lambda done: info.rank(of_split(done.metrics, "validation"))).epoch

    def extend(self, events: Iterable[Event]) -> None:
        rows: list[tuple[float, ...]] = []
        for event in events:
            self.version += 1
            if isinstance(event, Stepped):
                rows.append(self._row(event))
                continue
            self._add(rows)
            rows = []
            self._note(event)
        self._add(rows)

    def steps(self, metric: str, axis: Axis, smoothing: float) -> Curve:
        """Training values step by step, smoothed over about `smoothing` steps."""
        return self._kept((metric, axis, smoothing), lambda: self._steps_along(metric, axis, smoothing))

    def metric(self, name: str, axis: Axis) -> Curve:
        """A metric of each epoch that has it (``validation_loss``), at the epoch's end."""
        return self._kept((name, axis, 0.0), lambda: self._epochs_along(name, axis))

    def _steps_along(self, metric: str, axis: Axis, smoothing: float) -> Curve:
        primary = self.task_info.primary
        if metric != "loss" and not (metric == primary.name and primary.steps):
            return NO_CURVE
        x, y = self._along(axis), self._smooth("loss" if metric == "loss" else "primary", smoothing)
        known = np.isfinite(x)
        return Curve(x, y) if known.all() else Curve(x[known], y[known])

    def _epochs_along(self, name: str, axis: Axis) -> Curve:
        done = [one for one in self.epochs if name in one.metrics]
        if not done:
            return NO_CURVE
        numbers = np.asarray([one.epoch for one in done], dtype=np.float64)
        steps = np.asarray([one.step for one in done], dtype=np.float64)
        x = {"epoch": numbers, "step": steps, "time": elapsed(steps, self._ends())}[axis]
        return Curve(x, np.asarray([one.metrics[name] for one in done], dtype=np.float64))

    def _kept(self, key: tuple[str, Axis, float], make: Callable[[], Curve]) -> Curve:
        kept = self._made.get(key)
        if kept is None or kept[0] != self.version:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            kept = self._made[key] = (self.version, make())
        return kept[1]

    def last(self, axis: Axis) -> float:
        """How far the run is, in units of the axis."""
        ends = [
            curve.x[-1]
            for curve in (self.steps("loss", axis, 1), self.metric("train_loss", axis))
            if len(curve)
        ]
        return float(max(ends, default=0.0))

    def aim(self, axis: Axis) -> float:
        """Where the run will end, in units of the axis, if known; else how far it is."""
        came = self.last(axis)
        if self.ended or self.started is None:
            return came
        if axis == "epoch":
            return max(came, float(self.target))
        return max(came, float(self.target * self.started.steps_per_epoch)) if axis == "step" else came

    def _along(self, axis: Axis) -> Floats:
        if axis == "epoch":
            return self._steps["x"]
        steps = np.maximum.accumulate(self._steps["step"])  # another batch size may count them differently
        return steps if axis == "step" else elapsed(steps, self._ends())

    def _ends(self) -> list[tuple[int, float]]:
        return [(done.step, done.seconds) for done in self._epochs.values()]

    def _smooth(self, column: str, steps: float) -> Floats:
        """Smooths each stretch in which all points stand for the same number of steps separately."""
        y, counts = self._steps[column], self._steps["count"]
        parts = np.flatnonzero(np.diff(counts)) + 1
        stretches = zip(np.split(y, parts), np.split(counts, parts), strict=True)
        found = [smooth(part, steps / float(count[0])) for part, count in stretches if len(part)]
        return np.concatenate(found) if found else y.copy()

    def _row(self, event: Stepped) -> tuple[float, ...]:
        per_epoch = 0 if self.started is None else self.started.steps_per_epoch
        x = event.step / per_epoch if per_epoch else float(event.epoch)
        primary = event.values.get(self.task_info.primary.name, np.nan)
        return event.step, event.epoch, x, event.loss, primary, 1.0

    def _add(self, rows: list[tuple[float, ...]]) -> None:
        self._steps.extend(rows)
        while len(self._steps) > MOST:
            self._thin()

    def _thin(self) -> None:
        """Averages the older half of the points in pairs, weighted by the steps that they stand for."""
        table = self._steps.columns
        half = len(self._steps) // 4 * 2
        old, new = table[:, :half], table[:, half:]
        counts = old[5].reshape(-1, 2)
        pairs = (old.reshape(6, -1, 2) * counts).sum(axis=2) / counts.sum(axis=1)
        pairs[:3] = old[:3, 1::2]  # a pair is placed at its later step
        pairs[5] = counts.sum(axis=1)
        self._steps.replace(np.concatenate([pairs, new], axis=1))

    def _note(self, event: Event) -> None:
        match event:
            case Started():
                self._begin(event)
            case EpochDone():
                self._epochs[event.epoch] = event
            case Finished() | Failed():
                self.ended = True
            case _:
                pass

    def _begin(self, event: Started) -> None:
        self.started, self.ended = event, False
        self._epochs = {n: done for n, done in self._epochs.items() if n < event.epoch}
        if event.done is None:
            self._steps.cut(int(np.searchsorted(self._steps["epoch"], event.first_epoch, side="left")))
        else:
            self._steps.cut(int(np.searchsorted(self._steps["step"], event.done, side="right")))
