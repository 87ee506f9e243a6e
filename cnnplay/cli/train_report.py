"""Output during training: events as JSON lines, or a line per epoch and a progress bar."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from cnnplay.cli.output import metric_text, print_json
from cnnplay.cli.progress import echo_above, terminal_bar
from cnnplay.spec import events
from cnnplay.spec.events import Event
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import DEFAULT, TASKS, TaskInfo, of_split

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LoadProgress = Callable[[int, int], None]
"""Called with (images read, total)."""


_ENDS = {"done": "done", "stopped": "stopped", "early": "stopped early, as validation stopped improving"}


class Reporter:
    """Gets every event and prints what its reader needs."""

    run = ""
    """The run's folder, as `evaluate` and `export` take it; "" if none was kept."""
    best: tuple[int, Mapping[str, float]] | None = None
    """The best epoch so far and its validation metrics, by name."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the bar, or rich would keep redrawing it."""
        self.close()

    @contextmanager
    def loading(self) -> Iterator[LoadProgress | None]:
        """Yields a progress callback for loading the data set, or None."""
        yield None

    def event(self, event: Event) -> None:
        """Handles one event."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the output. May be called more than once."""


class JsonReporter(Reporter):
    """One JSON object per event; its `run` is the folder."""

    def event(self, event: Event) -> None:
        print_json(msgspec.structs.replace(event, run=self.run))


class TextReporter(Reporter):
    """For people: the plan, a line per epoch, and a progress bar on a terminal."""

    def __init__(self) -> None:
        self._started: events.Started | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._reached = 0
        """The epoch of the last step."""

    @contextmanager
    def loading(self) -> Iterator[LoadProgress | None]:
        progress = _bar()
        if progress is None:
            yield None
            return
        with progress:
            task = progress.add_task("reading images", total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def event(self, event: Event) -> None:
        match event:
            case events.Noted():
                self._say(event.message)
            case events.Started():
                self._begin(event)
            case events.Planned():
                threads = plural(event.threads, "thread")
                chosen = f"{threads}, {event.memory_format}"
                if event.precision != "float32":
                    chosen += f", {event.precision}"
                self._say(f"plan from step {event.step}: {chosen} ({event.reason})")
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
            f"{event.network} ({plural(event.parameters, 'parameter')}) on {event.data}: "
            f"{event.train_size:,} training and {event.validation_size:,} validation images, "
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
        text = f"epoch {event.epoch}/{self._last_epoch}  loss {event.loss:.3f}"
        self._progress.update(self._task, completed=done, description=text)

    def _epoch(self, event: events.EpochDone) -> None:
        metrics, primary = event.metrics, self._task_info.primary
        validation, averaged = of_split(metrics, "validation"), of_split(metrics, "averaged")
        if event.best and primary.name in validation:
            self.best = event.epoch, validation
        parts = [
            f"epoch {event.epoch:>{len(str(self._last_epoch))}}/{self._last_epoch}",
            f"train loss {metrics['train_loss']:.4f}",
        ]
        if validation:
            parts.append(f"validation loss {validation['loss']:.4f}")
            parts.append(f"validation {primary.title} {metric_text(primary, validation.get(primary.name))}")
        if primary.name in averaged:
            parts.append(f"averaged {metric_text(primary, averaged[primary.name])}")
        parts.append(f"{event.images_per_second:,.0f} images/s")
        if event.best:
            parts.append("best")
        self._say("  ".join(parts))

    def _finish(self, event: events.Finished) -> None:
        self.close()
        ending = _ENDS[event.reason]
        primary, within = self._task_info.primary, ""
        value, shown = of_split(event.metrics, "validation").get(primary.name), ""
        if self._reached > event.epochs:
            within = f" within epoch {self._reached}"
        if value is not None:
            shown = f", validation {primary.title} {metric_text(primary, value)}{within}"
        if self.best is not None and value is not None:
            epoch, best = self.best
            shown += f" (best {metric_text(primary, best.get(primary.name))} in epoch {epoch})"
        self._say(f"{ending}: {plural(event.epochs, 'epoch')} in {event.seconds:.1f} s{shown}")
        if self.run:
            self._say(f"run: {self.run}")

    @property
    def _task_info(self) -> TaskInfo:
        return TASKS[DEFAULT] if self._started is None else self._started.task_info

    @property
    def _last_epoch(self) -> int:
        started = self._started
        return started.first_epoch + started.config.epochs - 1 if started is not None else 0

    def _say(self, text: str) -> None:
        echo_above(self._progress, text)


def reporter(json: bool) -> Reporter:
    """The reporter for programs or for people."""
    return JsonReporter() if json else TextReporter()


def _bar() -> "Progress | None":
    """A progress bar if stdout is a terminal; else None."""
    if not sys.stdout.isatty():
        return None
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    return terminal_bar(MofNCompleteColumn(), TimeRemainingColumn())
