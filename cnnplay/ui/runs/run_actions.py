"""Actions on runs: notes and tags, deleting, cleaning up, exporting. Files are accessed in a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.runs import run_store
from cnnplay.runs.difference import compare
from cnnplay.runs.notes import Notes, read_notes, tags_in, write_notes
from cnnplay.runs.remove import Cleanup
from cnnplay.runs.summary import read_record
from cnnplay.spec.extras import missing_reason
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.runs.deletion_plan import DeletionPlan, apply, plan_deletion, remember_runs
from cnnplay.ui.runs.run_difference import DifferenceRow, difference_rows, outcome_rows
from cnnplay.ui.runs.runs import RunsModel

DRAFT_MS = 700
"""Typed notes and tags are written after this pause."""


class RunActions(QObject):
    """`deletion_planned(DeletionPlan)`: to be confirmed before `apply`. `done(str)` is for the status bar,
    `failed(str)` needs attention. `difference_changed`: `difference` changed.
    """

    deletion_planned = Signal(object)
    done = Signal(str)
    failed = Signal(str)
    difference_changed = Signal()

    def __init__(
        self,
        runs: RunsModel,
        folder_in_editor: Callable[[], Path | None] = lambda: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs, self._folder_in_editor = runs, folder_in_editor
        self._jobs = Background("run-actions", self, "finish")
        self._declared: tuple[DifferenceRow, ...] | None = None
        self.difference_problem = ""
        self._drafts: dict[str, dict[str, Any]] = {}
        self._write_soon = Throttle(self.flush, DRAFT_MS, self, "settle")
        runs.selection_changed.connect(self._compare)
        runs.selection_changed.connect(self.flush)
        runs.values_changed.connect(self._outcome_changed)

    # Why an action is unavailable

    def disabled_reason(self) -> str:
        """Why no action on the selected runs is available; "" if one is."""
        return "" if self._runs.selected else "select runs in the table first"

    def delete_disabled_reason(self) -> str:
        selected = self._runs.selected_rows
        if selected and all(row.is_active for row in selected):
            return "it is being trained" if len(selected) == 1 else "they are being trained"
        if selected and all(row.state == "unreadable" for row in selected):
            return "folders that cannot be read as a run are never deleted"
        return self.disabled_reason()

    def tensorboard_disabled_reason(self) -> str:
        return missing_reason("tensorboard", "writing TensorBoard logs") or self.disabled_reason()

    # Notes and tags

    def set_note(self, path: str, text: str) -> None:
        """Sets the note; it is written when the user pauses typing."""
        self._draft(path, note=text)

    def set_tags(self, path: str, line: str) -> None:
        """Sets the tags, separated by spaces or commas."""
        self._draft(path, tags=tags_in(line))

    def notes(self, path: str) -> Notes:
        """Note and tags, including what is typed and not yet written."""
        row = self._runs.row(path)
        notes = Notes() if row is None else Notes(note=row.note, tags=row.tags)
        return msgspec.structs.replace(notes, **self._drafts.get(path, {}))

    @Slot()
    def flush(self) -> None:
        """Writes what was typed now."""
        self._write_soon.stop()
        drafts, self._drafts = self._drafts, {}
        for path, fields in drafts.items():
            self._run(_notes_writer(Path(path), fields), self._notes_written)

    def _draft(self, path: str, **fields: Any) -> None:
        self._drafts.setdefault(path, {}).update(fields)
        self._write_soon.request()

    def _notes_written(self, _: object) -> None:
        self._runs.refresh_soon()

    # Deleting and cleaning up

    def plan_deletion(self, cleanup: Cleanup | None = None) -> None:
        """Works out what deleting or cleaning up the selected runs would do, and emits `deletion_planned`.

        Without a selection, a cleanup takes all runs.
        """
        paths = self._runs.selected or (tuple(row.path for row in self._runs.rows) if cleanup else ())
        if paths:
            self.flush()
            in_editor = self._folder_in_editor()
            self._run(lambda: plan_deletion(paths, cleanup, in_editor), self.deletion_planned.emit)

    def apply(self, plan: DeletionPlan) -> None:
        """Carries out a confirmed plan; each folder is checked again, since it may have changed meanwhile."""
        self._run(lambda: apply(plan), self._applied)

    def _applied(self, result: tuple[str, str]) -> None:
        text, problem = result
        self._runs.refresh_soon()
        self.done.emit(text)
        if problem:
            self.failed.emit(problem)

    # Runs outside the store

    def add_folder(self, folder: Path) -> None:
        """Lists a run outside the store, or all runs in this folder."""
        store = self._runs.library.store
        self._run(lambda: remember_runs(store, folder), self._added)

    def forget(self, path: str) -> None:
        """Removes a run outside the store from the list; its files are kept."""
        store = self._runs.library.store
        self._run(lambda: run_store.forget(store, Path(path)), self._notes_written)

    def is_elsewhere(self, path: str) -> bool:
        return Path(path).parent != self._runs.library.store

    def _added(self, folders: tuple[Path, ...]) -> None:
        self._runs.refresh_soon()
        count = len(folders)
        self.done.emit(f"added {folders[0].name}" if count == 1 else f"added {count:,} runs")

    # Export

    def export_csv(self, where: Path) -> None:
        """Writes a table of the selected runs, one of all their epochs and one of all their steps."""
        folders = [Path(path) for path in self._runs.selected]

        def work() -> str:
            from cnnplay.export.runs import runs_csv

            names = [path.name for path in runs_csv(folders, where)]
            return f"wrote {', '.join(names[:-1])} and {names[-1]} into {where}"

        self._run(work, self.done.emit)

    @staticmethod
    def tables_in(where: Path) -> tuple[Path, ...]:
        """The existing files that `export_csv` would replace."""
        from cnnplay.export.runs import TABLES

        return tuple(where / name for name in TABLES if (where / name).exists())

    def export_tensorboard(self, where: Path) -> None:
        """Writes a folder for each selected run, for TensorBoard."""
        folders = [Path(path) for path in self._runs.selected]

        def work() -> str:
            from cnnplay.export.runs import runs_tensorboard

            count = len(runs_tensorboard(folders, where))
            runs = "1 run" if count == 1 else f"{count:,} runs"
            return f"wrote {runs} for TensorBoard: tensorboard --logdir {where}"

        self._run(work, self.done.emit)

    # Difference of two runs

    @property
    def difference(self) -> tuple[DifferenceRow, ...] | None:
        """How the two selected runs differ: outcome, settings, data, network. None while it is computed, or
        if not exactly two are selected.
        """
        if self._declared is None or len(self._runs.selected_rows) != 2:
            return None
        return (*outcome_rows(*self._runs.selected_rows), *self._declared)

    @Slot()
    def _outcome_changed(self) -> None:
        if self._declared is not None:
            self.difference_changed.emit()

    @Slot()
    def _compare(self) -> None:
        self._declared, self.difference_problem = None, ""
        pair = self._runs.selected
        if len(pair) == 2:
            one, other = map(Path, pair)
            self._jobs.queue(
                lambda: tuple(difference_rows(compare(read_record(one), read_record(other)))),
                lambda found: self._compared(pair, found, ""),
                lambda error: self._compared(pair, None, error_text(error)),
            )
        self.difference_changed.emit()

    def _compared(self, pair: tuple[str, ...], found: tuple[DifferenceRow, ...] | None, problem: str) -> None:
        if pair == self._runs.selected:
            self._declared, self.difference_problem = found, problem
            self.difference_changed.emit()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._jobs.queue(work, done, lambda error: self.failed.emit(error_text(error)))


def _notes_writer(folder: Path, fields: dict[str, Any]) -> Callable[[], None]:
    def work() -> None:
        notes = read_notes(folder)
        changed = msgspec.structs.replace(notes, **fields)
        if changed != notes:
            write_notes(folder, changed)

    return work
