"""A run from its folder goes on in this window, just where it was stopped or cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.data.data import DataModel, title_of
from cnnplay.ui.kit.devices import device_text, resolvable
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.runs.run_opening import OpenedRun, RunOpener, read
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel


class GoingOn(QObject):
    """Reads the folder in a thread, opens it, waits for its pictures, and starts. `done(str)` is for the
    status line, `failed(str)` must be read.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        opener: RunOpener,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._opener, self._settings, self._data, self._run = opener, settings, data, run
        self._tasks = Tasks("go-on", self)
        self._waiting: OpenedRun | None = None
        """The run that is open and has no pictures yet."""
        self.opening = False
        """Whether settings change because a run is opened, and not because somebody chose so."""
        data.changed.connect(self._data_changed)
        data.state_changed.connect(self._data_state)

    def disabled_reason(self) -> str:
        """Why no run can go on now; "" when one can."""
        return "a run is on in this window: stop it first" if self._run.active else ""

    def go_on(self, folder: Path) -> None:
        """Opens the run in that folder and goes on with it. What stands in the way is told by `failed`."""
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"{folder.name} cannot go on now: {reason}.")
            return
        self._waiting = None
        self._tasks.run(
            lambda: _readable(folder), self._open, lambda error: self.failed.emit(error_text(error))
        )

    def wait(self) -> None:
        self._tasks.finish()

    def shutdown(self) -> None:
        self._waiting = None
        self._tasks.finish()

    def _open(self, found: OpenedRun) -> None:
        reason = self.disabled_reason()
        if reason:
            self.failed.emit(f"{found.name} does not go on: {reason}.")
            return
        self.opening = True
        try:
            self._opener.put(found)
            self._choose_device(found)
        finally:
            self.opening = False
        self._waiting = found
        if self._data.state != "loading":
            self._data_changed()
            self._data_state()

    def _choose_device(self, found: OpenedRun) -> None:
        """The run's own device, where this machine has it: on another one the last bits would differ."""
        own = found.config.device
        if resolvable(own) and device_text(own) != device_text(self._settings.config.device):
            self._settings.set("device", own)

    @Slot()
    def _data_changed(self) -> None:
        found, images = self._waiting, self._data.images
        if found is not None and images is not None and images.key == found.record.data:
            self._waiting = None
            self._start(found, images.mark, images.classes)

    @Slot()
    def _data_state(self) -> None:
        """Its pictures cannot be had, or somebody chose others meanwhile."""
        found, data = self._waiting, self._data
        if found is not None and data.state != "loading" and (data.error or data.key != found.record.data):
            self._waiting = None
            name = title_of(found.record.data)
            self.done.emit(f"{found.name} is open; once {name} is chosen, Go on (F5) trains what is left")

    def _start(self, found: OpenedRun, mark: str, classes: tuple[str, ...]) -> None:
        problem = _why_other_pictures(found, mark, classes)
        trained = found.trained
        if problem and trained is not None:
            # It would be judged by pictures that it learned from: it can go on as another run alone.
            self._run.adopt(replace(trained, state=None, folder=None))
            self.failed.emit(f"{found.name} cannot go on: {problem}. It was opened with its weights.")
        elif self._run.start():
            epoch = 1 if trained is None or trained.state is None else trained.state.place.epoch
            self.done.emit(f"{found.name} goes on in epoch {epoch:,}; undo brings back the network before")
            if found.problem:
                self.failed.emit(found.problem)
        else:
            self.failed.emit(f"{found.name} is open but cannot go on: {self._run.disabled_reason('train')}.")


def _readable(folder: Path) -> OpenedRun:
    """The run, which has a state to go on from and epochs left. ValueError, in words, for any other."""
    found = read(folder)
    trained = found.trained
    if trained is None or trained.state is None:
        problem = found.problem or f"{found.name}: it has no checkpoint to go on from"
        raise ValueError(f"{problem}. Open it from Runs to train it anew.")
    if not trained.state.unfinished:
        raise ValueError(f"{found.name}: nothing is left to do; open it from Runs and ask for more epochs.")
    if not resolvable(trained.state.config.device):
        # Its device is absent here: it goes on where this machine computes.
        config = msgspec.structs.replace(trained.state.config, device="auto")
        trained = replace(trained, state=replace(trained.state, config=config))
        found = replace(found, trained=trained)
    return found


def _why_other_pictures(found: OpenedRun, mark: str, classes: tuple[str, ...]) -> str:
    """Why the pictures are not those that the run learned from; "" where they are."""
    record, data = found.record, title_of(found.record.data)
    if record.mark and record.mark != mark:
        return f"other pictures of {data} validate than when it began"
    if record.facts is not None and record.facts.classes != classes:
        return f"{data} has other classes than when it began"
    return ""
