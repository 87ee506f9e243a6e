"""Files written in the background: a run does not wait for its disk."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

Write: TypeAlias = Callable[[], None]

SHARE = 0.01
"""Of the time that passes, serialising takes at most this part: it takes a core from who trains."""
CREDIT = 0.15
"""Seconds of it that are free at first, and may be saved up: a short run has each epoch written at once."""
LONGEST = 10.0
"""Seconds that the longest rest takes."""


class Writer:
    """Carries writes out, round by round, in a thread that lives while there are any.

    The first round begins at once; between rounds the thread rests. Of several waiting writes of one name the
    newest counts. The names' order is that of `order`: what speaks of a file is written behind it. A write
    that fails is told to `failed` and no more.
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
        """Seconds that the longest write took."""

    def put(self, writes: Mapping[str, Write], *, soon: bool = False) -> None:
        """Has these carried out; `soon` without a rest before. May be called from any thread."""
        with self._changed:
            self._waiting.update(writes)
            self._hurried = self._hurried or soon
            if not self._alive and self._waiting:
                self._alive = True
                # Not a daemon: the program's end waits for what was begun.
                threading.Thread(target=self._work, name="cnnplay-write").start()
            self._changed.notify_all()

    @property
    def idle(self) -> bool:
        """Whether everything was carried out."""
        return not self._waiting and not self._writing

    @property
    def resting(self) -> bool:
        """Whether so much was written that the next round waits for a while."""
        return time.monotonic() < self._rested_until

    def wait(self) -> None:
        """Has everything carried out without a rest, and returns then."""
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
        """Until when to rest."""
        now = time.monotonic()
        self._saved = min(CREDIT, self._saved + SHARE * (now - self._counted)) - spent
        self._counted = now
        return now + min(max(0.0, -self._saved / SHARE), LONGEST)

    def _carry_out(self, name: str, write: Write) -> None:
        start = time.perf_counter()
        try:
            write()
        except Exception as error:  # told, in whichever words; the next may succeed
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
