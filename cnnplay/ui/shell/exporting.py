"""Export: which weights can be exported, and writing them in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.export.catalog import FORMATS
from cnnplay.modules.trained_weights import Which
from cnnplay.network.network import Network
from cnnplay.spec.events import EpochDone, Event
from cnnplay.spec.settings import Initialization
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, error_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.export.trained import Exported, TrainedNetwork
    from cnnplay.ui.train.trained import Trained

Choice: TypeAlias = Which | Literal["fresh"]


class WeightsChoice(msgspec.Struct, frozen=True):
    """Weights that can be exported, and their label."""

    which: Choice
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
        self._jobs = Background("export", self, "finish")

    def choices(self) -> tuple[WeightsChoice, ...]:
        """The weights that can be exported now, the best first."""
        trained = self._run.weights_cache.trained
        if trained is None:
            return (WeightsChoice("fresh", f"untrained (random weights, seed {self._settings.config.seed})"),)
        return tuple(WeightsChoice(which, _label(trained, which)) for which in trained.weights.available)

    def network_note(self) -> str:
        """Which network is exported, if the one on screen is not the one that was trained; else ""."""
        trained, network = self._run.weights_cache.trained, self._editor.network
        if trained is None or trained.weights.network.same_structure(network):
            return ""
        if self._run.weights_cache.trained_for_editor is trained:
            return "The network was edited after training; it is exported with the earlier weights."
        return "The weights belong to the network before the last edits; that network is exported."

    def nothing_reason(self) -> str:
        """Why nothing can be exported in any format; "" if something can."""
        there = self._editor.report.valid or self._run.weights_cache.trained is not None
        return "" if there else "fix the network's problems first"

    def disabled_reason(self, format_key: str) -> str:
        """Why there is nothing to export in a format; "" if there is."""
        row = FORMATS[format_key]
        if row.source != "history":
            return row.disabled_reason(self._network)
        trained = any(isinstance(event, EpochDone) for event in self._events())
        return "" if trained else "this network has no finished epoch yet"

    @property
    def _network(self) -> Network:
        """The network that is exported: the trained one if the one on screen has other weights."""
        trained = self._run.weights_cache.trained
        if trained is None or self._run.weights_cache.trained_for_editor is trained:
            return self._editor.network
        return trained.weights.network

    def export(self, format_key: str, path: Path, which: Choice) -> None:
        """Writes one format."""
        events = self._events()
        network, seed = self._snapshot(which), self._settings.config.seed

        def work() -> str:
            from cnnplay.export.formats import export
            from cnnplay.export.history import epoch_rows

            if FORMATS[format_key].source == "history":
                return exported_text(FORMATS[format_key].load()(epoch_rows(events), path))

            return exported_text(export(network(), format_key, path, seed))

        self._jobs.queue(work, self.done.emit, self._fail)

    def _events(self) -> tuple[Event, ...]:
        """The history of the exported weights: undo may have brought back an earlier training."""
        trained = self._run.weights_cache.trained
        if self._run.active or trained is None:
            return tuple(self._run.history.epochs) if self._run.active else ()
        return trained.events

    def _snapshot(self, which: Choice) -> _Snapshot:
        return _Snapshot(self._editor, self._data, self._run, self._settings.config.initialisation, which)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))


def _label(trained: Trained, which: Which) -> str:
    if which == "best":
        return f"best: epoch {trained.weights.best_epoch}" if trained.weights.best_epoch else "best"
    if which == "averaged":
        return "averaged: mean of the last epochs"
    if trained.within is not None:
        return f"last: stopped during epoch {trained.within}"
    if trained.weights.last_epoch:
        return f"last: epoch {trained.weights.last_epoch}"
    return "last: before the end of the first epoch" if trained.events else "loaded from a file"


class _Snapshot:
    """Captures what is exported when the user asks for it, not when the thread starts."""

    def __init__(
        self,
        editor: EditorModel,
        data: DataModel,
        run: RunModel,
        initialisation: Initialization,
        which: Choice,
    ) -> None:
        self._network, self._initialisation = editor.network, initialisation
        trained = run.weights_cache.trained
        self._trained, self._which = None if trained is None else trained.weights, which
        images = data.images
        matching = images is not None and len(images.classes) == editor.network.task.classes
        self._classes = images.classes if images is not None and matching else ()

    def __call__(self) -> TrainedNetwork:
        from cnnplay.export.trained import TrainedNetwork, trained_network

        trained, which = self._trained, self._which
        if trained is None or which == "fresh":
            return TrainedNetwork(
                network=self._network, classes=self._classes, initialisation=self._initialisation
            )
        return trained_network(self._network, trained.chosen(which), trained.network, trained.facts)


def exported_text(exported: Exported) -> str:
    """``wrote lenet.onnx (248 kB) …``, the files written with it, and whether it was trained."""
    size = exported.bytes / 1000
    amount = f"{size:,.0f} kB" if size < 10_000 else f"{size / 1000:,.1f} MB"
    also = f", with {', '.join(path.name for path in exported.also)}" if exported.also else ""
    untrained = "" if exported.trained else "; the weights are random, not trained"
    return f"wrote {exported.path} ({amount}){also}{untrained}"
