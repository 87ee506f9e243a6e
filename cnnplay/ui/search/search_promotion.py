"""Promotes a trial to the editor: network, settings and weights; the network as one undoable edit."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.network.network import Network
from cnnplay.runs.record import RunError
from cnnplay.search.errors import BadTrial
from cnnplay.search.rows import TrialRow
from cnnplay.search.values import apply_values
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.runs.run_loader import LoadedRun, read_run
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel


class Promoter(QObject):
    """Reads in a thread. `promoted`: it is in the editor. `done(str)` is for the status bar, `failed(str)`
    needs attention.
    """

    promoted = Signal()
    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        search: SearchModel,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._search, self._editor, self._settings = search, editor, settings
        self._data, self._run = data, run
        self._jobs = Background("promote", self)

    def disabled_reason(self) -> str:
        """Why no trial can be promoted now; "" if the selected one, or else the best, can."""
        row = self._search.selected_row
        if row is None:
            return (
                "no trial is complete yet: select one in the table"
                if self._search.rows
                else "there are no trials yet"
            )
        if row.state in ("running", "waiting"):
            return f"trial {row.number} is not finished"
        if row.state == "failed" and not row.run:
            return f"trial {row.number} could not be trained: {row.why}"
        return "a run is in progress: stop it first" if self._run.active else ""

    def promote(self) -> None:
        """Loads the selected trial, or else the best, into the editor."""
        row, reason = self._search.selected_row, self.disabled_reason()
        if reason or row is None:
            self.failed.emit(f"Not promoted: {reason}.")
            return
        self._jobs.queue(
            lambda: _read(row),
            lambda found: self._show(row, found),
            lambda error: self.failed.emit(error_text(error)),
        )

    def _show(self, row: TrialRow, found: LoadedRun | None) -> None:
        if self._run.active:
            self.failed.emit(f"Trial {row.number} was not promoted: a run was started meanwhile.")
            return
        try:
            network, config = (
                self._made(row) if found is None else (found.record.network, found.record.config)
            )
        except BadTrial as error:
            self.failed.emit(f"Trial {row.number} was not promoted: {error}.")
            return
        self._editor.open_network(network)
        # Device, threads and checkpoint interval stay this machine's.
        here = self._settings.config
        mine = {name: getattr(here, name) for name in ("device", "threads", "checkpoint_every")}
        self._settings.replace(msgspec.structs.replace(config, **mine))
        trained = found.trained if found is not None else None
        if trained is not None:
            self._run.adopt(trained)
        if found is not None and found.record.data != self._data.key:
            self._data.choose(found.record.data)
        weights = "with its weights" if trained is not None else "without weights"
        self.done.emit(f"trial {row.number} is in the editor, {weights}; undo restores the previous network")
        if found is not None and found.problem:
            self.failed.emit(found.problem)
        self.promoted.emit()

    def _made(self, row: TrialRow) -> tuple[Network, TrainConfig]:
        """The trial's network and settings if its run was deleted."""
        record = self._search.record
        if record is None:
            raise BadTrial("its run was deleted")
        return apply_values(row.settings, self._search.variables, record.network, record.config)


def _read(row: TrialRow) -> LoadedRun | None:
    """The trial's run; None if it was deleted or never existed."""
    if not row.run or not Path(row.run).is_dir():
        return None
    try:
        return read_run(Path(row.run))
    except RunError:
        return None
