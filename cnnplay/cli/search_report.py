"""Output during a search: trials as JSON lines, or a line per trial and a progress bar."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cnnplay.cli.output import Column, metric_text, percent, print_json, printable, table
from cnnplay.cli.progress import echo_above, terminal_bar
from cnnplay.search import events
from cnnplay.search.events import Event
from cnnplay.search.values import settings_text
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import LOSS, Metric

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PRINTED = (events.Noted, events.TrialBegan, events.TrialDone, events.SearchDone)
"""The events that are printed as JSON; the others only drive the progress bar."""
_ENDS = {"done": "done", "stopped": "stopped", "exhausted": "done, all grid points were tried"}


class SearchReporter:
    """Gets every event and prints what its reader needs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the bar, or rich would keep redrawing it."""
        self.close()

    def event(self, event: Event) -> None:
        """Handles one event."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the output. May be called more than once."""


class JsonReporter(SearchReporter):
    """JSON objects: one when a trial starts, one when it ends, and one at the end of the search."""

    def event(self, event: Event) -> None:
        if isinstance(event, _PRINTED):
            print_json(event)


class TextReporter(SearchReporter):
    """For people: a line per trial, a progress bar on a terminal, and at the end the best trial and the
    hyperparameter importance."""

    def __init__(self, labels: dict[str, str], epochs: int) -> None:
        self._labels, self._epochs = labels, epochs
        self._metric: Metric = LOSS
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def event(self, event: Event) -> None:
        match event:
            case events.Noted():
                self._say(event.message)
            case events.SearchBegan():
                self._begin(event)
            case events.TrialBegan():
                self._show(f"trial {event.number}")
            case events.TrialEpoch():
                best = metric_text(self._metric, event.best)
                self._show(f"trial {event.number}, epoch {event.epoch}/{self._epochs}, best {best}")
            case events.TrialDone():
                self._trial(event)
            case events.SearchDone():
                self._finish(event)
            case _:
                pass

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self, event: events.SearchBegan) -> None:
        self._metric = event.metric
        done = f", {event.done:,} already done" if event.done else ""
        self._say(f"study {event.study} in {event.storage}: {plural(event.trials, 'trial')}{done}")
        if not sys.stdout.isatty():
            return
        from rich.progress import MofNCompleteColumn

        self._bar = terminal_bar(MofNCompleteColumn())
        self._bar.start()
        self._task = self._bar.add_task("", total=event.trials, completed=event.done)

    def _show(self, text: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=printable(text))

    def _trial(self, event: events.TrialDone) -> None:
        if self._bar is not None and self._task is not None and event.state not in ("stopped", "lost"):
            self._bar.advance(self._task)
        value = "" if event.value is None else metric_text(self._metric, event.value)
        reason = f"  ({event.why})" if event.why else ""
        best = "  best" if event.best else ""
        settings = settings_text(event.settings, self._labels)
        self._say(f"trial {event.number:>3}  {event.state:<8}{value:>7}  {settings}{reason}{best}")

    def _finish(self, event: events.SearchDone) -> None:
        self.close()
        parts = ", ".join(f"{number:,} {state}" for state, number in event.counts.items() if number)
        self._say(f"{_ENDS[event.reason]}: {plural(event.trials, 'trial')}{f' ({parts})' if parts else ''}")
        if event.importance:
            rows = [
                (self._labels.get(name, name), percent(share)) for name, share in event.importance.items()
            ]
            table((Column("hyperparameter"), Column("importance", "right")), rows)
        best = event.best
        if best is None:
            self._say("no trial has completed, so there is no best one yet")
            return
        self._say(
            f"best: trial {best.number}, validation {self._metric.title} "
            f"{metric_text(self._metric, best.value)} in epoch {best.epoch}: "
            f"{settings_text(best.settings, self._labels)}"
        )
        if best.run:
            self._say(f"run: {best.run}")

    def _say(self, text: str) -> None:
        echo_above(self._bar, text)
