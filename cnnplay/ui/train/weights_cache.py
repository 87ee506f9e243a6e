"""Keeps the weights of runs in memory: after each epoch, and the best and last ones at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network, leaves
from cnnplay.spec.events import Event
from cnnplay.ui.train.history import History
from cnnplay.ui.train.run_request import RunRequest
from cnnplay.ui.train.trained import Trained, TrainedStore, free_in_background

if TYPE_CHECKING:
    from cnnplay.training.job import Checkpoint, Result

STILL_FITS = 0.5
"""Weights of an edited network are still shown while they cover at least this fraction of its parameters."""


class _Found(NamedTuple):
    """What is kept for one network."""

    network: Network
    matching: Trained | None
    closest: Trained | None
    previous: Trained | None


class WeightsCache:
    """Makes a `Trained` of checkpoints and results, and finds the one for a network."""

    def __init__(self) -> None:
        self.store = TrainedStore()
        self.current: Trained | None = None
        """The current run, as of its last epoch."""
        self._newest: Trained | None = None
        self._found: _Found | None = None

    def begin(self) -> None:
        self._set_current(None)

    def keep(self, request: RunRequest, checkpoints: Sequence[Checkpoint], history: History) -> None:
        """Keeps the weights of the epochs done since the last call. Nobody writes into them, so they are not
        copied."""
        before = self.current or request.resume_from
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
        self._set_current(Trained(weights, events, mark=request.images.mark))

    def end(self, request: RunRequest, result: Result, history: History, folder: Path | None = None) -> None:
        """The run has ended. If it failed before it learned anything, there is nothing to resume from."""
        self._set_current(None)
        weights = result.trained_weights(request.network, request.config)
        if weights is not None:
            self._remember(
                Trained(weights, history.saved(), request.run, folder, request.images.mark, result.state)
            )

    def adopt(self, trained: Trained | None, network: Network) -> None:
        """Takes weights from a file; None if the file has none: those kept for this network are put aside."""
        if trained is not None:
            self._remember(trained)
            return
        self.store.set_aside(network)
        self._newest = self._found = None

    def clear(self) -> None:
        self.store.clear()
        self._set_current(None)
        self._newest = self._found = None

    def is_newest(self, trained: Trained) -> bool:
        """Whether its curves are the ones on screen."""
        return trained is self._newest

    def matching(self, network: Network) -> Trained | None:
        """The weights whose parameters match this network exactly."""
        return self._find(network).matching

    def closest(self, network: Network) -> Trained | None:
        """The same, or else the newest weights if they cover at least half of the network's parameters."""
        return self._find(network).closest

    def previous(self, network: Network) -> Trained | None:
        """The weights of this network from before its newest run."""
        return self._find(network).previous

    def _set_current(self, trained: Trained | None) -> None:
        free_in_background(self.current)
        self.current = trained

    def _remember(self, trained: Trained) -> None:
        self.store.remember(trained)
        self._newest = trained
        self._found = None

    def _find(self, network: Network) -> _Found:
        if self._found is None or self._found.network is not network:
            matching = self.store.matching(network)
            closest = matching or self._partly_matching(network)
            self._found = _Found(network, matching, closest, self.store.previous(network))
        return self._found

    def _partly_matching(self, network: Network) -> Trained | None:
        newest = self.store.newest()
        if newest is None:
            return None
        from cnnplay.modules.weights import parameter_shapes  # torch is imported once something was trained

        try:
            wanted = parameter_shapes(network)
        except ValueError:
            return newest if _has_most_nodes(newest, network) else None
        sizes = {key: _product(shape) for key, shape in wanted.items()}
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


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result
