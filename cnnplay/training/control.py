"""How other threads steer a run: pause, single step, stop, settings. All act between two batches."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from cnnplay.spec.events import Value
from cnnplay.spec.settings import TrainConfig, faults, live_settings


class Interrupted(Exception):
    """The run is to stop; what was being computed was not finished."""


State: TypeAlias = Literal["running", "paused", "stopping"]


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for since the loop last looked."""

    go: bool
    """Whether the next batch may be learned from."""
    stop: bool
    look: bool
    """Whether a view wants to look while the run is paused."""
    changes: Mapping[str, Value]
    """Settings that were changed, by name, with what they are now."""


class Control:
    """Shared by the run and those who steer it. Every method may be called from any thread at any time."""

    def __init__(self) -> None:
        # A plain attribute, so that the loop pays no lock for each batch in which nothing was asked.
        self.pending = False
        self._changed = threading.Condition()
        self._stop = False
        self._paused = False
        self._steps = 0
        self._look = False
        self._changes: dict[str, Value] = {}

    @property
    def state(self) -> State:
        """What was asked for last; the loop follows at its next batch."""
        if self._stop:
            return "stopping"
        return "paused" if self._paused else "running"

    @property
    def stopping(self) -> bool:
        return self._stop

    def pause(self) -> None:
        """Waits after the batch at hand."""
        with self._changed:
            self._paused = True
            self._tell()

    def resume(self) -> None:
        """Goes on after a pause."""
        with self._changed:
            self._paused = False
            self._steps = 0
            self._tell()

    def step(self) -> None:
        """Learns from one more batch, then waits. From a running loop it pauses."""
        with self._changed:
            if self._paused:
                self._steps += 1
            self._paused = True
            self._tell()

    def stop(self) -> None:
        """Ends the run after the batch at hand."""
        with self._changed:
            self._stop = True
            self._tell()

    def wake(self) -> None:
        """Has the observer called once, where the run is paused: a view wants a look."""
        with self._changed:
            self._look = True
            self._tell()

    def change(self, name: str, value: Value) -> None:
        """A setting, from the next batch on. ValueError where it breaks its limits or does not act on a run
        that is on.
        """
        if name not in live_settings():
            raise ValueError(f"{name} cannot be changed during a run")
        found = faults(msgspec.structs.replace(TrainConfig(), **{name: value}))
        if found:
            raise ValueError(found[0].message)
        with self._changed:
            self._changes[name] = value
            self._tell()

    def take(self) -> Order:
        """For the loop: what to do now. A single step that was asked for is used up by this."""
        with self._changed:
            single = self._paused and self._steps > 0
            if single:
                self._steps -= 1
            order = Order(
                go=not self._paused or single,
                stop=self._stop,
                look=self._look and self._paused,
                changes=self._changes,
            )
            self._look = False
            self._changes = {}
            self.pending = self._stop or self._paused
            return order

    def wait(self) -> None:
        """For the paused loop: returns once something was asked for that `take` has not yet given."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._stop or not self._paused or self._steps > 0 or self._look or self._changes)
            )

    def _tell(self) -> None:
        self.pending = True
        self._changed.notify_all()
