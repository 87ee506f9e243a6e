"""Stopping a search from another thread: the current run stops after its batch, and no other starts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cnnplay.training.control import Control


class SearchControl:
    """Shared by the search and whoever stops it. `stop` is thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._run: Control | None = None

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Stops the search. The current trial is repeated when the study is resumed."""
        with self._lock:
            self._stop.set()
            run = self._run
        if run is not None:
            run.stop()

    def wait(self, seconds: float) -> None:
        """For the search: waits for so long, or until it is stopped."""
        self._stop.wait(seconds)

    @contextmanager
    def run(self) -> Iterator[Control]:
        """For the search: the control of a trial's run, which `stop` stops too."""
        control = Control()
        with self._lock:
            self._run = control
            stopped = self._stop.is_set()
        if stopped:
            control.stop()
        try:
            yield control
        finally:
            with self._lock:
                self._run = None
