"""Export: which weights can be exported, and writing them in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.spec.events import EpochDone, Event
from cnnplay.spec.settings import Initialization
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.export.trained import Exported, TrainedNetwork
    from cnnplay.ui.train.trained import Trained

Which: TypeAlias = Literal["best", "last", "averaged", "fresh"]


class WeightsChoice(msgspec.Struct, frozen=True):
    """Weights that can be exported, and their label."""

    which: Which
    label: str


class ExportModel(QObject):
    """Exports in a thread, also during a run. `done(str)` and `failed(str)` are for the user."""

    done = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._data, self._run = editor, settings, data, run
        self._tasks = Tasks("export", self)

    def choices(self) -> tuple[WeightsChoice, ...]:
        """The weights that can be exported now, the best first."""
        trained = self._run.trained
        if trained is None:
            return (WeightsChoice("fresh", f"untrained (random weights, seed {self._settings.config.seed})"),)
        found = []
        if trained.best_weights is not None and trained.best_epoch is not None:
            found.append(WeightsChoice("best", f"best: epoch {trained.best_epoch}"))
        found.append(WeightsChoice("last", _last_label(trained)))
        if trained.averaged is not None:
            found.append(WeightsChoice("averaged", "averaged: mean of the last epochs"))
        return tuple(found)

    def network_note(self) -> str:
        """Which network is exported, if the one on screen is not the one that was trained; else ""."""
        trained, network = self._run.trained, self._editor.network
        if trained is None or trained.network.same_structure(network):
            return ""
        if self._run.trained_for_editor is trained:
            return "The network was edited after training; it is exported with the earlier weights."
        return "The weights belong to the network before the last edits; that network is exported."

    def history_disabled_reason(self) -> str:
        """Why there is no history to export; "" if there is one."""
        trained = any(isinstance(event, EpochDone) for event in self._events())
        return "" if trained else "this network has no finished epoch yet"

    def export(self, format_key: str, path: Path, which: Which) -> None:
        """Writes one format; the history as CSV under the key ``csv``."""
        events = self._events()
        network, seed = self._network(which), self._settings.config.seed

        def work() -> str:
            if format_key == "csv":
                from cnnplay.export.history import epoch_rows, history_csv

                return exported_text(history_csv(epoch_rows(events), path))
            from cnnplay.export.formats import export

            return exported_text(export(network(), format_key, path, seed))

        self._tasks.run(work, self.done.emit, self._fail)

    def wait(self) -> None:
        """Waits for writing to end."""
        self._tasks.finish()

    def shutdown(self) -> None:
        self._tasks.finish()

    def _events(self) -> tuple[Event, ...]:
        """The history of the exported weights: undo may have brought back an earlier training."""
        trained = self._run.trained
        if self._run.active or trained is None:
            return tuple(self._run.history.epochs) if self._run.active else ()
        return trained.events

    def _network(self, which: Which) -> _Snapshot:
        return _Snapshot(self._editor, self._data, self._run, self._settings.config.initialisation, which)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))


def _last_label(trained: Trained) -> str:
    if trained.within is not None:
        return f"last: stopped during epoch {trained.within}"
    if trained.last_epoch:
        return f"last: epoch {trained.last_epoch}"
    return "last: before the end of the first epoch" if trained.events else "loaded from a file"


class _Snapshot:
    """Captures what is exported when the user asks for it, not when the thread starts."""

    def __init__(
        self,
        editor: EditorModel,
        data: DataModel,
        run: RunModel,
        initialisation: Initialization,
        which: Which,
    ) -> None:
        self._network, self._initialisation = editor.network, initialisation
        self._trained = run.trained if which != "fresh" else None
        self._which = which
        images = data.images
        matching = images is not None and len(images.classes) == editor.network.task.classes
        self._classes = images.classes if images is not None and matching else ()

    def __call__(self) -> TrainedNetwork:
        from cnnplay.export.trained import TrainedNetwork, trained_network

        trained = self._trained
        if trained is None:
            return TrainedNetwork(
                network=self._network, classes=self._classes, initialisation=self._initialisation
            )
        weights = trained.weights
        if self._which == "best" and trained.best_weights:
            weights = trained.best_weights
        elif self._which == "averaged" and trained.averaged is not None:
            weights = trained.averaged
        return trained_network(self._network, weights, trained.network, trained.facts)


def exported_text(exported: Exported) -> str:
    """``wrote lenet.onnx (248 kB) …``, the files written with it, and whether it was trained."""
    size = exported.bytes / 1000
    amount = f"{size:,.0f} kB" if size < 10_000 else f"{size / 1000:,.1f} MB"
    also = f", with {', '.join(path.name for path in exported.also)}" if exported.also else ""
    untrained = "" if exported.trained else "; the weights are random, not trained"
    return f"wrote {exported.path} ({amount}){also}{untrained}"
