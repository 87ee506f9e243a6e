"""All runs as the workspace Runs shows them: what is listed, what is selected, and whose curves are drawn.

The store is polled in the background, at most twice a second and only while the workspace is visible, so that
runs written by other programs are followed too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from cnnplay.runs.filter import parse
from cnnplay.runs.library import Library
from cnnplay.runs.row import RunRow
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.text import bytes_text
from cnnplay.ui.runs.run_curves import DrawnRun, RunCurvesModel
from cnnplay.ui.runs.run_labels import labels
from cnnplay.ui.runs.run_table import FilteredRuns, RunTable
from cnnplay.ui.runs.run_watcher import RunWatcher, StoreUpdate
from cnnplay.ui.train.history import History

POLL_MS = 500
FULL_SCAN_SECONDS = 2.0
"""At least this long between two scans of the whole store …"""
SCAN_FACTOR = 40
"""… and at least this many times as long as a scan takes."""
MOST_DRAWN = 16
"""More curves would be illegible; colors repeat after the eighth, dashed."""


class RunsModel(QObject):
    """`rows_changed`: the listed runs, or their values. `selection_changed`: which runs are selected.
    `values_changed`: values or curves of a selected run. `failed(str)` needs attention.
    """

    rows_changed = Signal()
    selection_changed = Signal()
    values_changed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        preferences: Preferences | None = None,
        library: Library | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._watcher = RunWatcher(library or Library())
        self._jobs = Background("runs", self)
        self.rows: tuple[RunRow, ...] = ()
        self.store_problem = ""
        """A problem with the index or the store; "" without one."""
        self.loaded = False
        """Whether the store was scanned."""
        self.selected: tuple[str, ...] = ()
        """Paths, in the order in which they were selected."""
        self._wanted: tuple[str, ...] = ()
        """The same, including those that the filter hides."""
        self.filter_problem = ""
        self.updating = False
        """Whether rows are being added or removed: selection changes of a view do not count meanwhile."""
        self._histories: dict[str, History] = {}
        self._slots: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        """Selected runs whose curves cannot be read, and why."""
        self.table = RunTable(self.slot_of, self)
        self.filtered = FilteredRuns(self.table, self)
        self.curves = RunCurvesModel(preferences, self)
        self._whole, self._rebuild, self._soon = True, False, False
        self._next_whole = 0.0
        self._timer = QTimer(self, interval=POLL_MS, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._poll)

    @property
    def library(self) -> Library:
        return self._watcher.library

    def row(self, path: str) -> RunRow | None:
        place = self.table.source_row(path)
        return None if place is None else self.table.row(place)

    @property
    def selected_rows(self) -> tuple[RunRow, ...]:
        return tuple(row for row in map(self.row, self.selected) if row is not None)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The selected runs whose curves are drawn."""
        return self.selected[:MOST_DRAWN]

    def slot_of(self, path: str) -> int | None:
        """The color slot of a run's curves; None if they are not drawn."""
        return self._slots.get(path)

    def history(self, path: str) -> History | None:
        return self._histories.get(path)

    @property
    def summary(self) -> str:
        """``12 of 40 runs · 1.2 GB``."""
        if not self.loaded:
            return "loading runs …"
        count, listed = len(self.rows), self.filtered.rowCount()
        size = bytes_text(sum(row.bytes for row in self.rows))
        runs = "1 run" if count == 1 else f"{count:,} runs"
        return f"{listed:,} of {runs} · {size}" if listed != count else f"{runs} · {size}" if count else ""

    # Polling

    def watch(self, watched: bool) -> None:
        """Starts or stops polling the store."""
        if watched:
            self.refresh_soon()
            self._timer.start()
        else:
            self._timer.stop()

    def refresh_soon(self, rebuild: bool = False) -> None:
        """Scans the whole store as soon as possible: a run started, ended or changed."""
        self._whole, self._rebuild = True, self._rebuild or rebuild
        self._poll()

    def _poll(self) -> None:
        if not self._jobs.idle:
            self._soon = self._soon or self._whole
            return
        whole = self._whole or time.monotonic() >= self._next_whole
        rebuild, self._whole, self._rebuild, self._soon = self._rebuild, False, False, False
        selected, watcher = self.drawn, self._watcher
        active = tuple(row.path for row in self.rows if row.is_active)
        self._jobs.queue(lambda: watcher.check(selected, active, whole, rebuild), self._apply, self._fail)

    def _apply(self, update: StoreUpdate) -> None:
        if update.rows is not None:
            self._next_whole = time.monotonic() + max(FULL_SCAN_SECONDS, SCAN_FACTOR * update.seconds)
            self._list(update.rows, update.store_problem)
        elif update.changed:
            rows = tuple(update.changed.get(row.path, row) for row in self.rows)
            if rows != self.rows:
                self._list(rows, self.store_problem)
        self._update_histories(update)
        if self._soon:
            self._poll()

    def _list(self, rows: tuple[RunRow, ...], problem: str) -> None:
        if rows == self.rows and problem == self.store_problem and self.loaded:
            return
        before = {row.path: row for row in self.selected_rows}
        self.rows, self.store_problem, self.loaded = rows, problem, True
        self.updating = True
        self.table.update(rows)
        self.updating = False
        self.rows_changed.emit()
        if not self._select_listed() and before != {row.path: row for row in self.selected_rows}:
            self._draw()
            self.values_changed.emit()

    def _select_listed(self) -> bool:
        """Deselects what the filter hides, so that Delete never affects invisible runs; it is selected again
        once it is listed again. Returns whether the selection changed.
        """
        return self._set_selected(path for path in self._wanted if self.filtered.row_of(path) is not None)

    def _update_histories(self, update: StoreUpdate) -> None:
        drawn, changed = set(self.drawn), False
        for path, history in update.new_histories.items():
            if path in drawn:
                self._histories[path], changed = history, True
        for path, events in update.new_events.items():
            if path in drawn and path in self._histories:
                self._histories[path].extend(events)
                changed = True
        problems = {path: problem for path, problem in update.problems.items() if path in drawn}
        if problems != self.problems:
            self.problems, changed = problems, True
        if changed:
            self._draw()
            self.values_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.store_problem = error_text(error)
        self.rows_changed.emit()

    # Selecting

    def select(self, paths: Iterable[str]) -> None:
        """Selects exactly these runs; those that were selected before keep their position and color."""
        wanted = list(dict.fromkeys(paths))
        kept = [path for path in self.selected if path in wanted]
        self._wanted = (*kept, *(path for path in wanted if path not in kept))
        self._set_selected(self._wanted)

    def _set_selected(self, paths: Iterable[str]) -> bool:
        selected = tuple(paths)
        if selected == self.selected:
            return False
        self.selected = selected
        self._assign_colors()
        self._histories = {path: history for path, history in self._histories.items() if path in self.drawn}
        self.problems = {path: problem for path, problem in self.problems.items() if path in self.drawn}
        self._draw()
        self.selection_changed.emit()
        self._soon = True
        self._poll()
        return True

    def set_filter(self, line: str) -> None:
        """Lists the runs that match the filter; `filter_problem` describes an invalid one."""
        row_filter = parse(line)
        self.filter_problem = row_filter.problem
        self.updating = True
        self.filtered.set_filter(row_filter)
        self.updating = False
        self.rows_changed.emit()
        self._select_listed()

    def _assign_colors(self) -> None:
        kept = {path: slot for path, slot in self._slots.items() if path in self.drawn}
        free = (slot for slot in range(MOST_DRAWN) if slot not in kept.values())
        self._slots = kept | {path: next(free) for path in self.drawn if path not in kept}
        self.table.update_slots()

    def _draw(self) -> None:
        rows = [row for row in self.selected_rows if row.path in self._histories]
        self.curves.show(
            [
                DrawnRun(row.path, label, self._slots[row.path], self._histories[row.path])
                for row, label in zip(rows, labels(rows), strict=True)
            ]
        )
