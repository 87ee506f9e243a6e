"""How other threads control a run: pause, single step, stop, change settings. All take effect between two
batches.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from cnnplay.spec.events import Value
from cnnplay.spec.settings import TrainConfig, live_settings, setting_problems


class Interrupted(Exception):
    """The run must stop; the current computation was not finished."""


State: TypeAlias = Literal["running", "paused", "stopping"]


@dataclass(frozen=True, slots=True)
class PendingRequests:
    """What was requested since the training loop last checked."""

    proceed: bool
    """Whether to train on the next batch."""
    stop: bool
    observe: bool
    """Whether to call the observer while the run is paused."""
    changes: Mapping[str, Value]
    """The changed settings and their new values."""


class Control:
    """Shared by a run and whoever controls it. Every method may be called from any thread at any time."""

    def __init__(self) -> None:
        # A plain attribute, so that batches without a request cost the loop no lock.
        self.pending = False
        self._changed = threading.Condition()
        self._stop = False
        self._paused = False
        self._steps = 0
        self._observe = False
        self._changes: dict[str, Value] = {}

    @property
    def state(self) -> State:
        """The latest requested state; the loop follows at its next batch."""
        if self._stop:
            return "stopping"
        return "paused" if self._paused else "running"

    @property
    def stopping(self) -> bool:
        return self._stop

    def pause(self) -> None:
        """Pauses the run after the current batch."""
        with self._changed:
            self._paused = True
            self._notify()

    def resume(self) -> None:
        """Resumes a paused run."""
        with self._changed:
            self._paused = False
            self._steps = 0
            self._notify()

    def step(self) -> None:
        """Trains on one more batch, then pauses. Pauses a running loop."""
        with self._changed:
            if self._paused:
                self._steps += 1
            self._paused = True
            self._notify()

    def stop(self) -> None:
        """Stops the run after the current batch."""
        with self._changed:
            self._stop = True
            self._notify()

    def wake(self) -> None:
        """Calls the observer once if the run is paused, so that a view can update."""
        with self._changed:
            self._observe = True
            self._notify()

    def change(self, name: str, value: Value) -> None:
        """Changes a setting from the next batch on. Raises ValueError if the value is out of range or the
        setting cannot change during a run.
        """
        if name not in live_settings():
            raise ValueError(f"{name} cannot be changed during a run")
        found = setting_problems(msgspec.structs.replace(TrainConfig(), **{name: value}))
        if found:
            raise ValueError(found[0].message)
        with self._changed:
            self._changes[name] = value
            self._notify()

    def take(self) -> PendingRequests:
        """For the loop: what to do now. Consumes a requested single step."""
        with self._changed:
            single = self._paused and self._steps > 0
            if single:
                self._steps -= 1
            requests = PendingRequests(
                proceed=not self._paused or single,
                stop=self._stop,
                observe=self._observe and self._paused,
                changes=self._changes,
            )
            self._observe = False
            self._changes = {}
            self.pending = self._stop or self._paused
            return requests

    def wait(self) -> None:
        """For the paused loop: blocks until there is a request that `take` has not returned yet."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(
                    self._stop or not self._paused or self._steps > 0 or self._observe or self._changes
                )
            )

    def _notify(self) -> None:
        self.pending = True
        self._changed.notify_all()
