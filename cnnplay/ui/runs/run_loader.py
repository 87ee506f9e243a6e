"""Loads a run into the editor: network, settings and weights, as an edit that can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.runs.effective_events import effective_events
from cnnplay.runs.record import RunError
from cnnplay.runs.tail import Tail
from cnnplay.spec.events import Event
from cnnplay.spec.settings import MAX_EPOCHS, TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.run_request import final_epoch
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained

if TYPE_CHECKING:
    from cnnplay.modules.trained_weights import Which
    from cnnplay.modules.weights import Weights
    from cnnplay.runs.folder import RunFolder
    from cnnplay.runs.record import RunRecord


@dataclass(frozen=True)
class LoadedRun:
    """A run from its folder. `trained` is None without weights; `problem` names what could not be read."""

    name: str
    record: RunRecord
    trained: Trained | None
    problem: str = ""

    def config(self, epochs: int) -> TrainConfig:
        """The run's settings; if it can be resumed, those at the time it stopped. Their `epochs` is the epoch
        at which it ends, or the given number if that would end it there too.
        """
        state = None if self.trained is None else self.trained.state
        if state is None:
            return self.record.config
        config = state.config if state.unfinished else self.record.config
        if final_epoch(epochs, state.first_epoch - 1) != state.final_epoch:
            epochs = min(state.final_epoch, MAX_EPOCHS)
        return msgspec.structs.replace(config, epochs=epochs)


class RunLoader(QObject):
    """Reads in a thread. `opened`: the run is in the editor. `done(str)` is for the status bar, `failed(str)`
    needs attention.
    """

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
        self._jobs = Background("open-run", self)

    def disabled_reason(self) -> str:
        """Why the selected run cannot be opened now; "" if it can."""
        rows = self._runs.selected_rows
        if len(rows) != 1:
            return "select a single run in the table" if rows else "select a run in the table first"
        if rows[0].state == "unreadable":
            return "it cannot be read"
        return "a run is in progress: stop it first" if self._run.active else ""

    def open(self, at_best: bool = False) -> None:
        """Opens the selected run; `at_best` as it was at the end of its best epoch."""
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"The run cannot be opened now: {reason}.")
            return
        row = self._runs.selected_rows[0]
        folder, active = row.folder, row.is_active
        self._jobs.queue(
            lambda: read_run(folder, active),
            lambda found: self._show(found, at_best),
            lambda error: self.failed.emit(error_text(error)),
        )

    def load_into_editor(self, found: LoadedRun) -> None:
        """Loads the run's network, settings and weights, and starts loading its data set."""
        record = found.record
        if self._editor.network != record.network:
            self._editor.open_network(record.network)
        # Device and threads stay this machine's.
        here = self._settings.config
        self._settings.replace(
            msgspec.structs.replace(found.config(here.epochs), device=here.device, threads=here.threads)
        )
        self._run.adopt(found.trained)
        if record.data and record.data != self._data.key:
            self._data.choose(record.data)

    def _show(self, found: LoadedRun, at_best: bool) -> None:
        if self._run.active:
            self.failed.emit(f"{found.name} was not opened: a run was started meanwhile.")
            return
        if at_best and found.trained is not None:
            found = replace(found, trained=found.trained.at_best())
        self.load_into_editor(found)
        missing = "none of its weights can be used" if found.problem else "it has no weights"
        weights = missing if found.trained is None else f"with its weights ({_epoch_text(found.trained)})"
        self.done.emit(f"opened {found.name}, {weights}; undo restores the previous network")
        if found.problem:
            self.failed.emit(found.problem)
        self.opened.emit()


def _epoch_text(trained: Trained) -> str:
    if trained.within is not None:
        return f"epoch {trained.within:,}, where it stopped"
    last, best = trained.weights.last_epoch, trained.weights.best_epoch
    return f"epoch {last:,}" + (", the best one" if last == best else "")


def read_run(folder: Path, active: bool = False) -> LoadedRun:
    """Reads a run. If it is `active`, another program writes it: training then continues as a new run.

    RunError if the folder is not a run.
    """
    from cnnplay.runs.folder import RunFolder
    from cnnplay.ui.train.history import History

    run = RunFolder.open(folder)
    checkpoint = run.has_checkpoint and not active
    if run.facts is None or not (run.has_weights or checkpoint):
        return LoadedRun(folder.name, run.record, None)
    problems = list[str]()
    best, last, averaged = (_weights_or_none(run, which, problems) for which in ("best", "last", "averaged"))
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
            problems.append(f"{folder.name}: it cannot be resumed from its checkpoint: {error}")
    problem = "; ".join(problems)
    # A run that was interrupted in its first epoch, or is damaged, does not have all of them.
    if last is not None:
        weights, epoch = last, run.last_epoch or run.best_epoch
    elif state is not None:
        weights, epoch = state.weights, state.last_epoch
    elif best is not None:
        weights, epoch = best, run.best_epoch
    else:
        return LoadedRun(folder.name, run.record, None, problem)
    trained = Trained(
        run.trained_weights(weights, best, averaged, epoch or 0),
        events=History(events).saved(),
        run=run.record.run,
        folder=None if active else folder,
        mark=run.record.mark,
        state=state,
    )
    return LoadedRun(folder.name, run.record, trained, problem)


def _weights_or_none(run: RunFolder, which: Which, problems: list[str]) -> Weights | None:
    """The weights, or None if there are none or they cannot be read, which is then added to `problems`. A
    damaged file does not prevent the others from being read.
    """
    try:
        return _weights(run, which) if run.has(which) else None
    except ValueError as error:
        problems.append(f"{run.path.name}: its weights cannot be read: {error}")
        return None


def _weights(run: RunFolder, which: Which) -> Weights:
    """The weights from the folder. ValueError if they are damaged or belong to another network."""
    from cnnplay.project.tensors import checked

    weights = checked(run.weights(which))
    _check(weights, run)
    return weights


def _check(weights: Weights, run: RunFolder) -> None:
    from cnnplay.modules.weights import weights_match

    if not weights_match(weights, run.network):
        raise ValueError("they belong to another network")


def _events(folder: Path) -> tuple[list[Event], str]:
    """The effective events, and a problem if some could not be read."""
    tail, events = Tail(folder), []
    try:
        while part := tail.lines_since():
            events += tail.decoded(part)
    except RunError as error:
        return effective_events(events), f"{folder.name}: its curves cannot be read: {error}"
    problem = tail.damage or ("" if events else "its events are missing")
    return effective_events(events), f"{folder.name}: {problem}" if problem else ""
