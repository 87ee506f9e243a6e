"""A thread that works for a model: only the newest request counts; canceled ones end in their own time."""

import threading
from collections.abc import Callable


class CancellableThread:
    """Runs one request at a time. `request` is its number: replies with another number are outdated."""

    def __init__(self, name: str) -> None:
        self.request = 0
        self._name = name
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._canceled: list[threading.Thread] = []

    @property
    def running(self) -> bool:
        """Whether a request was started and has neither finished nor been canceled."""
        return self._thread is not None

    def start(self, work: Callable[[int, threading.Event], None]) -> None:
        """Cancels the running request, and starts `work(request, cancel)`, which must end soon after `cancel`
        is set."""
        self.cancel()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=work, args=(self.request, self._cancel), name=self._name)
        self._thread.start()

    def cancel(self) -> None:
        """Cancels the running request without waiting for its thread; only `shutdown` waits."""
        self._cancel.set()
        self.request += 1
        self._canceled = [thread for thread in self._canceled if thread.is_alive()]
        if self._thread is not None:
            self._canceled.append(self._thread)
            self._thread = None

    def finish(self) -> None:
        """Call when the request's reply arrived: joins the thread, which has nothing more to do."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.request += 1

    def shutdown(self) -> None:
        """Cancels the running request, and joins all threads."""
        self.cancel()
        for thread in self._canceled:
            thread.join()
