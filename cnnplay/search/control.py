"""How other threads end a search: the run that is on ends after the batch at hand, and no other begins."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cnnplay.training.control import Control


class SearchControl:
    """Shared by the search and those who stop it. `stop` may be called from any thread at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._run: Control | None = None

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ends the search. What it began is tried again by whoever goes on with the study."""
        with self._lock:
            self._stop.set()
            run = self._run
        if run is not None:
            run.stop()

    def wait(self, seconds: float) -> None:
        """For the search: returns after so long, or when it is to stop."""
        self._stop.wait(seconds)

    @contextmanager
    def run(self) -> Iterator[Control]:
        """For the search: what steers a trial's run, which a stop reaches too."""
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
