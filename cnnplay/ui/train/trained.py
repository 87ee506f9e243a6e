"""Trained weights are kept beside the network, so that undo brings them back too.

An edit does not discard weights: they stay here, keyed by the parameters that they belong to. For any network
`fitting` finds the newest weights whose parameters match by name and shape.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network
from cnnplay.spec.events import EpochDone, Event, SettingChanged, Stepped
from cnnplay.spec.tasks import of_split

if TYPE_CHECKING:
    from torch import Tensor

    from cnnplay.training.state import BestEpoch, RunState

MAX_KEPT = 8
MAX_BYTES = 2_000_000_000
WORTH_A_THREAD = 32_000_000
FREED_AFTER = 0.1
"""Seconds after which nobody else holds released weights any more."""


@dataclass(frozen=True, eq=False)
class Trained:
    """Trained weights, and what it takes to show their history and to resume their training."""

    weights: TrainedWeights
    events: tuple[Event, ...] = ()
    run: str = ""
    """The run's id."""
    folder: Path | None = None
    """Its folder in the run store; None if it has none."""
    mark: str = ""
    """The data set's `ImageSet.mark`; "" if unknown."""
    state: RunState | None = field(default=None, repr=False)
    """The state to resume from."""

    @property
    def within(self) -> int | None:
        """The epoch within which it was stopped; None if the last weights are from the end of an epoch."""
        state = self.state
        return None if state is None or not state.place.batches else state.place.epoch

    def best(self) -> BestEpoch | None:
        """The best epoch, its validation metrics and weights; None without weights of a best epoch."""
        from cnnplay.training.state import BestEpoch

        weights = self.weights
        if weights.best is None or weights.best_epoch is None:
            return None
        epochs = (event for event in self.events if isinstance(event, EpochDone))
        metrics = next((done.metrics for done in epochs if done.epoch == weights.best_epoch), {})
        return BestEpoch(weights.best_epoch, of_split(metrics, "validation"), weights.best)

    @property
    def best_is_earlier(self) -> bool:
        """Whether there are weights of an epoch that was better than the last one."""
        weights = self.weights
        known = weights.best is not None and weights.best_epoch is not None
        return known and (weights.best_epoch != weights.last_epoch or self.within is not None)

    def at_best(self) -> Trained:
        """The training as it was at the end of its best epoch; as it is if that is the last one."""
        weights, best, epoch = self.weights, self.weights.best, self.weights.best_epoch
        if not self.best_is_earlier or best is None or epoch is None:
            return self
        then = replace(weights, last=best, averaged=None, last_epoch=epoch)
        return Trained(then, _until(self.events, epoch), mark=self.mark)

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors of the weights and of the resume state, each once."""
        kept = [self.weights.last, self.weights.best or {}, self.weights.averaged or {}]
        if self.state is not None:
            kept += [self.state.weights, *self.state.optimizer.state["state"].values()]
        tensors = {id(value): value for its in kept for value in its.values() if hasattr(value, "nbytes")}
        return list(tensors.values())

    @property
    def bytes(self) -> int:
        """The memory of `tensors`."""
        return sum(tensor.nbytes for tensor in self.tensors)


def _until(events: tuple[Event, ...], epoch: int) -> tuple[Event, ...]:
    """The events up to the end of an epoch."""
    kept = [one for one in events if not isinstance(one, (Stepped, EpochDone)) or one.epoch <= epoch]
    last = max((one.step for one in kept if isinstance(one, Stepped)), default=0)
    return tuple(one for one in kept if not isinstance(one, SettingChanged) or one.step <= last)


def free_in_background(trained: Trained | None) -> None:
    """Frees unneeded weights in a thread: returning a gigabyte to the system takes a tenth of a second, which
    would block the window.
    """
    if trained is None:
        return
    tensors = trained.tensors
    if sum(tensor.nbytes for tensor in tensors) < WORTH_A_THREAD:
        return

    def free() -> None:
        time.sleep(FREED_AFTER)
        while tensors:
            tensors.pop()

    threading.Thread(target=free, name="cnnplay-free", daemon=True).start()


class TrainedStore:
    """The trained weights of this session, newest last; old ones are dropped to limit memory."""

    def __init__(self) -> None:
        self._kept: list[tuple[dict[str, tuple[int, ...]], Trained]] = []
        self._previous: Trained | None = None

    def previous(self, network: Network) -> Trained | None:
        """The previous weights of this network: replaced by the newest run, or put aside."""
        here = self.matching(network)
        newest = here is None or here is self.newest()
        return self._previous if newest and _fits(self._previous, network) else None

    def remember(self, trained: Trained) -> None:
        """Adds weights; they replace those with the same parameters."""
        shapes = {name: tuple(tensor.shape) for name, tensor in trained.weights.last.items()}
        displaced = next((kept for its, kept in self._kept if its == shapes), None)
        if displaced is not None:
            free_in_background(self._previous)
            self._previous = displaced
        elif self._previous is trained:  # it was put aside and is restored
            self._previous = None
        self._kept = [entry for entry in self._kept if entry[0] != shapes]
        self._kept.append((shapes, trained))
        if self._bytes() > MAX_BYTES:
            free_in_background(self._previous)
            self._previous = None
        while len(self._kept) > 1 and (len(self._kept) > MAX_KEPT or self._bytes() > MAX_BYTES):
            free_in_background(self._kept.pop(0)[1])

    def set_aside(self, network: Network) -> None:
        """Sets the weights of this network aside: only `before` returns them."""
        aside = self.matching(network)
        if aside is not None:
            self._kept = [entry for entry in self._kept if entry[1] is not aside]
            free_in_background(self._previous)
            self._previous = aside

    def matching(self, network: Network) -> Trained | None:
        """The newest weights whose parameters match this network exactly; None if there are none."""
        if not self._kept:
            return None
        from cnnplay.modules.weights import parameter_shapes  # torch is imported once something was trained

        try:
            wanted = parameter_shapes(network)
        except ValueError:
            return None
        for shapes, trained in reversed(self._kept):
            if shapes == wanted:
                return trained
        return None

    def newest(self) -> Trained | None:
        return self._kept[-1][1] if self._kept else None

    def ids(self) -> frozenset[str]:
        """The ids of all trained nodes, which new nodes must not reuse."""
        return frozenset(name.rsplit(".", 1)[0] for shapes, _ in self._kept for name in shapes)

    def clear(self) -> None:
        for trained in (self._previous, *(kept for _, kept in self._kept)):
            free_in_background(trained)
        self._kept.clear()
        self._previous = None

    def _bytes(self) -> int:
        before = 0 if self._previous is None else self._previous.bytes
        return before + sum(trained.bytes for _, trained in self._kept)


def _fits(trained: Trained | None, network: Network) -> bool:
    """Whether its weights match this network exactly."""
    if trained is None:
        return False
    from cnnplay.modules.weights import weights_match  # torch is imported once something was trained

    return weights_match(trained.weights.last, network)
