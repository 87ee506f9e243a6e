"""One thing at a time beside the window: reading and writing of files that may be large."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.ui.kit.mailbox import Mail, Mailbox, MailboxPoller


class Outcome(msgspec.Struct, frozen=True):
    """How a task ended: with a result, or with an error."""

    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    result: Any = None
    error: Exception | None = None


class Tasks(QObject):
    """Runs functions in order in a thread of their own; `done` or `failed` is called in the window."""

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
        """Starts `work`, or queues it behind what runs."""
        self._waiting.append((work, done, failed))
        self._start_next()

    def finish(self) -> None:
        """Waits until all that was asked for is done, and delivers it.

        An error in a `done` or `failed` is raised here, behind the delivery of everything else.
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
    """A task's error in words for people; one that nobody foresaw is raised again, to be written down."""
    if isinstance(error, (ValueError, OSError, RuntimeError, MemoryError)):
        return str(error) or type(error).__name__
    raise error
