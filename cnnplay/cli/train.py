"""`cnnplay train NETWORK`: settings are checked, the network adapted, the run trained and kept."""

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

import msgspec

from cnnplay.cli.arguments import numbers, one_of
from cnnplay.cli.networks import find_network
from cnnplay.cli.output import counted, shortened
from cnnplay.cli.problems import DONE, INTERRUPTED, Mistake, Problem, mistakes
from cnnplay.cli.train_report import Reporter, reporter
from cnnplay.data.paths import at_home
from cnnplay.network.fields import complaint, fields_of
from cnnplay.network.network import Input, Network
from cnnplay.spec.events import EpochDone, Event, Failed, Finished, Noted
from cnnplay.spec.settings import Fit, Optimizer, TrainConfig, faults

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.folder import RunFolder
    from cnnplay.training.control import Control
    from cnnplay.training.job import Observation, Result


class Asked(NamedTuple):
    """What was asked for on the command line."""

    network: str
    data: str
    settings: dict[str, Any]
    size: str | None
    out: Path | None
    json: bool


class Order(NamedTuple):
    """What is trained, once everything that was asked for was found to be sound."""

    network: Network
    config: TrainConfig
    images: "ImageSet"
    out: Path | None


HearNoMore: TypeAlias = Callable[[Iterable[int]], None]
SLOW_BATCH_S = 2.0
"""A run that takes longer to end after Ctrl-C says that it heard."""


def run(asked: Asked, hear_no_more: HearNoMore) -> int:
    """Trains from the first to the last epoch, and returns the exit status.

    Where a signal ended it, all signals that do go to `hear_no_more` as soon as everything is written.
    """
    config = _config(asked)
    size = _size(asked.size, config)
    found = find_network(asked.network)
    out = None if asked.out is None else at_home(asked.out)
    _check_place(out)
    report = reporter(asked.json)
    images = _load(asked.data, report)
    network, changes = _adapted(found.network, images, config, size)
    _check_network(network)
    _check_device(config.device)
    config, pinned = _with_cores(config)
    from cnnplay.shapes.infer import infer
    from cnnplay.training.forecast import forecast

    foreseen = forecast(network, infer(network), config, images).words
    notes = (
        *(f"{network.name}: {change}" for change in changes),
        *shortened(images.problems),
        *pinned,
        f"forecast: {foreseen}",
    )
    return _train(Order(network, config, images, out), report, notes, hear_no_more)


def _train(order: Order, report: Reporter, notes: Sequence[str], hear_no_more: HearNoMore) -> int:
    """Makes the run's folder at the last moment. It stays only where there are weights or finished epochs."""
    from cnnplay.training.control import Control
    from cnnplay.training.loop import train  # imported before there is anything to take away again

    control = Control()
    with _stopped_by_signals(control, hear_no_more) as interrupted:
        folder = _folder(order)
        try:
            with folder, report:
                return _trained(order, folder, report, notes, train, control, interrupted)
        finally:
            folder.discard()  # nothing came of it: the next try may have its place


def _trained(
    order: Order,
    folder: "RunFolder",
    report: Reporter,
    notes: Sequence[str],
    train: Callable[..., "Result"],
    control: "Control",
    interrupted: Callable[[], bool],
) -> int:
    from cnnplay.training.job import Job

    report.run = str(folder.path)
    listener = _Listener(folder, report, control)
    run = folder.record.run
    for note in notes:
        listener.hear(Noted(run=run, message=note))
    result = train(
        Job(run, order.network, order.config, order.images), listener.hear, listener.observe, control
    )
    listener.release()
    folder.close(result if result.learned or result.reason != "stopped" else None)
    kept = folder.has_last  # a full disk may have taken none
    if not kept:
        report.run = ""
    listener.tell_the_end()
    if listener.alone:
        raise BrokenPipeError
    return _status(result, folder, kept, interrupted())


class _Listener:
    """Writes every event into the folder, then prints it. That an epoch is done is told when its weights are
    on the disk, so that a kill leaves no word of weights that are not there; and how the run ended is
    printed last of all, with the folder's name where weights were kept."""

    def __init__(self, folder: "RunFolder", report: Reporter, control: "Control") -> None:
        self._folder, self._report, self._control = folder, report, control
        self._held: list[Event] = []
        self._end: Event | None = None
        self.alone = False
        """Whether nobody reads any more."""

    def hear(self, event: Event) -> None:
        if isinstance(event, EpochDone) or self._held:
            self._held.append(event)
        else:
            self._tell(event)

    def observe(self, seen: "Observation") -> None:
        self._folder.observe(seen)
        if seen.checkpoint is not None:
            self.release()

    def release(self) -> None:
        """Tells what waits for weights; with the run's end nothing more is to be waited for."""
        held, self._held = self._held, []
        for event in held:
            self._tell(event)

    def tell_the_end(self) -> None:
        if self._end is not None:
            self._print(self._end)

    def _tell(self, event: Event) -> None:
        self._folder.sink(event)
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


