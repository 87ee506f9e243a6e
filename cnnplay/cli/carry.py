"""A run carried through on the command line: its folder written, its events printed, its end told."""

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cnnplay.cli.output import counted
from cnnplay.cli.problems import DONE, INTERRUPTED, Mistake, Problem, mistakes
from cnnplay.cli.train_report import Reporter
from cnnplay.spec.events import EpochDone, Event, Failed, Finished, Noted

if TYPE_CHECKING:
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.control import Control
    from cnnplay.training.job import Job, Observation, Result
    from cnnplay.training.team import Team

HearNoMore: TypeAlias = Callable[[Iterable[int]], None]
SLOW_BATCH_S = 2.0
"""A run that takes longer to end after Ctrl-C says that it heard."""


class Stoppable(Protocol):
    """What can be asked to end soon, from any thread."""

    def stop(self) -> None: ...


def carry_through(
    folder_of: "Callable[[], RunRecorder]",
    job: "Job",
    report: Reporter,
    notes: Sequence[str],
    hear_no_more: HearNoMore,
) -> int:
    """Trains in a folder that is made or opened at the last moment, and returns the exit status. The folder
    names the job's run. Of a team's processes the leading one has it and speaks.

    A new folder stays only where there are weights or finished epochs. Where a signal ended the run, all
    signals that do go to `hear_no_more` as soon as everything is written.
    """
    from cnnplay.training.control import Control
    from cnnplay.training.loop import train  # imported before there is anything to take away again
    from cnnplay.training.team import team_of_environment

    control, team = Control(), team_of_environment()
    with _joined(team, job.config.device), stopped_by_signals(control, hear_no_more) as interrupted:
        if team is not None and not team.leads:
            return _followed(replace(job, team=team), train, control)
        folder = folder_of()
        try:
            with folder, report:
                job = replace(job, run=folder.record.run, team=team)
                return _trained(folder, job, report, notes, train, control, interrupted)
        except KeyboardInterrupt:
            if not (folder.has_weights or folder.has_checkpoint):
                raise
            raise Interrupted(
                f"interrupted at once; {folder.path} has what was written before: `cnnplay resume` goes on"
            ) from None
        finally:
            folder.discard()  # nothing came of it: the next try may have its place


@contextmanager
def _joined(team: "Team | None", device: str) -> Iterator[None]:
    """Within a team, once all its processes are there. A signal ends one that waits for others: nothing is
    kept yet, and Python's own answer to Ctrl-C would come when the waiting is over.
    """
    from cnnplay.training.devices import DeviceError
    from cnnplay.training.team import joined

    before = signal.getsignal(signal.SIGINT)
    with ExitStack() as stack:
        if team is not None and before is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            with mistakes(DeviceError):
                stack.enter_context(joined(team, device))
        finally:
            if team is not None:
                signal.signal(signal.SIGINT, before)
        yield


def _followed(job: "Job", train: Callable[..., "Result"], control: "Control") -> int:
    """One of a team's other processes: it trains, and leaves the words to the leading one."""
    result = train(job, lambda event: None, None, control)
    return DONE if result.failure is None else Problem.status


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
        listener.hear(Noted(run=job.run, message=note))
    result = train(job, listener.hear, listener.observe, control)
    folder.finish_writing()
    listener.release()
    folder.close(result if result.learned or result.reason != "stopped" else None)
    kept = folder.has_weights  # a full disk may have taken none
    if not kept:
        report.run = ""
    listener.tell_the_end()
    if listener.alone:
        raise BrokenPipeError
    return _status(result, folder, kept, interrupted())


