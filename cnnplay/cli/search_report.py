"""What is printed while a search goes on: its trials as JSON lines, or a trial a line and a progress bar."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cnnplay.cli.output import Column, counted, emit, harmless, percent, table
from cnnplay.cli.progress import say_above, terminal_bar
from cnnplay.search import events
from cnnplay.search.events import Event
from cnnplay.search.values import words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_TOLD = (events.Noted, events.TrialBegan, events.TrialDone, events.SearchDone)
"""What programs get a line of; the rest is for those who watch."""
_ENDS = {"done": "done", "stopped": "stopped", "exhausted": "done, the grid has no more points"}


class SearchReporter:
    """Is told everything, and prints what its reader wants."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left on the screen that would be drawn again."""
        self.close()

    def event(self, event: Event) -> None:
        """Something happened."""
        raise NotImplementedError

    def close(self) -> None:
        """The search is over."""


class Lines(SearchReporter):
    """JSON objects: one where a trial begins, one where it ends, and one at the end of all."""

    def event(self, event: Event) -> None:
        if isinstance(event, _TOLD):
            emit(event)


class Words(SearchReporter):
    """For people: a line a trial, on a terminal a bar, and at the end what was best and what mattered."""

    def __init__(self, labels: dict[str, str], epochs: int) -> None:
        self._labels, self._epochs = labels, epochs
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
                best = percent(event.best)
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
        behind = f", {event.done:,} are done" if event.done else ""
        self._say(f"study {event.study} in {event.storage}: {counted(event.trials, 'trial')}{behind}")
        if not sys.stdout.isatty():
            return
        from rich.progress import MofNCompleteColumn

        self._bar = terminal_bar(MofNCompleteColumn())
        self._bar.start()
        self._task = self._bar.add_task("", total=event.trials, completed=event.done)

    def _show(self, text: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=harmless(text))

    def _trial(self, event: events.TrialDone) -> None:
        if self._bar is not None and self._task is not None and event.state not in ("stopped", "lost"):
            self._bar.advance(self._task)
        value = f"{percent(event.value):>7}" if event.value is not None else " " * 7
        why = f"  ({event.why})" if event.why else ""
        best = "  best" if event.best else ""
        settings = words(event.settings, self._labels)
        self._say(f"trial {event.number:>3}  {event.state:<8}{value}  {settings}{why}{best}")

    def _finish(self, event: events.SearchDone) -> None:
        self.close()
        parts = ", ".join(f"{number:,} {state}" for state, number in event.counts.items() if number)
        self._say(f"{_ENDS[event.reason]}: {counted(event.trials, 'trial')}{f' ({parts})' if parts else ''}")
        if event.importance:
            rows = [
                (self._labels.get(name, name), percent(share)) for name, share in event.importance.items()
            ]
            table((Column("what mattered"), Column("share", "right")), rows)
        best = event.best
        if best is None:
            self._say("no trial is complete: nothing is best yet")
            return
        self._say(
            f"best: trial {best.number}, validation accuracy {percent(best.value)} in epoch {best.epoch}: "
            f"{words(best.settings, self._labels)}"
        )
        if best.run:
            self._say(f"run: {best.run}")

    def _say(self, text: str) -> None:
        say_above(self._bar, text)
