"""Probes look into the network while it trains, and may cost the training 5 % of its time between them."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")

log = logging.getLogger(__name__)

SHARE = 0.05
"""Of the time that passes, all probes together take at most this part."""
SHORTEST = 0.1
"""Seconds between two looks of the same probe, however cheap it is."""


class Probe(Generic[Seen]):
    """One registered probe, and when it may look again."""

    def __init__(self, look: Callable[[Seen], None]) -> None:
        self.look = look
        self.due = 0.0
        self.cost = 0.0
        """Seconds, of the last look."""
        self.looks = 0
        self.dropped = False
        """Whether it raised in this run: it is left alone until the next begins."""


class Probes(Generic[Seen]):
    """Calls its probes between batches, in the thread that trains, as often as their share of time allows.

    A probe is due again after its last cost divided by its share. When a run begins all are due at once. One
    that raises is dropped for the rest of the run, reported and logged: looking never ends a run. `add` and
    `remove` may be called from any thread.
    """

    def __init__(
        self,
        share: float = SHARE,
        clock: Callable[[], float] = time.perf_counter,
        dropped: Callable[[str, str], None] = lambda name, details: None,
    ) -> None:
        self._share = share
        self._clock = clock
        self._dropped = dropped
        self._lock = threading.Lock()
        self._probes: tuple[Probe[Seen], ...] = ()
        self._next = 0.0
        self._rushed = True
        self.seconds = 0.0
        """What all looks cost since `begin`."""

    def __len__(self) -> int:
        return len(self._probes)

    def add(self, look: Callable[[Seen], None]) -> None:
        with self._lock:
            self._probes = (*self._probes, Probe(look))
        self._rushed = True

    def remove(self, look: Callable[[Seen], None]) -> None:
        """Takes it out; does nothing where it is not in."""
        with self._lock:
            self._probes = tuple(probe for probe in self._probes if probe.look != look)

    def begin(self) -> None:
        """A run begins: all are due, those too that raised in the one before."""
        self.seconds = 0.0
        for probe in self._probes:
            probe.dropped = False
        self._rushed = True

    def rush(self) -> None:
        """Makes all due at the next batch: somebody chose another picture and waits for it."""
        self._rushed = True

    def observe(self, seen: Seen, always: bool = False) -> None:
        """To be called between two batches. Costs one comparison while none is due; `always` has all look."""
        now = self._clock()
        # Taken down before the looks, so that a rush that comes during them is not lost.
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
            log.exception("%s stopped looking for the rest of this run", _name(probe.look))
            self._dropped(f"{_name(probe.look)} stopped: {error}", traceback.format_exc())
            return
        after = self._clock()
        probe.cost = after - before
        probe.looks += 1
        self.seconds += probe.cost
        share = self._share / max(len(self._armed()), 1)
        # The time until it is due again includes nothing of the look itself, so that the share is kept.
        probe.due = after + max(SHORTEST, probe.cost / share - probe.cost)


def _name(look: Callable[..., Any]) -> str:
    return getattr(look, "__qualname__", type(look).__name__).split(".<locals>")[0]
