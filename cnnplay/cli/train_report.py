"""What is printed while a run goes on: its events as JSON lines, or an epoch a line and a progress bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from cnnplay.cli.output import counted, emit, percent
from cnnplay.cli.progress import say_above, terminal_bar
from cnnplay.spec import events
from cnnplay.spec.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Loaded = Callable[[int, int], None]
"""Called with (pictures read, all)."""


_ENDS = {"done": "done", "stopped": "stopped", "early": "ended early, as validation became no better"}


class Reporter:
    """Is told everything, and prints what its reader wants."""

    run = ""
    """The run's folder, as `evaluate` and `export` take it; "" where none was kept."""
    best: tuple[int, float] | None = None
    """The best epoch so far and its validation accuracy."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left on the screen that would be drawn again."""
        self.close()

    @contextmanager
    def loading(self) -> Iterator[Loaded | None]:
        """While the data set is read."""
        yield None

    def event(self, event: Event) -> None:
        """Something happened."""
        raise NotImplementedError

    def close(self) -> None:
        """The run is over."""


class Lines(Reporter):
    """One JSON object an event; its `run` is the folder."""

    def event(self, event: Event) -> None:
        emit(msgspec.structs.replace(event, run=self.run))


class Words(Reporter):
    """For people: what was chosen, a line an epoch, and on a terminal a bar."""

    def __init__(self) -> None:
        self._started: events.Started | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._reached = 0
        """The epoch of the last step."""

    @contextmanager
    def loading(self) -> Iterator[Loaded | None]:
        progress = _bar()
        if progress is None:
            yield None
            return
        with progress:
            task = progress.add_task("reading pictures", total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def event(self, event: Event) -> None:
        match event:
            case events.Noted():
                self._say(event.message)
            case events.Started():
                self._begin(event)
            case events.Planned():
                threads = counted(event.threads, "thread")
                chosen = f"{threads}, {event.memory_format}"
                if event.precision != "float32":
                    chosen += f", {event.precision}"
                self._say(f"from step {event.step}: {chosen}: {event.reason}")
            case events.Stepped():
                self._advance(event)
            case events.EpochDone():
                self._epoch(event)
            case events.Finished():
                self._finish(event)
            case _:
                pass

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _begin(self, event: events.Started) -> None:
        self._started = event
        self._say(
            f"{event.network} ({counted(event.parameters, 'parameter')}) on {event.data}: "
            f"{counted(event.train_size, 'picture')} to train, {event.validation_size:,} to validate, "
            f"on {event.device}"
        )
        self._progress = _bar()
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task("epoch 1", total=event.steps_per_epoch)

    def _advance(self, event: events.Stepped) -> None:
        self._reached = event.epoch
        if self._progress is None or self._task is None or self._started is None:
            return
        done = event.step - (event.epoch - 1) * self._started.steps_per_epoch
        words = f"epoch {event.epoch}/{self._last_epoch}  loss {event.loss:.3f}"
        self._progress.update(self._task, completed=done, description=words)

    def _epoch(self, event: events.EpochDone) -> None:
        metrics = event.metrics
        if event.best and "validation_accuracy" in metrics:
            self.best = event.epoch, metrics["validation_accuracy"]
        parts = [
            f"epoch {event.epoch:>{len(str(self._last_epoch))}}/{self._last_epoch}",
            f"train loss {metrics['train_loss']:.4f}",
        ]
        if "validation_loss" in metrics:
            parts.append(f"validation loss {metrics['validation_loss']:.4f}")
            parts.append(f"validation accuracy {percent(metrics.get('validation_accuracy'))}")
        if "averaged_accuracy" in metrics:
            parts.append(f"averaged {percent(metrics['averaged_accuracy'])}")
        parts.append(f"{event.images_per_second:,.0f} images/s")
        if event.best:
            parts.append("best")
        self._say("  ".join(parts))

    def _finish(self, event: events.Finished) -> None:
        self.close()
        words = _ENDS[event.reason]
        accuracy = event.metrics.get("validation_accuracy")
        within = f" within epoch {self._reached}" if self._reached > event.epochs else ""
        shown = "" if accuracy is None else f", validation accuracy {percent(accuracy)}{within}"
        if self.best is not None and accuracy is not None:
            epoch, best = self.best
            shown += f" (best {percent(best)} in epoch {epoch})"
        self._say(f"{words}: {counted(event.epochs, 'epoch')} in {event.seconds:.1f} s{shown}")
        if self.run:
            self._say(f"run: {self.run}")

    @property
    def _last_epoch(self) -> int:
        started = self._started
        return started.first_epoch + started.config.epochs - 1 if started is not None else 0

    def _say(self, text: str) -> None:
        say_above(self._progress, text)


def reporter(json: bool) -> Reporter:
    """The one for programs, or the one for people."""
    return Lines() if json else Words()


def _bar() -> "Progress | None":
    """A progress bar on a terminal; None elsewhere."""
    if not sys.stdout.isatty():
        return None
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    return terminal_bar(MofNCompleteColumn(), TimeRemainingColumn())
