"""A thread that works for a view model: the newest counts, and those before are left to end by themselves."""

import threading
from collections.abc import Callable


class CancellableThread:
    """One at a time. `request` is the number of what counts: replies that carry another are late."""

    def __init__(self, name: str) -> None:
        self.request = 0
        self._name = name
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._leaving: list[threading.Thread] = []

    @property
    def running(self) -> bool:
        """Whether something was started that neither ended nor was given up."""
        return self._thread is not None

    def start(self, work: Callable[[int, threading.Event], None]) -> None:
        """Gives up what is on, and starts `work(request, cancel)`, which ends soon after `cancel` is set."""
        self.cancel()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=work, args=(self.request, self._cancel), name=self._name)
        self._thread.start()

    def cancel(self) -> None:
        """What is on counts no more. It looks at its flag now and then; only `shutdown` waits for it."""
        self._cancel.set()
        self.request += 1
        self._leaving = [thread for thread in self._leaving if thread.is_alive()]
        if self._thread is not None:
            self._leaving.append(self._thread)
            self._thread = None

    def ended(self) -> None:
        """Its reply came: the thread has nothing more to do."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.request += 1

    def shutdown(self) -> None:
        """Gives up what is on, and joins all."""
        self.cancel()
        for thread in self._leaving:
            thread.join()
