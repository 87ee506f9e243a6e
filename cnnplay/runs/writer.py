"""Files written in the background: a run does not wait for its disk."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

Write: TypeAlias = Callable[[], None]


class Writer:
    """Carries writes out, one after the other, in a thread that lives while there are any.

    Of several waiting ones of one name the newest counts. The names' order is that of `order`: what speaks of
    a file is written behind it. A write that fails is told to `failed` and no more.
    """

    def __init__(self, order: tuple[str, ...], failed: Callable[[str, Exception], None]) -> None:
        self._order = order
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: dict[str, Write] = {}
        self._busy = False
        self.slowest = 0.0
        """Seconds that the longest write took."""

    def put(self, writes: Mapping[str, Write]) -> None:
        """Has these carried out soon. May be called from any thread."""
        with self._changed:
            self._waiting.update(writes)
            if not self._busy and self._waiting:
                self._busy = True
                # Not a daemon: the program's end waits for what was begun.
                threading.Thread(target=self._work, name="cnnplay-write").start()

    @property
    def idle(self) -> bool:
        """Whether everything was carried out."""
        return not self._busy

    def wait(self) -> None:
        """Returns once everything was carried out."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            name, write = entry
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
                    return name, self._waiting.pop(name)
            self._busy = False
            self._changed.notify_all()
            return None
