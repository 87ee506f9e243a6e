"""`cnnplay train NETWORK`: settings are checked, the network adapted, the run trained and kept."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from cnnplay.cli.arguments import numbers, one_of
from cnnplay.cli.networks import find_network
from cnnplay.cli.problems import DONE, INTERRUPTED, Mistake, Problem, mistakes
from cnnplay.cli.train_report import Reporter, reporter
from cnnplay.network.network import Network
from cnnplay.spec.events import Event, Finished, Noted
from cnnplay.spec.settings import Fit, Optimizer, TrainConfig, faults

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.folder import RunFolder
    from cnnplay.training.control import Control
    from cnnplay.training.job import Job, Result

LISTED = 5
"""So many problems of a data set are told one by one."""


class Asked(NamedTuple):
    """What was asked for on the command line."""

    network: str
    data: str
    settings: dict[str, Any]
    size: str | None
    out: Path | None
    json: bool


def run(asked: Asked) -> int:
    """Trains from the first to the last epoch, and returns the exit status."""
    config = _config(asked)
    size = None if asked.size is None else numbers("--size", "H,W", asked.size)
    if size is not None and config.fit != "stem":
        raise Mistake("--size goes with --fit stem; under resize the pictures take the network's size")
    found = find_network(asked.network)
    _check_place(asked.out)
    report = reporter(asked.json)
    images = _load(asked.data, report)
    network, changes = _adapted(found.network, images, config, size)
    _check_network(network)
    _check_device(config.device)
    folder = _folder(asked.out, network, config, images)
    from cnnplay.shapes.infer import infer
    from cnnplay.training.forecast import forecast
    from cnnplay.training.job import Job

    report.run = str(folder.path)
    foreseen = forecast(network, infer(network), config, images).words
    notes = (
        *(f"{network.name}: {change}" for change in changes),
        *_shortened(images.problems),
        f"forecast: {foreseen}",
    )
    return _train(Job(folder.record.run, network, config, images), folder, report, notes)


def _train(job: "Job", folder: "RunFolder", report: Reporter, notes: Sequence[str]) -> int:
    from cnnplay.training.control import Control
    from cnnplay.training.loop import train

    control = Control()
    listener = _Listener(folder, report, control)
    with folder, report, _stopped_by_interrupt(control) as interrupted:
        for note in notes:
            listener.hear(Noted(run=job.run, message=note))
        result = train(job, listener.hear, folder.observe, control)
        folder.close(result)
        if not result.weights:  # refused before it began: the next try may have the same place
            folder.discard()
        listener.tell_the_end()
    if listener.alone:
        raise BrokenPipeError
    return _status(result, folder, interrupted())


class _Listener:
    """Writes every event into the folder, then prints it. That the run is finished is printed last of all,
    when its weights are on the disk."""

    def __init__(self, folder: "RunFolder", report: Reporter, control: "Control") -> None:
        self._folder, self._report, self._control = folder, report, control
        self._end: Event | None = None
        self.alone = False
        """Whether nobody reads any more."""

    def hear(self, event: Event) -> None:
        self._folder.sink(event)
        if isinstance(event, Finished):
            self._end = event
        else:
            self._print(event)

    def tell_the_end(self) -> None:
        if self._end is not None:
            self._print(self._end)

    def _print(self, event: Event) -> None:
        if self.alone:
            return
        try:
            self._report.event(event)
        except BrokenPipeError:  # ends the run as Ctrl-C does, without a word
            self.alone = True
            self._control.stop()


def _status(result: "Result", folder: "RunFolder", interrupted: bool) -> int:
    if result.failure is not None:
        failure = result.failure
        kind = Mistake if failure.cause == "data" else Problem
        raise kind(f"{failure.message}. {failure.advice}")
    if folder.trouble:
        raise Problem(folder.trouble.removesuffix("; training goes on"))
    if interrupted and result.reason == "stopped":
        if not result.weights:
            raise Interrupted("interrupted before the training began")
        raise Interrupted(f"interrupted after {_epochs(result.last_epoch)}; the weights are in {folder.path}")
    return DONE


def _shortened(problems: Sequence[str]) -> list[str]:
    more = len(problems) - LISTED
    return [*problems[:LISTED], *([f"and {more:,} more problems"] if more > 0 else [])]


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


class Interrupted(Problem):
    """Ctrl-C, after everything was written."""

    status = INTERRUPTED


@contextmanager
def _stopped_by_interrupt(control: "Control") -> Iterator[Any]:
    """Ctrl-C ends the run between two batches; a second one ends the program. Yields: was there one?"""
    seen = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True
        control.stop()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: seen
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: seen
    finally:
        signal.signal(signal.SIGINT, before)


def _config(asked: Asked) -> TrainConfig:
    one_of("--optimizer", asked.settings["optimizer"], get_args(Optimizer))
    one_of("--fit", asked.settings["fit"], get_args(Fit))
    config = TrainConfig(**asked.settings)
    found = faults(config)
    if found:
        raise Mistake("; ".join(fault.message for fault in found))
    return config


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
    if out is not None and (out.exists() or out.is_symlink()):
        raise Mistake(f"--out must not exist yet; got {out}")


def _folder(out: Path | None, network: Network, config: TrainConfig, images: "ImageSet") -> "RunFolder":
    from cnnplay.runs.folder import RunError, RunFolder

    with mistakes(RunError):
        return RunFolder.create(out, network=network, config=config, data=images.key)
