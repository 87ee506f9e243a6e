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
        best_metrics = self.epochs[best].metrics if best is not None else {}
        accuracy = best_metrics.get("validation_accuracy")
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
            "best_epoch": best if accuracy is not None else None,
            "best_accuracy": accuracy,
            "best_loss": best_metrics.get("validation_loss") if accuracy is not None else None,
            "last_accuracy": metrics.get("validation_accuracy"),
            "last_loss": metrics.get("validation_loss"),
            "train_accuracy": metrics.get("train_accuracy"),
            "train_loss": metrics.get("train_loss"),
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
        numbers, best = sorted(self.epochs), (-2.0, 0.0)
        kept = {}
        for number in numbers:
            rank = self._rank(number)
            if rank > best or number > numbers[-1] - NEWEST:
                kept[number] = self.epochs[number]
            best = max(best, rank)
        self.epochs = kept
        self._full = len(kept) + NEWEST

    def _rank(self, number: int) -> tuple[float, float]:
        """By validation accuracy, then lower validation loss."""
        metrics = self.epochs[number].metrics
        accuracy, loss = metrics.get("validation_accuracy", -1.0), metrics.get("validation_loss", 0.0)
        return (accuracy if accuracy == accuracy else -1.0, -loss if loss == loss else float("-inf"))

    def _rate(self, last: Epoch | None) -> float | None:
        if self._images_per_second:
            return self._images_per_second
        return last.images_per_second if last is not None else None

    def _total_seconds(self) -> float:
        return self._seconds_before + (self._seconds_here if self._seconds is None else self._seconds)
