"""The trained weights for the network on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cnnplay.network.network import Network
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.train.keeping import Keeping
from cnnplay.ui.train.trained import Trained, TrainedStore

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.spec.trained import DataFacts


class TrainedWork(QObject):
    """Finds the weights that belong to the network in the editor.

    `weights_changed`: `trained` changed.
    """

    weights_changed = Signal()

    def __init__(self, editor: EditorModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self._keeping = Keeping()

    @property
    def store(self) -> TrainedStore:
        """All weights that are kept, so that undo can restore them."""
        return self._keeping.store

    @property
    def trained_here(self) -> Trained | None:
        """The weights whose parameters match the network in the editor exactly."""
        return self._keeping.fitting(self.editor.network)

    @property
    def trained(self) -> Trained | None:
        """The weights to inspect and to export: those of the current run as of its last epoch, else those of
        the network in the editor, else the newest ones if most of them still fit it.
        """
        if self._keeping.current is not None:
            return self._keeping.current
        return self._keeping.nearest(self.editor.network)

    @property
    def weights(self) -> Weights | None:
        trained = self.trained
        return trained.weights if trained is not None else None

    @property
    def best_weights(self) -> Weights | None:
        trained = self.trained
        return trained.best_weights if trained is not None else None

    @property
    def trained_network(self) -> Network | None:
        trained = self.trained
        return trained.network if trained is not None else None

    @property
    def facts(self) -> DataFacts | None:
        """The data set that the weights were trained on, and its preprocessing."""
        trained = self.trained
        return trained.facts if trained is not None else None
