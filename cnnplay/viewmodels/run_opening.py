"""A run's network back in the editor, with its settings and its weights: an edit that can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.runs.record import RunError
from cnnplay.viewmodels.data import DataModel
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.runs import RunsModel
from cnnplay.viewmodels.settings import SettingsModel
from cnnplay.viewmodels.tasks import Tasks, told
from cnnplay.viewmodels.trained import Trained

if TYPE_CHECKING:
    from cnnplay.runs.record import RunRecord


@dataclass(frozen=True)
class OpenedRun:
    """What was read. `trained` is None where it kept no weights; `problem` says what could not be read."""

    name: str
    record: RunRecord
    trained: Trained | None
    problem: str = ""


class RunOpener(QObject):
    """Reads in a thread. `done(str)` is for the status line, `opened`: the editor shows it."""

    opened = Signal()
    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        runs: RunsModel,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs, self._editor, self._settings, self._data, self._run = runs, editor, settings, data, run
        self._tasks = Tasks("open-run", self)

    def why_not(self) -> str:
        """Why the chosen run cannot be opened now; "" when it can."""
        rows = self._runs.chosen_rows
        if len(rows) != 1:
            return "choose one run in the table" + (" alone" if rows else " first")
        if rows[0].state == "unreadable":
            return "it cannot be read"
        return "a run is on in this window: stop it first" if self._run.active else ""

    def open(self) -> None:
        """Opens the chosen run."""
        reason = self.why_not()
        if reason:
            self.failed.emit(f"The run cannot be opened now: {reason}.")
            return
        folder = Path(self._runs.chosen[0])
        self._tasks.run(lambda: read(folder), self._show, lambda error: self.failed.emit(told(error)))

    def wait(self) -> None:
        self._tasks.finish()

    def shutdown(self) -> None:
        self._tasks.finish()

    def _show(self, found: OpenedRun) -> None:
        if self._run.active:
            self.failed.emit(f"{found.name} was not opened: a run was started meanwhile")
            return
        record, here = found.record, self._settings.config
        self._editor.open_network(record.network)
        # Device and threads are this machine's.
        self._settings.replace(
            msgspec.structs.replace(record.config, device=here.device, threads=here.threads)
        )
        if found.trained is not None:
            self._run.adopt(found.trained)
        if record.data and record.data != self._data.key:
            self._data.choose(record.data)
        weights = "with its weights" if found.trained is not None else "it kept no weights"
        self.done.emit(f"opened {found.name}, {weights}; undo brings back what was there")
        if found.problem:
            self.failed.emit(found.problem)
        self.opened.emit()


def read(folder: Path) -> OpenedRun:
    """A run as the editor takes it over. RunError where it is none."""
    from cnnplay.modules.weights import belong
    from cnnplay.project.errors import WeightsError
    from cnnplay.project.tensors import checked
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.settled import settled
    from cnnplay.runs.tail import Tail
    from cnnplay.viewmodels.history import History

    run = RunFolder.open(folder)
    facts = run.facts
    if facts is None or not (run.has_last or run.has_best):
        return OpenedRun(folder.name, run.record, None)
    try:
        best = checked(run.weights("best")) if run.has_best else None
        weights = checked(run.weights("last")) if run.has_last else best
    except (RunError, WeightsError) as error:
        return OpenedRun(folder.name, run.record, None, f"{folder.name}: its weights cannot be read: {error}")
    assert weights is not None
    if not all(belong(part, run.network) for part in (weights, best) if part is not None):
        return OpenedRun(folder.name, run.record, None, f"{folder.name}: its weights are another network's")
    tail, events, problem = Tail(folder), [], ""
    try:
        while part := tail.lines_since():
            events += tail.decoded(part)
    except RunError as error:
        problem = f"{folder.name}: its curves cannot be read: {error}"
    trained = Trained(
        network=run.network,
        config=run.record.config,
        facts=facts,
        weights=weights,
        best_weights=best,
        best_epoch=run.best_epoch,
        last_epoch=run.last_epoch or (run.best_epoch or 0),
        events=History(settled(events)).saved(),
    )
    return OpenedRun(folder.name, run.record, trained, problem)
