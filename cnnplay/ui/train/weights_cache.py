"""Keeps the weights of runs in memory: after each epoch, and the best, last and averaged ones at the end."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network, leaves
from cnnplay.spec.events import Event
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.train.history import History
from cnnplay.ui.train.run_request import RunRequest
from cnnplay.ui.train.trained import Trained, TrainedStore, free_in_background

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.spec.trained import DataFacts
    from cnnplay.training.job import Checkpoint, Result

STILL_FITS = 0.5
"""Weights of an edited network are still shown while they cover at least this fraction of its parameters."""


class _Found(NamedTuple):
    """What is kept for one network."""

    network: Network
    matching: Trained | None
    closest: Trained | None
    previous: Trained | None


class WeightsCache(QObject):
    """Makes a `Trained` of checkpoints and results, and finds the one for the network in the editor.

    `changed`: `trained` or `trained_for_editor` changed. `restored`: an edit, not undo, led to a network that
    was trained before.
    """

    changed = Signal()
    restored = Signal()

    def __init__(self, editor: EditorModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.store = TrainedStore()
        """All weights that are kept, so that undo can restore them."""
        self._current: Trained | None = None
        """The current run, as of its last epoch."""
        self._newest: Trained | None = None
        self._found: _Found | None = None
        self._matching: Trained | None = None
        self._watch = OnChange(self.changed, lambda: (self.trained, self.trained_for_editor))
        editor.changed.connect(self._network_changed)

    @property
    def current(self) -> Trained | None:
        """Those of the current run as of its last epoch; None without one."""
        return self._current

    @property
    def trained_for_editor(self) -> Trained | None:
        """The weights whose parameters match the network in the editor exactly."""
        return self._find().matching

    @property
    def trained(self) -> Trained | None:
        """The weights to inspect and to export: those of the current run as of its last epoch, else those of
        the network in the editor, else the newest ones if they cover at least half of its parameters.
        """
        return self._current or self._find().closest

    @property
    def previous(self) -> Trained | None:
        """The weights of the network in the editor from before its newest run."""
        return self._find().previous

    @property
    def weights(self) -> Weights | None:
        """The last weights of `trained`."""
        trained = self.trained
        return trained.weights.last if trained is not None else None

    @property
    def facts(self) -> DataFacts | None:
        """The data set that `trained` was trained on, and its preprocessing."""
        trained = self.trained
        return trained.weights.facts if trained is not None else None

    @property
    def folder(self) -> Path | None:
        """The folder of the run whose weights are those of the network in the editor; None if it has none."""
        trained = self.trained_for_editor
        return None if trained is None else trained.folder

    def is_newest(self, trained: Trained | None) -> bool:
        """Whether its curves are the ones on screen."""
        return trained is not None and trained is self._newest

    def begin(self) -> None:
        """A run starts: the weights of one that ended unexpectedly are not the current ones any more."""
        self._set_current(None)
        self._check()

    def keep(self, request: RunRequest, checkpoints: Sequence[Checkpoint], history: History) -> None:
        """Keeps the weights of the epochs done since the last call. Nobody writes into them, so they are not
        copied."""
        before = self._current or request.resume_from
        best, best_epoch = (before.weights.best, before.weights.best_epoch) if before else (None, None)
        for checkpoint in checkpoints:
            if checkpoint.best:
                best, best_epoch = checkpoint.weights, checkpoint.epoch
        last = checkpoints[-1]
        weights = TrainedWeights(
            request.network,
            request.config,
            last.facts,
            last=last.weights,
            best=best,
            averaged=None if last.averaged is None else last.averaged.weights,
            best_epoch=best_epoch,
            last_epoch=last.epoch,
        )
        events: tuple[Event, ...] = (*history.stages[-1:], *history.epochs)
        self._set_current(Trained(weights, events, request.run, request.folder, request.images.mark))
        self._check()

    def end(self, request: RunRequest, result: Result, history: History, folder: Path | None = None) -> None:
        """The run has ended. If it failed before it learned anything, there is nothing to resume from."""
        self._set_current(None)
        weights = result.trained_weights(request.network, request.config)
        if weights is not None:
            self._remember(
                Trained(weights, history.saved(), request.run, folder, request.images.mark, result.state)
            )
        self._check()

    def adopt(self, trained: Trained | None) -> None:
        """Takes weights from a file; None if the file has none: those kept for this network are put aside."""
        if trained is not None:
            self._remember(trained)
        else:
            self.store.set_aside(self._editor.network)
            self._newest = self._found = None
        self._check()

    def clear(self) -> None:
        self.store.clear()
        self._set_current(None)
        self._newest = self._found = None
        self._check()

    def _set_current(self, trained: Trained | None) -> None:
        free_in_background(self._current)
        self._current = trained

    def _remember(self, trained: Trained) -> None:
        self.store.remember(trained)
        self._newest = trained
        self._found = None

    def _find(self) -> _Found:
        network = self._editor.network
        if self._found is None or self._found.network is not network:
            matching = self.store.matching(network)
            closest = matching or self._partly_matching(network)
            self._found = _Found(network, matching, closest, self.store.previous(network))
        return self._found

    def _check(self) -> None:
        self._matching = self.trained_for_editor
        self._watch.check()

    @Slot()
    def _network_changed(self) -> None:
        before = self._matching
        self._check()
        if self._matching is not None and self._matching is not before and not self._editor.restoring:
            self.restored.emit()

    def _partly_matching(self, network: Network) -> Trained | None:
        newest = self.store.newest()
        if newest is None:
            return None
        from cnnplay.modules.weights import parameter_shapes  # torch is imported once something was trained

        try:
            wanted = parameter_shapes(network)
        except ValueError:
            return newest if _has_most_nodes(newest, network) else None
        sizes = {key: prod(shape) for key, shape in wanted.items()}
        there = newest.weights.last
        fits = sum(
            size for key, size in sizes.items() if key in there and tuple(there[key].shape) == wanted[key]
        )
        return newest if fits and fits >= STILL_FITS * sum(sizes.values()) else None


def _has_most_nodes(trained: Trained, network: Network) -> bool:
    """Whether an invalid network, which has no shapes, still has the nodes of most of the weights.

    Otherwise a problem introduced after training would keep the weights out of the saved file.
    """
    ids = {node.id for node in leaves(network)}
    sizes = {key: tensor.numel() for key, tensor in trained.weights.last.items()}
    there = sum(size for key, size in sizes.items() if key.rpartition(".")[0] in ids)
    return there >= STILL_FITS * sum(sizes.values())