class _Listener:
    """Writes every event into the folder at once, so that no checkpoint lies behind an epoch without record.

    That an epoch is done is printed when its weights are on the disk, so that nobody is told of weights that
    a kill took; how the run ended last of all, with the folder's name where weights were kept.
    """

    def __init__(self, folder: "RunRecorder", report: Reporter, control: "Control") -> None:
        self._folder, self._report, self._control = folder, report, control
        self._held: list[Event] = []
        self._handed = False
        self._end: Event | None = None
        self.alone = False
        """Whether nobody reads any more."""

    def hear(self, event: Event) -> None:
        self._folder.sink(event)
        self._release_settled()
        if isinstance(event, EpochDone) or self._held:
            self._held.append(event)
        else:
            self._tell(event)

    def observe(self, seen: "Observation") -> None:
        self._folder.observe(seen)
        self._handed = self._handed or seen.checkpoint is not None
        self._release_settled()

    def _release_settled(self) -> None:
        """Weights are written in the background: at the next event they usually are."""
        if self._handed and self._folder.settled:
            self.release()

    def release(self) -> None:
        """Tells what waits for weights; with the run's end nothing more is to be waited for."""
        held, self._held = self._held, []
        self._handed = False
        for event in held:
            self._tell(event)

    def tell_the_end(self) -> None:
        if self._end is not None:
            self._print(self._end)

    def _tell(self, event: Event) -> None:
        if isinstance(event, Finished | Failed):
            self._end = event
        else:
            self._print(event)

    def _print(self, event: Event) -> None:
        if self.alone:
            return
        try:
            self._report.event(event)
        except OSError as error:  # ends the run as Ctrl-C does, without a word
            if error.errno not in (errno.EPIPE, errno.EIO):  # the second where the terminal is gone
                raise
            self.alone = True
            self._control.stop()


def _status(result: "Result", folder: "RunRecorder", kept: bool, interrupted: bool) -> int:
    # On a full disk: a later epoch's may not have been written.
    epochs = max(folder.last_epoch, folder.best_epoch or 0)
    written = f"the weights after {counted(epochs, 'epoch')}" if folder.trouble else ""
    if result.failure is not None:
        failure = result.failure
        kind = Mistake if failure.cause == "data" else Problem
        place = ""
        if kept:
            learned = result.learned or folder.learned("last")
            weights = "the last good weights" if learned else "its first weights and its events"
            if folder.trouble and epochs:
                weights = written
            place = f" Kept in {folder.path}: {weights}."
        raise kind(f"{failure.message}. {failure.advice}{place}")
    if folder.trouble:
        what = f"kept are {written}" if kept else "no weights are kept"
        raise Problem(f"{folder.trouble.removesuffix('; training goes on')}; {what}")
    if interrupted and result.reason == "stopped":
        if not kept and folder.has_checkpoint:  # of a run that went on, and was killed in its first epoch
            raise Interrupted(f"interrupted; the checkpoint in {folder.path} is as it was")
        if not kept:
            raise Interrupted("interrupted before anything was learned; nothing is kept")
        done = counted(result.last_epoch, "epoch")
        raise Interrupted(f"interrupted after {done}; the weights are in {folder.path}")
    return DONE


class Interrupted(Problem):
    """Ctrl-C, after everything was written."""

    status = INTERRUPTED


@contextmanager
def stopped_by_signals(control: Stoppable, hear_no_more: HearNoMore) -> Iterator[Callable[[], bool]]:
    """Ctrl-C, a terminal that closes and a polite kill end the run between two batches; a second Ctrl-C ends
    the program at once. Yields: was there one? Afterwards they do what they did before; whether they are
    still heard when there was one, whoever owns the process decides.
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
            hear_no_more(before)


def _say_stopping() -> None:
    with suppress(OSError):
        os.write(2, b"stopping after this batch; the weights are kept. Ctrl-C again ends it at once\n")


def _signals() -> list[signal.Signals]:
    """Those that end a program politely. A terminal's end is left alone where `nohup` has it ignored."""
    found = [signal.SIGINT, signal.SIGTERM]
    with suppress(AttributeError):  # Windows has none
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            found.append(signal.SIGHUP)
    return found
