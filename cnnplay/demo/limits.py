"""Time limits of the demonstration: a step that hangs ends the program with words, whatever it hangs in."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FAILED = 1


class DemoError(Exception):
    """What the demonstration expected to see did not come; the message is for people."""


def expect(condition: object, words: str) -> None:
    """DemoError with these words unless the condition holds."""
    if not condition:
        raise DemoError(words)


class TimeLimits:
    """Ends the process, status 1, when a step or the whole takes too long.

    It is a thread, for what hangs is most likely the event loop or a dialog inside it, where no exception
    reaches the demonstration. `clean` is called first: it must not need the main thread.
    """

    def __init__(self, whole_s: float, clean: Callable[[], None], end: Callable[[int], None] = os._exit):
        self._whole_s = whole_s
        self._end_of_all = time.monotonic() + whole_s
        self._step = ("the start", whole_s, self._end_of_all)
        self._changed = threading.Condition()
        self._over = False
        self._clean = clean
        self._end = end
        self._thread = threading.Thread(target=self._watch, name="cnnplay-demo-limits", daemon=True)
        self._thread.start()

    @contextmanager
    def step(self, name: str, limit_s: float) -> Iterator[None]:
        """Limits what is done inside to so many seconds."""
        before = self._step
        self._set((name, limit_s, time.monotonic() + limit_s))
        try:
            yield
        finally:
            self._set(before)

    def stop(self) -> None:
        """Nothing is limited from now on."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def _set(self, step: tuple[str, float, float]) -> None:
        with self._changed:
            self._step = step
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                name, limit_s, end = self._step
                left = min(end, self._end_of_all) - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                what = (
                    f"{name}: not done after {limit_s:,.0f} s"
                    if end <= self._end_of_all
                    else f"not done after {self._whole_s:,.0f} s; the last step was {name}"
                )
                print(f"cnnplay demo: {what}", file=sys.stderr, flush=True)
                self._clean()
                self._end(FAILED)
                return
