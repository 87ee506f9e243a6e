"""A run's network back in the editor, with its settings and its weights: an edit that can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.runs.effective_events import effective_events
from cnnplay.runs.record import RunError
from cnnplay.runs.tail import Tail
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.runs.folder import RunFolder, Which
    from cnnplay.runs.record import RunRecord


@dataclass(frozen=True)
class OpenedRun:
    """What was read. `trained` is None where it kept no weights; `problem` says what could not be read."""

    name: str
    record: RunRecord
    trained: Trained | None
    problem: str = ""

    @property
    def config(self) -> TrainConfig:
        """The run's settings; of one that can go on those with which it was stopped."""
        state = None if self.trained is None else self.trained.state
        return state.config if state is not None and state.unfinished else self.record.config


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

    def disabled_reason(self) -> str:
        """Why the chosen run cannot be opened now; "" when it can."""
        rows = self._runs.chosen_rows
        if len(rows) != 1:
            return "choose one run in the table" + (" alone" if rows else " first")
        if rows[0].state == "unreadable":
            return "it cannot be read"
        return "a run is on in this window: stop it first" if self._run.active else ""

    def open(self) -> None:
        """Opens the chosen run."""
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"The run cannot be opened now: {reason}.")
            return
        row = self._runs.chosen_rows[0]
        folder, on = row.folder, row.is_active
        self._tasks.run(
            lambda: read(folder, on), self._show, lambda error: self.failed.emit(error_text(error))
        )

    def put(self, found: OpenedRun) -> None:
        """Shows a run that was read: its network, settings and weights, its pictures once they are here."""
        record = found.record
        if self._editor.network != record.network:
            self._editor.open_network(record.network)
        # Device and threads are this machine's.
        here = self._settings.config
        self._settings.replace(
            msgspec.structs.replace(found.config, device=here.device, threads=here.threads)
        )
        self._run.adopt(found.trained)
        if record.data and record.data != self._data.key:
            self._data.choose(record.data)

    def wait(self) -> None:
        self._tasks.finish()

    def shutdown(self) -> None:
        self._tasks.finish()

    def _show(self, found: OpenedRun) -> None:
        if self._run.active:
            self.failed.emit(f"{found.name} was not opened: a run was started meanwhile")
            return
        self.put(found)
        lacking = "none of its weights can be used" if found.problem else "it kept no weights"
        weights = lacking if found.trained is None else "with its weights"
        self.done.emit(f"opened {found.name}, {weights}; undo brings back what was there")
        if found.problem:
            self.failed.emit(found.problem)
        self.opened.emit()


def read(folder: Path, on: bool = False) -> OpenedRun:
    """A run as the editor takes it over. One that is `on` is gone on with elsewhere, not in its folder.

    RunError where it is none.
    """
    from cnnplay.runs.folder import RunFolder
    from cnnplay.ui.train.history import History

    run = RunFolder.open(folder)
    checkpoint = run.has_checkpoint and not on
    if run.facts is None or not (run.has_last or run.has_best or checkpoint):
        return OpenedRun(folder.name, run.record, None)
    problems = list[str]()
    best, last, averaged = (_kept(run, which, problems) for which in ("best", "last", "averaged"))
    events, missing = _events(folder)
    if missing:
        problems.append(missing)
    state = None
    if checkpoint:
        try:
            state = run.state()
            _check(state.weights, run)
        except ValueError as error:
            state = None
            problems.append(f"{folder.name}: it cannot go on just where it was stopped: {error}")
    problem = "; ".join(problems)
    # Of a run that was cut off in its first epoch, or whose files are damaged, not all are there.
    if last is not None:
        weights, epoch = last, run.last_epoch or run.best_epoch
    elif state is not None:
        weights, epoch = state.weights, state.last_epoch
    elif best is not None:
        weights, epoch = best, run.best_epoch
    else:
        return OpenedRun(folder.name, run.record, None, problem)
    trained = Trained(
        network=run.network,
        config=run.record.config,
        facts=run.facts,
        weights=weights,
        best_weights=best,
        averaged=averaged,
        best_epoch=None if best is None else run.best_epoch,
        last_epoch=epoch or 0,
        events=History(events).saved(),
        run=run.record.run,
        folder=None if on else folder,
        state=state,
        mark=run.record.mark,
    )
    return OpenedRun(folder.name, run.record, trained, problem)


def _kept(run: RunFolder, which: Which, problems: list[str]) -> Weights | None:
    """The weights of a file that is there; None, and a line more among the problems, where they cannot be
    read. A damaged file takes no other with it.
    """
    try:
        return _weights(run, which) if run.has(which) else None
    except ValueError as error:
        problems.append(f"{run.path.name}: its weights cannot be read: {error}")
        return None


def _weights(run: RunFolder, which: Which) -> Weights:
    """The weights in a folder. ValueError where they are damaged, or another network's."""
    from cnnplay.project.tensors import checked

    weights = checked(run.weights(which))
    _check(weights, run)
    return weights


def _check(weights: Weights, run: RunFolder) -> None:
    from cnnplay.modules.weights import weights_match

    if not weights_match(weights, run.network):
        raise ValueError("they are another network's")


def _events(folder: Path) -> tuple[list[Event], str]:
    """All that counts in the end, and what could not be read of it."""
    tail, events = Tail(folder), []
    try:
        while part := tail.lines_since():
            events += tail.decoded(part)
    except RunError as error:
        return effective_events(events), f"{folder.name}: its curves cannot be read: {error}"
    problem = tail.damage or ("" if events else "its events are missing")
    return effective_events(events), f"{folder.name}: {problem}" if problem else ""
