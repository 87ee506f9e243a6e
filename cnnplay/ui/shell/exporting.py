"""Carrying networks away: which weights there are to export, and the writing of them in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.spec.events import EpochDone, Event
from cnnplay.spec.settings import Initialisation
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.tasks import Tasks, error_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.export.trained import Exported, TrainedNetwork
    from cnnplay.ui.train.trained import Trained

Which: TypeAlias = Literal["best", "last", "averaged", "fresh"]


class Choice(msgspec.Struct, frozen=True):
    """Weights that may be exported, in words."""

    which: Which
    words: str


class ExportModel(QObject):
    """Exports in a thread, during a run as well. `done(str)` and `failed(str)` are for people."""

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

    def choices(self) -> tuple[Choice, ...]:
        """Which weights there are to export now, the best first."""
        trained = self._run.trained
        if trained is None:
            return (
                Choice("fresh", f"freshly initialised by seed {self._settings.config.seed}: not trained yet"),
            )
        found = []
        if trained.best_weights is not None and trained.best_epoch is not None:
            found.append(Choice("best", f"best: epoch {trained.best_epoch}"))
        found.append(Choice("last", _last_words(trained)))
        if trained.averaged is not None:
            found.append(Choice("averaged", "averaged: the mean of the last epochs"))
        return tuple(found)

    def what(self) -> str:
        """Which network goes out, where that is not the one that was trained and is on screen; else ""."""
        trained, network = self._run.trained, self._editor.network
        if trained is None or trained.network.same_structure(network):
            return ""
        if self._run.trained_here is trained:
            return "Edited since it was trained: the network on screen goes out with the weights from before."
        return "The weights belong to the network before the last edits: that one is exported."

    def why_no_history(self) -> str:
        """Why there is no history to write; "" when there is one."""
        trained = any(isinstance(event, EpochDone) for event in self._events())
        return "" if trained else "no epoch of this network was trained yet"

    def export(self, format_key: str, path: Path, which: Which) -> None:
        """Writes one format; the history as CSV under the key ``csv``."""
        events = self._events()
        network, seed = self._network(which), self._settings.config.seed

        def work() -> str:
            if format_key == "csv":
                from cnnplay.export.history import epoch_rows, history_csv

                return exported_words(history_csv(epoch_rows(events), path))
            from cnnplay.export.formats import export

            return exported_words(export(network(), format_key, path, seed))

        self._tasks.run(work, self.done.emit, self._fail)

    def wait(self) -> None:
        """Waits for what is being written."""
        self._tasks.finish()

    def shutdown(self) -> None:
        self._tasks.finish()

    def _events(self) -> tuple[Event, ...]:
        """The history of the weights that go out: undo may have brought back an earlier training."""
        trained = self._run.trained
        if self._run.active or trained is None:
            return tuple(self._run.history.epochs) if self._run.active else ()
        return trained.events

    def _network(self, which: Which) -> _Maker:
        return _Maker(self._editor, self._data, self._run, self._settings.config.initialisation, which)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error_text(error))


def _last_words(trained: Trained) -> str:
    if trained.within is not None:
        return f"last: stopped in epoch {trained.within}"
    if trained.last_epoch:
        return f"last: epoch {trained.last_epoch}"
    return "last: before the end of the first epoch" if trained.events else "as they were loaded from a file"


class _Maker:
    """Captures what is exported when the menu is used, not when the thread gets to it."""

    def __init__(
        self,
        editor: EditorModel,
        data: DataModel,
        run: RunModel,
        initialisation: Initialisation,
        which: Which,
    ) -> None:
        self._network, self._initialisation = editor.network, initialisation
        self._trained = run.trained if which != "fresh" else None
        self._which = which
        images = data.images
        matching = images is not None and len(images.classes) == editor.network.task.classes
        self._classes = images.classes if images is not None and matching else ()

    def __call__(self) -> TrainedNetwork:
        from cnnplay.export.trained import TrainedNetwork, with_weights

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
        return with_weights(self._network, weights, trained.network, trained.facts)


def exported_words(exported: Exported) -> str:
    """``wrote lenet.onnx (248 kB) …`` with what lies beside it, and whether it was trained."""
    size = exported.bytes / 1000
    amount = f"{size:,.0f} kB" if size < 10_000 else f"{size / 1000:,.1f} MB"
    beside = f", beside it {', '.join(path.name for path in exported.also)}" if exported.also else ""
    fresh = "" if exported.trained else "; the weights are freshly initialised, not trained"
    return f"wrote {exported.path} ({amount}){beside}{fresh}"
