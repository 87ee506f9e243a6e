"""Resumes a run from its folder, exactly where it was stopped or interrupted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.data.data import DataModel, title_of
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.kit.devices import device_text, resolvable
from cnnplay.ui.runs.run_loader import LoadedRun, RunLoader, read_run
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet


class RunResumer(QObject):
    """Reads the run in a thread, loads it into the editor, waits for its data set, and starts training.

    `done(str)` is for the status bar, `failed(str)` needs attention.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        loader: RunLoader,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._loader, self._settings, self._data, self._run = loader, settings, data, run
        self._jobs = Background("resume", self)
        self._waiting: LoadedRun | None = None
        """The loaded run, while its data set is loading."""
        self.opening = False
        """Whether settings change because a run is loaded, and not because the user chose so."""
        data.changed.connect(self._data_changed)
        data.state_changed.connect(self._data_state)

    def disabled_reason(self) -> str:
        """Why no run can be resumed now; "" if one can."""
        return "a run is in progress: stop it first" if self._run.active else ""

    def resume(self, folder: Path) -> None:
        """Loads the run in this folder and continues training it; emits `failed` if that is impossible."""
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"{folder.name} cannot be resumed now: {reason}.")
            return
        self._waiting = None
        self._jobs.queue(
            lambda: _read_resumable(folder), self._open, lambda error: self.failed.emit(error_text(error))
        )

    def _open(self, found: LoadedRun) -> None:
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"{found.name} was not resumed: {reason}.")
            return
        self.opening = True
        try:
            self._loader.load_into_editor(found)
            self._choose_device(found)
        finally:
            self.opening = False
        self._waiting = found
        if self._data.state != "loading":
            self._data_changed()
            self._data_state()

    def _choose_device(self, found: LoadedRun) -> None:
        """The run's own device if this machine has it: on another one the last bits would differ."""
        own = found.config(self._settings.config.epochs).device
        if resolvable(own) and device_text(own) != device_text(self._settings.config.device):
            self._settings.set("device", own)

    @Slot()
    def _data_changed(self) -> None:
        found, images = self._waiting, self._data.images
        if found is not None and images is not None and images.key == found.record.data:
            self._waiting = None
            problem, same = _images_of(found, images)
            if same is not images:
                self._data.use(same)
            self._start(found, problem)

    @Slot()
    def _data_state(self) -> None:
        """Its data set failed to load, or the user chose another one meanwhile."""
        found, data = self._waiting, self._data
        if found is not None and data.state != "loading" and (data.error or data.key != found.record.data):
            self._waiting = None
            name = title_of(found.record.data)
            self.done.emit(
                f"{found.name} is open; after you choose {name}, Resume (F5) trains the remaining epochs"
            )

    def _start(self, found: LoadedRun, problem: str) -> None:
        """Resumes the run unless there is a problem with its data."""
        trained = found.trained
        if problem and trained is not None:
            # It would be validated on samples it was trained on: it can only continue as a new run.
            self._run.adopt(replace(trained, state=None, folder=None))
            self.failed.emit(f"{found.name} cannot be resumed: {problem}. It was opened with its weights.")
        elif self._run.start():
            epoch = 1 if trained is None or trained.state is None else trained.state.place.epoch
            self.done.emit(f"{found.name} resumes in epoch {epoch:,}; undo restores the previous network")
            if found.problem:
                self.failed.emit(found.problem)
        else:
            self.failed.emit(
                f"{found.name} is open but cannot be resumed: {self._run.disabled_reason('train')}."
            )


def _read_resumable(folder: Path) -> LoadedRun:
    """The run, if it has a checkpoint and remaining epochs. ValueError, with a message for people, if not."""
    found = read_run(folder)
    trained = found.trained
    if trained is None or trained.state is None:
        problem = found.problem or f"{found.name}: it has no checkpoint to resume from"
        raise ValueError(f"{problem}. Open it from Runs to train it from scratch.")
    if not trained.state.unfinished:
        raise ValueError(f"{found.name}: all epochs are done; open it from Runs and increase epochs.")
    if not resolvable(trained.state.config.device):
        # This machine does not have its device.
        config = msgspec.structs.replace(trained.state.config, device="auto")
        trained = replace(trained, state=replace(trained.state, config=config))
        found = replace(found, trained=trained)
    return found


def _images_of(found: LoadedRun, images: ImageSet) -> tuple[str, ImageSet]:
    """Why the data set is not the one that the run was trained on ("" if it is), and the images as the run
    had them: with its order of classes and its white."""
    record, data = found.record, title_of(found.record.data)
    if record.mark and record.mark != images.mark:
        return f"the validation split of {data} is not the one it started with", images
    if record.facts is None:
        return "", images
    try:
        same = images.in_order_of(record.facts.classes).with_white(record.facts.preprocessing.white)
    except ValueError:  # DataError
        return f"{data} has other classes than when it started", images
    return "", same
