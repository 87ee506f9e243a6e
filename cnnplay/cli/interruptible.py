"""Running a training job on the command line: writes the run's folder, prints events, handles Ctrl-C."""

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cnnplay.cli.errors import DONE, INTERRUPTED, CommandError, UserError, as_user_errors
from cnnplay.cli.train_report import Reporter
from cnnplay.spec.events import EpochDone, Event, Failed, Finished, Noted
from cnnplay.spec.plurals import plural

if TYPE_CHECKING:
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.control import Control
    from cnnplay.training.distributed import DistributedContext
    from cnnplay.training.job import Job, Observation, Result

IgnoreSignals: TypeAlias = Callable[[Iterable[int]], None]
SLOW_BATCH_S = 2.0
"""Seconds after Ctrl-C until a line says that the run is stopping."""


class Stoppable(Protocol):
    """Anything that can be asked, from any thread, to stop soon."""

    def stop(self) -> None: ...


def run_interruptible(
    folder_of: "Callable[[], RunRecorder]",
    job: "Job",
    report: Reporter,
    notes: Sequence[str],
    ignore_signals: IgnoreSignals,
) -> int:
    """Trains `job` and returns the exit status.

    `folder_of` creates or opens the run's folder at the last moment; the run is named after it. In
    distributed training only the first process writes the folder and prints. A new folder is kept only if it
    has weights or finished epochs. If a signal stopped the run, `ignore_signals` gets all handled signals
    once everything is written.
    """
    from cnnplay.training.control import Control
    from cnnplay.training.distributed import distributed_from_environment
    from cnnplay.training.loop import train  # imported before there is anything to clean up

    control, distributed = Control(), distributed_from_environment()
    with _joined(distributed, job.config.device), stopped_by_signals(control, ignore_signals) as interrupted:
        if distributed is not None and not distributed.is_main:
            return _followed(replace(job, distributed=distributed), train, control)
        folder = folder_of()
        try:
            with folder, report:
                job = replace(job, run=folder.record.run, distributed=distributed)
                return _trained(folder, job, report, notes, train, control, interrupted)
        except KeyboardInterrupt:
            if not (folder.has_weights or folder.has_checkpoint):
                raise
            raise Interrupted(
                f"interrupted at once; {folder.path} has what was written before: use `cnnplay resume`"
            ) from None
        finally:
            folder.discard()  # does nothing if there are results; else the next try can use the name


@contextmanager
def _joined(distributed: "DistributedContext | None", device: str) -> Iterator[None]:
    """Joins the process group. While this process waits for the others, SIGINT ends it at once: there is
    nothing to keep yet, and Python's own handler would only run after the wait.
    """
    from cnnplay.training.devices import DeviceError
    from cnnplay.training.distributed import process_group

    before = signal.getsignal(signal.SIGINT)
    with ExitStack() as stack:
        if distributed is not None and before is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            with as_user_errors(DeviceError):
                stack.enter_context(process_group(distributed, device))
        finally:
            if distributed is not None:
                signal.signal(signal.SIGINT, before)
        yield


def _followed(job: "Job", train: Callable[..., "Result"], control: "Control") -> int:
    """Trains in a process that is not the first: without a folder and without output."""
    result = train(job, lambda event: None, None, control)
    return DONE if result.failure is None else CommandError.status


def _trained(
    folder: "RunRecorder",
    job: "Job",
    report: Reporter,
    notes: Sequence[str],
    train: Callable[..., "Result"],
    control: "Control",
    interrupted: Callable[[], bool],
) -> int:
    report.run = str(folder.path)
    listener = _Listener(folder, report, control)
    for note in notes:
        listener.on_event(Noted(run=job.run, message=note))
    result = train(job, listener.on_event, listener.observe, control)
    folder.finish_writing()
    listener.release()
    folder.close(result if result.learned or result.reason != "stopped" else None)
    kept = folder.has_weights  # False, for example, on a full disk
    if not kept:
        report.run = ""
    listener.print_end()
    if listener.reader_gone:
        raise BrokenPipeError
    return _status(result, folder, kept, interrupted())


