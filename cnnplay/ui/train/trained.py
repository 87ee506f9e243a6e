"""Trained work is kept beside the network, so that undo brings it back too.

An edit does not throw weights away: they stay here under the parameters that they belong to. Whatever network
is on screen, `fitting` finds the newest training whose every parameter it has, by name and shape.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.network.network import Network
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts

if TYPE_CHECKING:
    from torch import Tensor

    from cnnplay.modules.weights import Weights
    from cnnplay.training.state import RunState

MAX_KEPT = 8
MAX_BYTES = 2_000_000_000
WORTH_A_THREAD = 32_000_000
FREED_AFTER = 0.1
"""Seconds after which whoever let weights go holds them no more."""


@dataclass(frozen=True)
class Trained:
    """The outcome of a run so far: what was trained, on what, how, and the weights: the last, the best, and
    the mean of the last epochs'."""

    network: Network
    config: TrainConfig
    facts: DataFacts
    weights: Weights
    best_weights: Weights | None = None
    best_epoch: int | None = None
    last_epoch: int = 0
    events: tuple[Event, ...] = ()
    run: str = ""
    """Its id."""
    folder: Path | None = None
    """Where it is kept in the store of runs; None where it is not."""
    averaged: Weights | None = None
    mark: str = ""
    """Of the pictures (`ImageSet.mark`); "" where it is not known."""
    state: RunState | None = field(default=None, compare=False, repr=False)
    """Where the run stood: to go on from."""

    @property
    def within(self) -> int | None:
        """The epoch in which it was stopped; None where its last weights are those after a whole epoch."""
        state = self.state
        return None if state is None or not state.place.batches else state.place.epoch

    @property
    def tensors(self) -> list[Tensor]:
        """All weights, and what there is to go on from; each tensor once."""
        kept = [self.weights, self.best_weights or {}, self.averaged or {}]
        if self.state is not None:
            kept += [self.state.weights, *self.state.optimizer.state["state"].values()]
        tensors = {id(value): value for its in kept for value in its.values() if hasattr(value, "nbytes")}
        return list(tensors.values())

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(tensor.nbytes for tensor in self.tensors)


def let_go(trained: Trained | None) -> None:
    """Has weights that nobody needs any more freed in a thread: to give a gigabyte back to the system takes a
    tenth of a second, in which the window would stand still.
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
    """The trainings of this session, newest last; old ones go when they take too much memory."""

    def __init__(self) -> None:
        self._kept: list[tuple[dict[str, tuple[int, ...]], Trained]] = []
        self._before: Trained | None = None

    def before(self, network: Network) -> Trained | None:
        """The training whose place the newest one took, where that is this network's: another run of it; and
        one that was put aside.
        """
        here = self.fitting(network)
        newest = here is None or here is self.newest()
        return self._before if newest and _fits(self._before, network) else None

    def remember(self, trained: Trained) -> None:
        """Keeps a training; it takes the place of the one of the same network's parameters."""
        shapes = {name: tuple(tensor.shape) for name, tensor in trained.weights.items()}
        displaced = next((kept for its, kept in self._kept if its == shapes), None)
        if displaced is not None:
            let_go(self._before)
            self._before = displaced
        elif self._before is trained:  # it was put aside, and is back
            self._before = None
        self._kept = [entry for entry in self._kept if entry[0] != shapes]
        self._kept.append((shapes, trained))
        if self._bytes() > MAX_BYTES:
            let_go(self._before)
            self._before = None
        while len(self._kept) > 1 and (len(self._kept) > MAX_KEPT or self._bytes() > MAX_BYTES):
            let_go(self._kept.pop(0)[1])

    def put_aside(self, network: Network) -> None:
        """From now on there is no training of this network but the one before, which `before` gives back."""
        aside = self.fitting(network)
        if aside is not None:
            self._kept = [entry for entry in self._kept if entry[1] is not aside]
            let_go(self._before)
            self._before = aside

    def fitting(self, network: Network) -> Trained | None:
        """The newest training whose parameters are exactly this network's; None when there is none."""
        if not self._kept:
            return None
        from cnnplay.modules.weights import parameter_shapes  # torch is there once something was trained

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
        """The ids of all nodes that were trained: a new node does not get one of them."""
        return frozenset(name.rsplit(".", 1)[0] for shapes, _ in self._kept for name in shapes)

    def clear(self) -> None:
        for trained in (self._before, *(kept for _, kept in self._kept)):
            let_go(trained)
        self._kept.clear()
        self._before = None

    def _bytes(self) -> int:
        before = 0 if self._before is None else self._before.bytes
        return before + sum(trained.bytes for _, trained in self._kept)


def _fits(trained: Trained | None, network: Network) -> bool:
    """Whether its weights are just this network's."""
    if trained is None:
        return False
    from cnnplay.modules.weights import belong  # torch is there once something was trained

    return belong(trained.weights, network)
