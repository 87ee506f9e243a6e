"""Background tasks, one at a time: reading and writing files that may be large."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller


class Outcome(msgspec.Struct, frozen=True):
    """A finished task's callbacks, and its result or error."""

    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    result: Any = None
    error: Exception | None = None


class Tasks(QObject):
    """Runs functions in order in a background thread; `done` or `failed` is called in the window's thread."""

    idle_changed = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = f"cnnplay-{name}"
        self._box = Mailbox()
        self._poller = MailboxPoller(self._box, self._deliver, self)
        self._waiting: list[tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]] = []
        self._thread: threading.Thread | None = None

    @property
    def idle(self) -> bool:
        return self._thread is None and not self._waiting

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Starts `work`, or queues it after the running task."""
        self._waiting.append((work, done, failed))
        self._start_next()

    def finish(self) -> None:
        """Waits until all tasks are done, and delivers their results.

        An error in a `done` or `failed` is raised here, after everything else was delivered.
        """
        problem: Exception | None = None
        while not self.idle:
            thread = self._thread
            if thread is not None:
                thread.join()
            try:
                self._poller.poll()
            except Exception as error:
                problem = problem or error
        if problem is not None:
            raise problem

    def _start_next(self) -> None:
        if self._thread is not None or not self._waiting:
            return
        work, done, failed = self._waiting.pop(0)

        def call() -> None:
            try:
                self._box.put(Outcome(done, failed, work()))
            except Exception as error:
                self._box.put(Outcome(done, failed, error=error))

        self._thread = threading.Thread(target=call, name=self._name, daemon=True)
        self._poller.start()
        self._thread.start()
        self.idle_changed.emit()

    def _deliver(self, mail: Mail) -> None:
        for outcome in mail.messages:
            if self._thread is not None:
                self._thread.join()
                self._thread = None
            try:
                if outcome.error is None:
                    outcome.done(outcome.result)
                else:
                    outcome.failed(outcome.error)
            finally:
                self._start_next()
                if self.idle:
                    self._poller.stop()
                    self.idle_changed.emit()


def error_text(error: Exception) -> str:
    """A task's error as a message for the user; an unexpected error is raised again, to be logged."""
    if isinstance(error, (ValueError, OSError, RuntimeError, MemoryError)):
        return str(error) or type(error).__name__
    raise error