class _Listener:
    """Records every event in the folder at once, so that no checkpoint is newer than the recorded epochs.

    An epoch's line is printed once its weights are on disk, so that it never announces weights that a kill
    took. The end of the run is printed last, with the folder's name if weights were kept.
    """

    def __init__(self, folder: "RunRecorder", report: Reporter, control: "Control") -> None:
        self._folder, self._report, self._control = folder, report, control
        self._held: list[Event] = []
        self._handed = False
        self._end: Event | None = None
        self.reader_gone = False
        """Whether nobody reads the output anymore."""

    def on_event(self, event: Event) -> None:
        self._folder.sink(event)
        self._release_if_written()
        if isinstance(event, EpochDone) or self._held:
            self._held.append(event)
        else:
            self._forward(event)

    def observe(self, seen: "Observation") -> None:
        self._folder.observe(seen)
        self._handed = self._handed or seen.checkpoint is not None
        self._release_if_written()

    def _release_if_written(self) -> None:
        """Weights are written in the background; by the next event they usually are on disk."""
        if self._handed and self._folder.all_written:
            self.release()

    def release(self) -> None:
        """Prints the events that waited for weights."""
        held, self._held = self._held, []
        self._handed = False
        for event in held:
            self._forward(event)

    def print_end(self) -> None:
        if self._end is not None:
            self._print(self._end)

    def _forward(self, event: Event) -> None:
        if isinstance(event, Finished | Failed):
            self._end = event
        else:
            self._print(event)

    def _print(self, event: Event) -> None:
        if self.reader_gone:
            return
        try:
            self._report.event(event)
        except OSError as error:  # stops the run as Ctrl-C does, silently
            if error.errno not in (errno.EPIPE, errno.EIO):  # EIO: the terminal is gone
                raise
            self.reader_gone = True
            self._control.stop()


def _status(result: "Result", folder: "RunRecorder", kept: bool, interrupted: bool) -> int:
    # On a full disk, the weights of later epochs may be missing.
    epochs = max(folder.last_epoch, folder.best_epoch or 0)
    written = f"the weights after {plural(epochs, 'epoch')}" if folder.write_error else ""
    if result.failure is not None:
        failure = result.failure
        kind = UserError if failure.cause == "data" else CommandError
        saved = ""
        if kept:
            learned = result.learned or folder.learned("last")
            weights = "the last good weights" if learned else "its initial weights and its events"
            if folder.write_error and epochs:
                weights = written
            saved = f" Saved in {folder.path}: {weights}."
        raise kind(f"{failure.message}. {failure.advice}{saved}")
    if folder.write_error:
        what = f"{written} were saved" if kept else "no weights were saved"
        raise CommandError(f"{folder.write_error}; {what}")
    if interrupted and result.reason == "stopped":
        if not kept and folder.has_checkpoint:  # resumed, and killed in its first epoch
            raise Interrupted(f"interrupted; the checkpoint in {folder.path} is unchanged")
        if not kept:
            raise Interrupted("interrupted before anything was learned; nothing was saved")
        done = plural(result.last_epoch, "epoch")
        raise Interrupted(f"interrupted after {done}; the weights are in {folder.path}")
    return DONE


class Interrupted(CommandError):
    """Ctrl-C, raised after everything was written."""

    status = INTERRUPTED


@contextmanager
def stopped_by_signals(control: Stoppable, ignore_signals: IgnoreSignals) -> Iterator[Callable[[], bool]]:
    """SIGINT, SIGTERM and SIGHUP stop the run between two batches; a second Ctrl-C ends the program at once.

    Yields a function that says whether a signal came. The previous handlers are restored at the end. If a
    signal came, `ignore_signals` then gets all of these signals: the owner of the process decides.
    """
    seen = False
    notice = threading.Timer(SLOW_BATCH_S, _say_stopping)
    notice.daemon = True

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen and number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            raise KeyboardInterrupt
        first, seen = not seen, True
        control.stop()
        if first:
            notice.start()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: seen
        return
    before = {number: signal.getsignal(number) for number in _signals()}
    for number in before:
        signal.signal(number, stop)
    try:
        yield lambda: seen
    finally:
        notice.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
        if seen:
            ignore_signals(before)


def _say_stopping() -> None:
    with suppress(OSError):
        os.write(2, b"stopping after this batch and saving the weights; press Ctrl-C again to quit at once\n")


def _signals() -> list[signal.Signals]:
    """The signals that ask a program to end. SIGHUP is left alone if `nohup` made the program ignore it."""
    found = [signal.SIGINT, signal.SIGTERM]
    with suppress(AttributeError):  # Windows has no SIGHUP
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            found.append(signal.SIGHUP)
    return found
