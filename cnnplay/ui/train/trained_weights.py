"""The trained weights for the network on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.train.trained import Trained, TrainedStore
from cnnplay.ui.train.weights_cache import WeightsCache

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.spec.trained import DataFacts


class TrainedWeightsModel(QObject):
    """Finds the weights that belong to the network in the editor.

    `weights_changed`: `trained` or `trained_for_editor` changed. `restored`: an edit, not undo, led to a
    network that was trained before.
    """

    weights_changed = Signal()
    restored = Signal()

    def __init__(self, editor: EditorModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self._weights_cache = WeightsCache()
        self._weights_watch = OnChange(self.weights_changed, lambda: (self.trained, self.trained_for_editor))
        self._matching: Trained | None = None
        editor.changed.connect(self._find_weights)

    @property
    def store(self) -> TrainedStore:
        """All weights that are kept, so that undo can restore them."""
        return self._weights_cache.store

    @property
    def trained_for_editor(self) -> Trained | None:
        """The weights whose parameters match the network in the editor exactly."""
        return self._weights_cache.matching(self.editor.network)

    @property
    def trained(self) -> Trained | None:
        """The weights to inspect and to export: those of the current run as of its last epoch, else those of
        the network in the editor, else the newest ones if most of them still fit it.
        """
        if self._weights_cache.current is not None:
            return self._weights_cache.current
        return self._weights_cache.closest(self.editor.network)

    @property
    def previous_for_editor(self) -> Trained | None:
        """The weights that the newest ones of the network in the editor replaced."""
        return self._weights_cache.previous(self.editor.network)

    @property
    def weights(self) -> Weights | None:
        trained = self.trained
        return trained.weights.last if trained is not None else None

    @property
    def facts(self) -> DataFacts | None:
        """The data set that the weights were trained on, and its preprocessing."""
        trained = self.trained
        return trained.weights.facts if trained is not None else None

    def _check_weights(self) -> None:
        self._matching = self.trained_for_editor
        self._weights_watch.check()

    @Slot()
    def _find_weights(self) -> None:
        before = self._matching
        self._check_weights()
        if self._matching is not None and self._matching is not before and not self.editor.restoring:
            self.restored.emit()
