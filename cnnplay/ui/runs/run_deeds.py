"""What is done with runs: noted, deleted, cleaned up, carried away. Files are touched in a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnplay.runs import run_store as place
from cnnplay.runs.difference import compare
from cnnplay.runs.notes import Notes, read_notes, tags_in, write_notes
from cnnplay.runs.remove import Cleanup
from cnnplay.runs.summary import read_record
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.runs.run_difference import DifferenceRow, outcome, rows
from cnnplay.ui.runs.run_weighing import Weighed, added, carried_out, weighed
from cnnplay.ui.runs.runs import RunsModel

DRAFT_MS = 700
"""After so long without a key what was typed is written."""


class RunDeeds(QObject):
    """`weighed(Weighed)`: somebody must say yes before `carry_out`. `done(str)` is for the status line,
    `failed(str)` must be read. `difference_changed`: `difference` is another one.
    """

    weighed = Signal(object)
    done = Signal(str)
    failed = Signal(str)
    difference_changed = Signal()

    def __init__(self, runs: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._tasks = Tasks("run-deeds", self)
        self._declared: tuple[DifferenceRow, ...] | None = None
        self.difference_problem = ""
        self._drafts: dict[str, dict[str, Any]] = {}
        self._draft_timer = QTimer(self, singleShot=True, interval=DRAFT_MS)
        self._draft_timer.timeout.connect(self.flush)
        runs.chosen_changed.connect(self._compare)
        runs.chosen_changed.connect(self.flush)
        runs.told_changed.connect(self._outcome_changed)

    # Why something cannot be done

    def disabled_reason(self) -> str:
        """Why nothing can be done with what is chosen; "" when something can."""
        return "" if self._runs.chosen else "choose runs in the table first"

    def why_not_delete(self) -> str:
        rows = self._runs.chosen_rows
        if rows and all(row.is_active for row in rows):
            return "it is being trained" if len(rows) == 1 else "they are being trained"
        if rows and all(row.state == "unreadable" for row in rows):
            return "what cannot be read as a run is not touched"
        return self.disabled_reason()

    def why_no_tensorboard(self) -> str:
        from importlib.util import find_spec

        if find_spec("tensorboardX") is None:
            return 'the package tensorboardX is not installed (pip install "cnn-playground[tensorboard]")'
        return self.disabled_reason()

    # Notes and tags

    def note(self, path: str, text: str) -> None:
        """What somebody is typing; it is written when he pauses."""
        self._draft(path, note=text)

    def tag(self, path: str, line: str) -> None:
        """Tags, parted by blanks or commas."""
        self._draft(path, tags=tags_in(line))

    def about(self, path: str) -> Notes:
        """Note and tags as they are on screen: what is typed already counts."""
        row = self._runs.row(path)
        about = Notes() if row is None else Notes(note=row.note, tags=row.tags)
        return msgspec.structs.replace(about, **self._drafts.get(path, {}))

    @Slot()
    def flush(self) -> None:
        """Writes what was typed."""
        self._draft_timer.stop()
        drafts, self._drafts = self._drafts, {}
        for path, fields in drafts.items():
            self._run(_noting(Path(path), fields), self._noted)

    def _draft(self, path: str, **fields: Any) -> None:
        self._drafts.setdefault(path, {}).update(fields)
        self._draft_timer.start()

    def _noted(self, _: object) -> None:
        self._runs.look_soon()

    # Deleting and cleaning up

    def weigh(self, sweep: Cleanup | None = None) -> None:
        """Finds out what deleting (or a sweep) of the chosen runs would do; a sweep of all listed where none
        is chosen.
        """
        paths = self._runs.chosen or (tuple(row.path for row in self._runs.rows) if sweep else ())
        if paths:
            self.flush()
            self._run(lambda: weighed(paths, sweep), self.weighed.emit)

    def carry_out(self, order: Weighed) -> None:
        """Does what was weighed; what changed meanwhile is judged again, folder by folder."""
        self._run(lambda: carried_out(order), self._carried)

    def _carried(self, outcome: tuple[str, str]) -> None:
        words, problem = outcome
        self._runs.look_soon()
        self.done.emit(words)
        if problem:
            self.failed.emit(problem)

    # Elsewhere

    def add(self, folder: Path) -> None:
        """Lists a run that lies elsewhere, or all that lie in that folder."""
        store = self._runs.library.store
        self._run(lambda: added(store, folder), self._added)

    def forget(self, path: str) -> None:
        """Takes a run that lies elsewhere off the list; its files stay."""
        store = self._runs.library.store
        self._run(lambda: place.forget(store, Path(path)), self._noted)

    def is_elsewhere(self, path: str) -> bool:
        return Path(path).parent != self._runs.library.store

    def _added(self, folders: tuple[Path, ...]) -> None:
        self._runs.look_soon()
        count = len(folders)
        self.done.emit(f"listed {folders[0].name}" if count == 1 else f"listed {count:,} runs")

    # Carrying away

    def export_csv(self, where: Path) -> None:
        """A table of the chosen runs, one of all their epochs and one of all their steps."""
        folders = [Path(path) for path in self._runs.chosen]

        def work() -> str:
            from cnnplay.export.runs import runs_csv

            names = [path.name for path in runs_csv(folders, where)]
            return f"wrote {', '.join(names[:-1])} and {names[-1]} into {where}"

        self._run(work, self.done.emit)

    @staticmethod
    def tables_in(where: Path) -> tuple[Path, ...]:
        """The tables in a folder that `export_csv` would replace."""
        from cnnplay.export.runs import TABLES

        return tuple(where / name for name in TABLES if (where / name).exists())

    def export_tensorboard(self, where: Path) -> None:
        """A folder for each chosen run, which TensorBoard shows."""
        folders = [Path(path) for path in self._runs.chosen]

        def work() -> str:
            from cnnplay.export.runs import runs_tensorboard

            count = len(runs_tensorboard(folders, where))
            runs = "1 run" if count == 1 else f"{count:,} runs"
            return f"wrote {runs} for TensorBoard: tensorboard --logdir {where}"

        self._run(work, self.done.emit)

    # The difference

    @property
    def difference(self) -> tuple[DifferenceRow, ...] | None:
        """Of the two runs that are chosen, what came of them and what they are; None while it is being made,
        or where there are not two.
        """
        if self._declared is None or len(self._runs.chosen_rows) != 2:
            return None
        return (*outcome(*self._runs.chosen_rows), *self._declared)

    @Slot()
    def _outcome_changed(self) -> None:
        if self._declared is not None:
            self.difference_changed.emit()

    @Slot()
    def _compare(self) -> None:
        self._declared, self.difference_problem = None, ""
        pair = self._runs.chosen
        if len(pair) == 2:
            one, other = map(Path, pair)
            self._tasks.run(
                lambda: tuple(rows(compare(read_record(one), read_record(other)))),
                lambda found: self._compared(pair, found, ""),
                lambda error: self._compared(pair, None, error_text(error)),
            )
        self.difference_changed.emit()

    def _compared(self, pair: tuple[str, ...], found: tuple[DifferenceRow, ...] | None, problem: str) -> None:
        if pair == self._runs.chosen:
            self._declared, self.difference_problem = found, problem
            self.difference_changed.emit()

    # The end

    def wait(self) -> None:
        self._tasks.finish()

    def shutdown(self) -> None:
        """What was typed is written."""
        self.flush()
        self._tasks.finish()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._tasks.run(work, done, lambda error: self.failed.emit(error_text(error)))


def _noting(folder: Path, fields: dict[str, Any]) -> Callable[[], None]:
    def work() -> None:
        about = read_notes(folder)
        changed = msgspec.structs.replace(about, **fields)
        if changed != about:
            write_notes(folder, changed)

    return work
