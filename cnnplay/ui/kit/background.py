"""Jobs in background threads: results are delivered in the window's thread, those of cancelled jobs never.

Whatever runs jobs is a `Closing` somewhere below the session, so that `close_jobs` finds it there. Training
and the search, which are steered while they run, have threads of their own.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from cnnplay.ui.kit.mailbox import PERIOD_MS, Mail, Mailbox

OnClose: TypeAlias = Literal["finish", "cancel", "abandon"]


class Closing(QObject):
    """Ends in two steps: all get the signal to end before any is joined."""

    on_close: OnClose = "cancel"
    """What happens to its jobs: they are finished, cancelled and waited for, or cancelled and left behind."""

    def begin_close(self) -> None:
        """Cancels the jobs, unless they are to be finished."""
        raise NotImplementedError

    def close(self) -> None:
        """Waits for the threads, unless they are left behind. No job is started after that."""
        raise NotImplementedError


def begin_close(*parents: QObject) -> None:
    """Cancels the jobs of all objects below `parents` without waiting, unless they are to be finished."""
    for one in _below(*parents):
        one.begin_close()


def close_jobs(*parents: QObject) -> None:
    """Ends the jobs of all objects below `parents`: tells all, then waits, first for those to be finished."""
    begin_close(*parents)
    with ExitStack() as stack:  # an error in a callback does not keep the others from being waited for
        for one in sorted(_below(*parents), key=lambda one: one.on_close == "finish"):
            stack.callback(one.close)


def finish_jobs(*parents: QObject) -> None:
    """Waits for the jobs of all objects below `parents`, and delivers their results."""
    for one in _below(*parents):
        if isinstance(one, Background):
            one.finish()


def _below(*parents: QObject) -> list[Closing]:
    return [one for parent in parents for one in parent.findChildren(Closing)]


class Ended(msgspec.Struct, frozen=True):
    """The last message of a job."""

    result: Any = None
    error: Exception | None = None


class Job(Mailbox):
    """One piece of work. It may report progress with `put` and `post`, and ends soon once `cancelled()`."""

    def __init__(self, work: Callable[["Job"], Any]) -> None:
        super().__init__()
        self._work = work
        self._cancel = threading.Event()
        self.cancelled = self._cancel.is_set
        self.cancel = self._cancel.set

    def run(self) -> None:
        try:
            self.put(Ended(self._work(self)))
        except Exception as error:
            self.put(Ended(error=error))


class Callbacks(msgspec.Struct, frozen=True):
    """Whom to tell about a job. Its thread does not hold them: it may outlive their objects, and Qt's objects
    must not be deleted in it.
    """

    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progressed: Callable[[Mail], None] = lambda _: None
    cancelled: Callable[[], None] = lambda: None


class Running(msgspec.Struct, frozen=True):
    job: Job
    callbacks: Callbacks
    thread: threading.Thread


class Background(Closing):
    """Runs jobs in a thread, one after another (`queue`) or only the latest (`replace`).

    `done` or `failed` is called in the window's thread.
    """

    idle_changed = Signal()

    def __init__(self, name: str, parent: QObject | None = None, on_close: OnClose = "cancel") -> None:
        super().__init__(parent)
        self.on_close = on_close
        self._name = f"cnnplay-{name}"
        self._waiting: list[tuple[Job, Callbacks]] = []
        self._running: Running | None = None
        self._cancelled: list[threading.Thread] = []
        """Threads of cancelled jobs; they end in their own time."""
        self._closed = False
        self._timer = QTimer(self, interval=PERIOD_MS, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._poll)

    @property
    def idle(self) -> bool:
        """Whether no job is running or waiting. A cancelled one does not count."""
        return self._running is None and not self._waiting

    def queue(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        """Starts `work`, or queues it after the jobs before."""
        self._add(Job(lambda _: work()), Callbacks(done, failed))

    def replace(
        self,
        work: Callable[[Job], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progressed: Callable[[Mail], None] = lambda _: None,
        on_cancel: Callable[[], None] = lambda: None,
    ) -> None:
        """Cancels all jobs and starts `work(job)`. `progressed` is called with what it put into the job."""
        self.cancel()
        self._add(Job(work), Callbacks(done, failed, progressed, on_cancel))

    def cancel(self) -> None:
        """Drops all jobs and their results. A running one ends in its own time: only closing waits for it."""
        self._waiting.clear()
        running, self._running = self._running, None
        if running is not None:
            running.job.cancel()
            running.callbacks.cancelled()
            self._cancelled = [thread for thread in (*self._cancelled, running.thread) if thread.is_alive()]
            self._timer.stop()
            self.idle_changed.emit()

    def finish(self) -> None:
        """Waits until all jobs are done, those too that their results start, and delivers their results.

        An error in a `done` or `failed` is raised here, after everything else was delivered.
        """
        problem: Exception | None = None
        while not self.idle:
            if self._running is not None:
                self._running.thread.join()
            try:
                self._poll()
            except Exception as error:
                problem = problem or error
        if problem is not None:
            raise problem

    def begin_close(self) -> None:
        if self.on_close != "finish":
            self._closed = True
            self.cancel()

    def close(self) -> None:
        if self.on_close == "finish":
            self.finish()
        elif self.on_close == "cancel":
            for thread in self._cancelled:
                thread.join()
        self._closed = True

    def _add(self, job: Job, callbacks: Callbacks) -> None:
        if not self._closed:
            self._waiting.append((job, callbacks))
            self._start_next()

    def _start_next(self) -> None:
        if self._running is None and self._waiting:
            job, callbacks = self._waiting.pop(0)
            # A thread that may be left behind must not keep the program alive.
            daemon = self.on_close == "abandon"
            thread = threading.Thread(target=job.run, name=self._name, daemon=daemon)
            self._running = Running(job, callbacks, thread)
            self._timer.start()
            thread.start()
            self.idle_changed.emit()

    @Slot()
    def _poll(self) -> None:
        running = self._running
        if running is None:
            return
        mail = running.job.drain()
        ended = mail.messages[-1] if mail.messages and isinstance(mail.messages[-1], Ended) else None
        if ended is not None:
            mail = Mail(mail.messages[:-1], mail.latest)
        if mail:
            running.callbacks.progressed(mail)
        if ended is not None and self._running is running:  # it was not cancelled meanwhile
            self._end(running, ended)

    def _end(self, running: Running, ended: Ended) -> None:
        running.thread.join()
        self._running = None
        try:
            if ended.error is None:
                running.callbacks.done(ended.result)
            else:
                running.callbacks.failed(ended.error)
        finally:
            self._start_next()
            if self.idle:
                self._timer.stop()
                self.idle_changed.emit()


def error_text(error: Exception) -> str:
    """A job's error as a message for the user; an unexpected error is raised again, to be logged."""
    if isinstance(error, (ValueError, OSError, RuntimeError, MemoryError)):
        return str(error) or type(error).__name__
    raise error
