"""Writing files in the background, so that training does not wait for the disk."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

Write: TypeAlias = Callable[[], None]

SHARE = 0.01
"""The largest share of time spent serializing, which takes a core from training."""
CREDIT = 0.15
"""Seconds of serializing that are free at first and can be saved up: a short run writes each epoch at
once."""
LONGEST = 10.0
"""The longest rest in seconds."""


class Writer:
    """Performs writes in rounds, in a thread that lives while there are any.

    The first round starts at once; between rounds the thread rests. Of several pending writes with one name,
    only the newest is performed. Names are written in the given `order`: a file that refers to another comes
    after it. A failing write is only reported to `failed`.
    """

    def __init__(self, order: tuple[str, ...], failed: Callable[[str, Exception], None]) -> None:
        self._order = order
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: dict[str, Write] = {}
        self._alive = self._writing = self._hurried = False
        self._saved, self._counted = CREDIT, time.monotonic()
        self._rested_until = 0.0
        self.slowest = 0.0
        """Seconds that the slowest write took."""

    def put(self, writes: Mapping[str, Write], *, soon: bool = False) -> None:
        """Queues writes; `soon` skips the rest before them. Thread-safe."""
        with self._changed:
            self._waiting.update(writes)
            self._hurried = self._hurried or soon
            if not self._alive and self._waiting:
                self._alive = True
                # Not a daemon: the program waits at exit for pending writes.
                threading.Thread(target=self._work, name="cnnplay-write").start()
            self._changed.notify_all()

    @property
    def idle(self) -> bool:
        """Whether all writes are done."""
        return not self._waiting and not self._writing

    @property
    def resting(self) -> bool:
        """Whether the next round has to wait because much was written."""
        return time.monotonic() < self._rested_until

    def wait(self) -> None:
        """Performs all pending writes without a rest, then returns."""
        with self._changed:
            self._hurried = self._alive
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.idle)

    def _work(self) -> None:
        while True:
            start = time.thread_time()
            while (entry := self._next()) is not None:
                self._carry_out(*entry)
            with self._changed:
                self._rested_until = self._rest_after(time.thread_time() - start)
                self._changed.wait_for(lambda: self._hurried, self._rested_until - time.monotonic())
                if not self._waiting:
                    self._alive = self._hurried = False
                    return

    def _rest_after(self, spent: float) -> float:
        """The time until which to rest."""
        now = time.monotonic()
        self._saved = min(CREDIT, self._saved + SHARE * (now - self._counted)) - spent
        self._counted = now
        return now + min(max(0.0, -self._saved / SHARE), LONGEST)

    def _carry_out(self, name: str, write: Write) -> None:
        start = time.perf_counter()
        try:
            write()
        except Exception as error:  # reported; the next write may succeed
            self._failed(name, error)
        self.slowest = max(self.slowest, time.perf_counter() - start)

    def _next(self) -> tuple[str, Write] | None:
        with self._changed:
            for name in self._order:
                if name in self._waiting:
                    self._writing = True
                    return name, self._waiting.pop(name)
            self._writing = False
            self._changed.notify_all()
            return None
