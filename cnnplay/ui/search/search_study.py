"""The study on screen: its trials, which of them is selected, and its plots as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.search import events
from cnnplay.search.rows import TrialRow, best_of
from cnnplay.search.values import settings_text
from cnnplay.search.variables import Variable
from cnnplay.spec.tasks import DEFAULT, TASKS
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.search.search_plots import (
    BestSoFar,
    Importance,
    ParallelAxes,
    best_so_far,
    importances,
    parallel,
)
from cnnplay.ui.search.search_table import TrialTable

if TYPE_CHECKING:
    from cnnplay.search.record import StudyRecord
    from cnnplay.search.studies import StudyFound


class StudyModel(QObject):
    """`trials_changed`: the study or its trials. `selection_changed`: which trial is selected."""

    trials_changed = Signal()
    selection_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.study = ""
        """The study's name; "" before it has started."""
        self.variables: tuple[Variable, ...] = ()
        self.table = TrialTable(self)
        self.selected: int | None = None
        """The selected trial; None stands for the best."""
        self.parallel, self.best_curve = ParallelAxes(), BestSoFar()
        self.importances: tuple[Importance, ...] = ()
        self.metric = TASKS[DEFAULT].primary
        """What the study searches the best of."""
        self._record: StudyRecord | None = None
        self._rows: dict[int, TrialRow] = {}
        self._importance: dict[str, float] = {}

    @property
    def has_started(self) -> bool:
        """Whether the study has started: then its space is fixed."""
        return bool(self.study)

    @property
    def rows(self) -> tuple[TrialRow, ...]:
        """All trials, in order."""
        return tuple(self._rows[number] for number in sorted(self._rows))

    @property
    def best(self) -> TrialRow | None:
        return best_of(self.rows, self.metric)

    @property
    def selected_row(self) -> TrialRow | None:
        """The selected trial, else the best."""
        selected = self._rows.get(self.selected) if self.selected is not None else None
        return selected if selected is not None else self.best

    @property
    def record(self) -> StudyRecord | None:
        """The study's network, settings and space, if it was opened from the storage."""
        return self._record

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the parameters, by name."""
        return {variable.name: variable.label for variable in self.variables}

    def select(self, number: int | None) -> None:
        """Selects a trial; None stands for the best."""
        if number != self.selected:
            self.selected = number
            self.selection_changed.emit()

    def trial_text(self, row: TrialRow) -> str:
        """``trial 7, 96.4 %: learning rate 0.0012, …``."""
        value = "" if row.value is None else f", {metric_text(self.metric, row.value)}"
        why = f" ({row.why})" if row.why else ""
        state = "" if row.state == "complete" else f", {row.state}{why}"
        return f"trial {row.number}{value}{state}: {settings_text(row.settings, self.labels)}"

    def _load(self, found: StudyFound, variables: tuple[Variable, ...]) -> None:
        """Replaces the study by one from the storage."""
        self.study, self.variables, self._record = found.name, variables, found.record
        self.metric = found.record.metric
        self._rows = {row.number: row for row in found.rows}
        self._importance = found.importance

    def _clear(self) -> None:
        self.study, self._record, self.variables = "", None, ()
        self._rows, self._importance, self.selected = {}, {}, None

    def _on_event(self, event: events.Event) -> None:
        """Updates the trials from an event of the search."""
        match event:
            case events.SearchBegan():
                self.metric = event.metric
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
            case events.ImportanceUpdated():
                self._importance = event.importance
            case _:
                pass

    def _show(self) -> None:
        rows, best = self.rows, self.best
        self.table.show(self.variables, rows, None if best is None else best.number, self.metric)
        self.parallel = parallel(self.variables, rows, self.metric)
        self.best_curve = best_so_far(rows, self.metric)
        self.importances = importances(self._importance, self.variables)
        self.trials_changed.emit()
