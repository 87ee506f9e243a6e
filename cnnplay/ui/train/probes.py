"""Probes observe the network during training; together they may cost 5 % of the training time."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")

log = logging.getLogger(__name__)

SHARE = 0.05
"""All probes together take at most this fraction of the time."""
SHORTEST = 0.1
"""The minimum seconds between two calls of a probe, however cheap it is."""


class Probe(Generic[Seen]):
    """One registered probe, and when it is due again."""

    def __init__(self, look: Callable[[Seen], None]) -> None:
        self.look = look
        self.due = 0.0
        self.cost = 0.0
        """Seconds of the last call."""
        self.looks = 0
        self.dropped = False
        """Whether it raised an error in this run: it is not called again until the next run starts."""


class Probes(Generic[Seen]):
    """Calls its probes between batches, in the training thread, as often as their share of time allows.

    A probe is due again after its last cost divided by its share. When a run starts, all are due at once. A
    probe that raises is dropped for the rest of the run, reported and logged: a probe never ends a run.
    `add` and `remove` may be called from any thread.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        dropped: Callable[[str, str], None] = lambda name, details: None,
    ) -> None:
        self._clock = clock
        self._dropped = dropped
        self._lock = threading.Lock()
        self._probes: tuple[Probe[Seen], ...] = ()
        self._next = 0.0
        self._rushed = True
        self.seconds = 0.0
        """The total seconds of all calls since `begin`."""

    def __len__(self) -> int:
        return len(self._probes)

    def add(self, look: Callable[[Seen], None]) -> None:
        with self._lock:
            self._probes = (*self._probes, Probe(look))
        self._rushed = True

    def remove(self, look: Callable[[Seen], None]) -> None:
        """Removes a probe, if it is registered."""
        with self._lock:
            self._probes = tuple(probe for probe in self._probes if probe.look != look)

    def begin(self) -> None:
        """A run starts: all probes are due, including those that raised in the previous run."""
        self.seconds = 0.0
        for probe in self._probes:
            probe.dropped = False
        self._rushed = True

    def rush(self) -> None:
        """Makes all probes due at the next batch: the user selected another image and waits for it."""
        self._rushed = True

    def observe(self, seen: Seen, always: bool = False) -> None:
        """Called between two batches. Costs one comparison while none is due; `always` calls all probes."""
        now = self._clock()
        # Reset before the calls, so that a rush during them is not lost.
        rushed, self._rushed = self._rushed or always, False
        if now < self._next and not rushed:
            return
        for probe in self._armed():
            if rushed or probe.due <= now:
                self._look(probe, seen)
        self._next = min((probe.due for probe in self._armed()), default=float("inf"))

    def _armed(self) -> list[Probe[Seen]]:
        return [probe for probe in self._probes if not probe.dropped]

    def _look(self, probe: Probe[Seen], seen: Seen) -> None:
        before = self._clock()
        try:
            probe.look(seen)
        except Exception as error:
            probe.dropped = True
            log.exception("probe %s is stopped for the rest of this run", _name(probe.look))
            self._dropped(f"{_name(probe.look)} stopped: {error}", traceback.format_exc())
            return
        after = self._clock()
        probe.cost = after - before
        probe.looks += 1
        self.seconds += probe.cost
        share = SHARE / max(len(self._armed()), 1)
        # The pause does not include the call itself, so that the share is kept.
        probe.due = after + max(SHORTEST, probe.cost / share - probe.cost)


def _name(look: Callable[..., Any]) -> str:
    return getattr(look, "__qualname__", type(look).__name__).split(".<locals>")[0]
