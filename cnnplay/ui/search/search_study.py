"""The study on screen: its trials as they come, which of them is chosen, and pictures of them as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.search import events
from cnnplay.search.rows import TrialRow, best_of
from cnnplay.search.values import words
from cnnplay.search.variables import Variable
from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.search.search_plots import BestSoFar, Parallel, Share, best_so_far, parallel, shares
from cnnplay.ui.search.search_table import TrialTable

if TYPE_CHECKING:
    from cnnplay.search.record import StudyRecord
    from cnnplay.search.studies import StudyFound


class StudyOnScreen(QObject):
    """`trials_changed`: another study, or its trials. `chosen_changed`: which trial is chosen."""

    trials_changed = Signal()
    chosen_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.study = ""
        """The study's name; "" for one that is not begun."""
        self.variables: tuple[Variable, ...] = ()
        self.table = TrialTable(self)
        self.chosen: int | None = None
        """The trial that somebody chose; None: the best counts."""
        self.parallel, self.best_curve = Parallel(), BestSoFar()
        self.shares: tuple[Share, ...] = ()
        self._record: StudyRecord | None = None
        self._rows: dict[int, TrialRow] = {}
        self._importance: dict[str, float] = {}

    @property
    def begun(self) -> bool:
        """Whether the study has begun: what it varies is settled."""
        return bool(self.study)

    @property
    def rows(self) -> tuple[TrialRow, ...]:
        """All trials, in order."""
        return tuple(self._rows[number] for number in sorted(self._rows))

    @property
    def best(self) -> TrialRow | None:
        return best_of(self.rows)

    @property
    def chosen_row(self) -> TrialRow | None:
        """The chosen trial, else the best."""
        chosen = self._rows.get(self.chosen) if self.chosen is not None else None
        return chosen if chosen is not None else self.best

    @property
    def record(self) -> StudyRecord | None:
        """What the study searches, where it was opened."""
        return self._record

    @property
    def labels(self) -> dict[str, str]:
        """What varies, in words, by name."""
        return {variable.name: variable.label for variable in self.variables}

    def choose(self, number: int | None) -> None:
        """Chooses a trial; None: the best counts."""
        if number != self.chosen:
            self.chosen = number
            self.chosen_changed.emit()

    def words_of(self, row: TrialRow) -> str:
        """``trial 7, 96.4 %: learning rate 0.0012, …``."""
        value = "" if row.value is None else f", {percent(row.value)}"
        why = f" ({row.why})" if row.why else ""
        state = "" if row.state == "complete" else f", {row.state}{why}"
        return f"trial {row.number}{value}{state}: {words(row.settings, self.labels)}"

    def _take(self, found: StudyFound, variables: tuple[Variable, ...]) -> None:
        """A study as its storage has it."""
        self.study, self.variables, self._record = found.name, variables, found.record
        self._rows = {row.number: row for row in found.rows}
        self._importance = found.importance

    def _clear(self) -> None:
        self.study, self._record, self.variables = "", None, ()
        self._rows, self._importance, self.chosen = {}, {}, None

    def _hear(self, event: events.Event) -> None:
        """What an event of the search says of its trials."""
        match event:
            case events.TrialBegan():
                self._rows[event.number] = TrialRow(
                    number=event.number, state="running", settings=event.settings
                )
            case events.TrialEpoch():
                before = self._rows[event.number]
                self._rows[event.number] = msgspec.structs.replace(
                    before, value=event.best, epochs=event.epoch
                )
            case events.TrialDone():
                known = msgspec.structs.asdict(event)
                known.pop("best")
                self._rows[event.number] = TrialRow(**known)
            case events.Weighed():
                self._importance = event.importance
            case _:
                pass

    def _show(self) -> None:
        rows, best = self.rows, self.best
        self.table.show(self.variables, rows, None if best is None else best.number)
        self.parallel = parallel(self.variables, rows)
        self.best_curve = best_so_far(rows)
        self.shares = shares(self._importance, self.variables)
        self.trials_changed.emit()