def _status(result: "Result", folder: "RunFolder", kept: bool, interrupted: bool) -> int:
    if result.failure is not None:
        failure = result.failure
        kind = Mistake if failure.cause == "data" else Problem
        place = ""
        if kept:
            weights = "the last good weights" if result.learned else "its first weights and its events"
            if folder.trouble and folder.last_epoch:  # a later epoch's may not have been written
                weights = f"the weights after {counted(folder.last_epoch, 'epoch')}"
            place = f" Kept in {folder.path}: {weights}."
        raise kind(f"{failure.message}. {failure.advice}{place}")
    if folder.trouble:
        raise Problem(folder.trouble.removesuffix("; training goes on"))
    if interrupted and result.reason == "stopped":
        if not kept:
            raise Interrupted("interrupted before anything was learned; nothing is kept")
        done = counted(result.last_epoch, "epoch")
        raise Interrupted(f"interrupted after {done}; the weights are in {folder.path}")
    return DONE


class Interrupted(Problem):
    """Ctrl-C, after everything was written."""

    status = INTERRUPTED


@contextmanager
def _stopped_by_signals(control: "Control", hear_no_more: HearNoMore) -> Iterator[Callable[[], bool]]:
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


def _config(asked: Asked) -> TrainConfig:
    one_of("--optimizer", asked.settings["optimizer"], get_args(Optimizer))
    one_of("--fit", asked.settings["fit"], get_args(Fit))
    config = TrainConfig(**asked.settings)
    found = faults(config)
    if found:
        raise Mistake("; ".join(fault.message for fault in found))
    return config


def _size(text: str | None, config: TrainConfig) -> tuple[int, ...] | None:
    if text is None:
        return None
    size = numbers("--size", "H,W", text)
    if config.fit != "stem":
        raise Mistake("--size goes with --fit stem; under resize the pictures take the network's size")
    limits = {field.name: field for field in fields_of(Input)}
    for name, value in zip(("height", "width"), size, strict=True):
        expected = complaint(limits[name], value)
        if expected is not None:
            raise Mistake(f"--size must be H,W, each {expected}; got {text}")
    return size


def _with_cores(config: TrainConfig) -> tuple[TrainConfig, tuple[str, ...]]:
    """With no more threads than run at once: more would only wait for one another."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if config.threads is None or config.threads <= cores:
        return config, ()
    note = f"threads: {config.threads} becomes {cores}, as many as this machine's cores"
    return msgspec.structs.replace(config, threads=cores), (note,)


def _load(key: str, report: Reporter) -> "ImageSet":
    from cnnplay.data.catalogue import DataError, load

    with mistakes(DataError), report.loading() as progress:
        return load(key, progress=progress)


def _adapted(
    network: Network, images: "ImageSet", config: TrainConfig, size: tuple[int, ...] | None
) -> tuple[Network, tuple[str, ...]]:
    """The network for these pictures and classes, and the changes in words."""
    from cnnplay.shapes.adapt import adapt

    shape = images.shape
    if config.fit == "stem":
        if size is not None:
            shape = (images.channels, size[0], size[1])
        elif shape is None:
            raise Mistake(f"{images.title} has pictures of mixed sizes: --fit stem needs --size H,W")
    adapted = adapt(network, shape or network.input.shape, len(images.classes), config.fit)
    return adapted.edited.network, adapted.changes


def _check_network(network: Network) -> None:
    from cnnplay.shapes.infer import infer

    channels = network.input.channels
    if channels not in (1, 3):
        raise Mistake(
            f"{network.name}: the input must have 1 channel (grey) or 3 (colour) for pictures; it has "
            f"{channels}: change it, or --fit stem gives it the pictures' own"
        )
    report = infer(network)
    found = report.faults
    if report.why_untrainable:
        raise Mistake(f"{network.name}: {report.why_untrainable}")
    if found:
        more = f" (and {len(found) - 1} more: see cnnplay summary)" if len(found) > 1 else ""
        raise Mistake(f"{network.name} has faults: {found[0].message}{more}")


def _check_device(device: str) -> None:
    from cnnplay.training.devices import DeviceError, resolve

    with mistakes(DeviceError):
        resolve(device)


def _check_place(out: Path | None) -> None:
    with suppress(OSError):  # a name that no disk takes; making the folder says so
        if out is not None and (out.exists() or out.is_symlink()):
            raise Mistake(f"--out must not exist yet; got {out}")


def _folder(order: Order) -> "RunFolder":
    from cnnplay.runs.folder import RunError, RunFolder, RunWriteError

    try:
        return RunFolder.create(
            order.out,
            network=order.network,
            config=order.config,
            data=order.images.key,
            mark=order.images.mark,
        )
    except RunWriteError as error:
        raise Problem(str(error)) from None
    except RunError as error:
        raise Mistake(str(error)) from None
