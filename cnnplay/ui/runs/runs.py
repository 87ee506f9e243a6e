"""All runs as the workspace Runs shows them: what is listed, what is chosen, and whose curves are drawn.

Reading happens in the background, twice a second at most and only while somebody looks; runs that other
programs write are followed so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from cnnplay.runs.filter import parse
from cnnplay.runs.library import Library
from cnnplay.runs.row import RunRow
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.kit.text import bytes_text
from cnnplay.ui.runs.run_curves import RunCurvesModel, Shown
from cnnplay.ui.runs.run_following import Follower, Look
from cnnplay.ui.runs.run_labels import labels
from cnnplay.ui.runs.run_table import PickedRuns, RunTable
from cnnplay.ui.train.trace import Trace

POLL_MS = 500
WHOLE_SECONDS = 2.0
"""Between two looks at the whole store, at least …"""
SHARE = 40
"""… and so many times as long as such a look takes."""
MOST_DRAWN = 16
"""More curves over one another tell nothing; colours come again after the eighth, dashed."""


class RunsModel(QObject):
    """`rows_changed`: what is listed. `chosen_changed`: which runs are chosen. `told_changed`: a chosen run's
    values. `failed(str)` must be read.
    """

    rows_changed = Signal()
    chosen_changed = Signal()
    told_changed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        preferences: Preferences | None = None,
        library: Library | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._follower = Follower(library or Library())
        self._tasks = Tasks("runs", self)
        self.rows: tuple[RunRow, ...] = ()
        self.trouble = ""
        """What is wrong with the index or the store, in words."""
        self.loaded = False
        """Whether the store was looked at."""
        self.chosen: tuple[str, ...] = ()
        """Paths, in the order in which they were chosen."""
        self._wanted: tuple[str, ...] = ()
        """Those, and the ones among them that the filter hides."""
        self.filter_problem = ""
        self.listing = False
        """Whether rows come and go just now: what a view takes for chosen meanwhile does not count."""
        self._traces: dict[str, Trace] = {}
        self._slots: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        """Of chosen runs, whose curves cannot be read."""
        self.table = RunTable(self.slot_of, self)
        self.picked = PickedRuns(self.table, self)
        self.curves = RunCurvesModel(preferences, self)
        self._whole, self._rebuild, self._soon = True, False, False
        self._next_whole = 0.0
        self._timer = QTimer(self, interval=POLL_MS, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._look)

    @property
    def library(self) -> Library:
        return self._follower.library

    def row(self, path: str) -> RunRow | None:
        place = self.table.place_of(path)
        return None if place is None else self.table.row(place)

    @property
    def chosen_rows(self) -> tuple[RunRow, ...]:
        return tuple(row for row in map(self.row, self.chosen) if row is not None)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The chosen runs whose curves are drawn."""
        return self.chosen[:MOST_DRAWN]

    def slot_of(self, path: str) -> int | None:
        """Which colour a run's curves have; None for one that is not drawn."""
        return self._slots.get(path)

    def trace(self, path: str) -> Trace | None:
        return self._traces.get(path)

    @property
    def words(self) -> str:
        """``12 of 40 runs · 1.2 GB``."""
        if not self.loaded:
            return "looking for runs"
        count, listed = len(self.rows), self.picked.rowCount()
        size = bytes_text(sum(row.bytes for row in self.rows))
        runs = "1 run" if count == 1 else f"{count:,} runs"
        return f"{listed:,} of {runs} · {size}" if listed != count else f"{runs} · {size}" if count else ""

    # Looking

    def watch(self, watched: bool) -> None:
        """Looks now and again from now on, or no more."""
        if watched:
            self.look_soon()
            self._timer.start()
        else:
            self._timer.stop()

    def look_soon(self, rebuild: bool = False) -> None:
        """Looks at the whole store as soon as can be: a run began, ended or changed."""
        self._whole, self._rebuild = True, self._rebuild or rebuild
        self._look()

    def _look(self) -> None:
        if not self._tasks.idle:
            self._soon = self._soon or self._whole
            return
        whole = self._whole or time.monotonic() >= self._next_whole
        rebuild, self._whole, self._rebuild, self._soon = self._rebuild, False, False, False
        chosen, follower = self.drawn, self._follower
        on = tuple(row.path for row in self.rows if row.is_active)
        self._tasks.run(lambda: follower.look(chosen, on, whole, rebuild), self._take, self._fail)

    def _take(self, look: Look) -> None:
        if look.rows is not None:
            self._next_whole = time.monotonic() + max(WHOLE_SECONDS, SHARE * look.seconds)
            self._list(look.rows, look.trouble)
        elif look.changed:
            rows = tuple(look.changed.get(row.path, row) for row in self.rows)
            if rows != self.rows:
                self._list(rows, self.trouble)
        self._take_traces(look)
        if self._soon:
            self._look()

    def _list(self, rows: tuple[RunRow, ...], trouble: str) -> None:
        if rows == self.rows and trouble == self.trouble and self.loaded:
            return
        before = {row.path: row for row in self.chosen_rows}
        self.rows, self.trouble, self.loaded = rows, trouble, True
        self.listing = True
        self.table.update(rows)
        self.listing = False
        self.rows_changed.emit()
        if not self._choose_listed() and before != {row.path: row for row in self.chosen_rows}:
            self._draw()
            self.told_changed.emit()

    def _choose_listed(self) -> bool:
        """What is not in the table is not chosen: nobody could see what a key would delete. It is again once
        the filter lists it again. Whether the choice is another one.
        """
        return self._set_chosen(path for path in self._wanted if self.picked.row_of(path) is not None)

    def _take_traces(self, look: Look) -> None:
        drawn, fresh = set(self.drawn), False
        for path, trace in look.begun.items():
            if path in drawn:
                self._traces[path], fresh = trace, True
        for path, events in look.told.items():
            if path in drawn and path in self._traces:
                self._traces[path].extend(events)
                fresh = True
        problems = {path: words for path, words in look.problems.items() if path in drawn}
        if problems != self.problems:
            self.problems, fresh = problems, True
        if fresh:
            self._draw()
            self.told_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.trouble = error_text(error)
        self.rows_changed.emit()

    # Choosing

    def choose(self, paths: Iterable[str]) -> None:
        """These runs and no others; those that were chosen before keep their place and colour."""
        wanted = list(dict.fromkeys(paths))
        kept = [path for path in self.chosen if path in wanted]
        self._wanted = (*kept, *(path for path in wanted if path not in kept))
        self._set_chosen(self._wanted)

    def _set_chosen(self, paths: Iterable[str]) -> bool:
        chosen = tuple(paths)
        if chosen == self.chosen:
            return False
        self.chosen = chosen
        self._give_colours()
        self._traces = {path: trace for path, trace in self._traces.items() if path in self.drawn}
        self.problems = {path: words for path, words in self.problems.items() if path in self.drawn}
        self._draw()
        self.chosen_changed.emit()
        self._soon = True
        self._look()
        return True

    def set_filter(self, line: str) -> None:
        """Lists what the words pick, and says what is wrong with them in `filter_problem`."""
        picks = parse(line)
        self.filter_problem = picks.problem
        self.listing = True
        self.picked.set_filter(picks)
        self.listing = False
        self.rows_changed.emit()
        self._choose_listed()

    def _give_colours(self) -> None:
        kept = {path: slot for path, slot in self._slots.items() if path in self.drawn}
        free = (slot for slot in range(MOST_DRAWN) if slot not in kept.values())
        self._slots = kept | {path: next(free) for path in self.drawn if path not in kept}
        self.table.update_slots()

    def _draw(self) -> None:
        rows = [row for row in self.chosen_rows if row.path in self._traces]
        self.curves.show(
            [
                Shown(row.path, label, self._slots[row.path], self._traces[row.path])
                for row, label in zip(rows, labels(rows), strict=True)
            ]
        )

    # The end

    @Slot()
    def wait(self) -> None:
        """Waits for what is being read."""
        self._tasks.finish()

    def shutdown(self) -> None:
        self._timer.stop()
        self._tasks.finish()
