"""The outcome of a run from its events, one at a time, in constant memory."""

from typing import Any, NamedTuple

import msgspec

from cnnplay.runs.row import Ended
from cnnplay.spec.events import (
    EpochDone,
    Event,
    Failed,
    Finished,
    Paused,
    Resumed,
    SettingChanged,
    Started,
    Stepped,
)
from cnnplay.spec.settings import TrainConfig, live_settings, setting_problems
from cnnplay.spec.tasks import DEFAULT, TASKS, Rank, TaskInfo, of_split

NEWEST = 1_000
"""The number of latest epochs to keep; of earlier ones, only those that were the best when they ended."""


class Epoch(NamedTuple):
    """What is kept per epoch."""

    step: int
    metrics: dict[str, float]
    seconds: float
    images_per_second: float


class Digest:
    """Consumes events in order. A resumed run may repeat epochs: the later record counts."""

    def __init__(self) -> None:
        self.started: Started | None = None
        self.ended: Ended = ""
        self.paused = False
        self.problem = ""
        self.steps = 0
        self.epochs: dict[int, Epoch] = {}
        self._changed: dict[str, Any] = {}
        """Settings changed since the run started or resumed."""
        self._full = 2 * NEWEST
        self._seconds_before = 0.0
        """Of the stages before this one."""
        self._seconds_here = 0.0
        self._seconds: float | None = None
        self.epochs_asked = 0
        """In total; 0 until known."""
        self._images_per_second: float | None = None

    def take(self, event: Event) -> None:
        match event:
            case Stepped():
                self.steps = event.step
                self.paused = False
            case EpochDone():
                self.epochs[event.epoch] = Epoch(
                    event.step, event.metrics, event.seconds, event.images_per_second
                )
                self.steps = max(self.steps, event.step)
                if len(self.epochs) > self._full:
                    self._forget()
                self._seconds_here += event.seconds
            case SettingChanged():
                self._change(event)
            case Started():
                self._begin(event)
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
            case Failed():
                self.ended, self.problem = "failed", event.message
            case Finished():
                self.ended = "stopped" if event.reason == "stopped" else "done"
                self._seconds, self._images_per_second = event.seconds, event.images_per_second
            case _:
                pass

    def fields(self) -> dict[str, Any]:
        """The fields of a `RunRow` that come from events."""
        epochs = sorted(self.epochs)
        last = self.epochs[epochs[-1]] if epochs else None
        best = max(epochs, key=self._rank, default=None)
        metrics = last.metrics if last is not None else {}
        best_metrics = of_split(self.epochs[best].metrics, "validation") if best is not None else {}
        evaluated = self._task_info.primary.name in best_metrics
        started = self.started
        return {
            "parameters": started.parameters if started is not None else None,
            "device": started.device if started is not None else "",
            "ended": self.ended,
            "paused": self.paused,
            "problem": self.problem,
            "steps": self.steps,
            "epochs_done": epochs[-1] if epochs else 0,
            "epochs_asked": self.epochs_asked,
            "best_epoch": best if evaluated else None,
            "best": best_metrics if evaluated else {},
            "last": of_split(metrics, "validation"),
            "train": of_split(metrics, "train"),
            "images_per_second": self._rate(last),
            "seconds": self._total_seconds(),
        }

    @property
    def config(self) -> TrainConfig | None:
        """The settings at the end, with changes made during the run; None until it started."""
        if self.started is None:
            return None
        changed = msgspec.structs.replace(self.started.config, **self._changed)
        return self.started.config if setting_problems(changed) else changed

    def _change(self, event: SettingChanged) -> None:
        if event.name in live_settings():
            self._changed[event.name] = event.value
        if event.name == "epochs" and isinstance(event.value, int) and self.started is not None:
            self.epochs_asked = self.started.first_epoch - 1 + event.value

    def _begin(self, event: Started) -> None:
        self._seconds_before, self._seconds_here = self._total_seconds(), 0.0
        self.ended, self.problem, self.paused, self._seconds = "", "", False, None
        self._changed = {}
        self.started, self.epochs_asked = event, event.first_epoch - 1 + event.config.epochs
        self.epochs = {number: done for number, done in self.epochs.items() if number < event.epoch}
        self.steps = self.steps if event.done is None else min(self.steps, event.done)

    def _forget(self) -> None:
        """Keeps every epoch that was a best one: a run that resumes from an earlier step may lose the
        latest."""
        numbers = sorted(self.epochs)
        kept, best = {}, None
        for number in numbers:
            rank = self._rank(number)
            better = best is None or rank > best
            if better or number > numbers[-1] - NEWEST:
                kept[number] = self.epochs[number]
            best = rank if better else best
        self.epochs = kept
        self._full = len(kept) + NEWEST

    @property
    def _task_info(self) -> TaskInfo:
        return TASKS[DEFAULT] if self.started is None else self.started.task_info

    def _rank(self, number: int) -> Rank:
        return self._task_info.rank(of_split(self.epochs[number].metrics, "validation"))

    def _rate(self, last: Epoch | None) -> float | None:
        if self._images_per_second:
            return self._images_per_second
        return last.images_per_second if last is not None else None

    def _total_seconds(self) -> float:
        return self._seconds_before + (self._seconds_here if self._seconds is None else self._seconds)
