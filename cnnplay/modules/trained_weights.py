"""Trained weights and what is known about them; and which ones "best", "last" and "averaged" mean."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights

Which: TypeAlias = Literal["best", "last", "averaged"]

WHICH: tuple[Which, ...] = ("best", "last", "averaged")
"""Those of the best epoch (by validation), the last ones, and the average of the last epochs'."""


def choose_weights(which: Which, available: Collection[Which]) -> Which:
    """Which weights to use if `which` is asked for: the last ones if there are no best ones."""
    return "last" if which == "best" and "best" not in available else which


@dataclass(frozen=True, eq=False)
class TrainedWeights:
    """The weights that a training left, and the network, settings and data that they belong to.

    `last` are those after `last_epoch` whole epochs, or within the epoch after; 0 if that is unknown.
    """

    network: Network
    config: TrainConfig
    facts: DataFacts | None
    last: Weights
    best: Weights | None = None
    averaged: Weights | None = None
    best_epoch: int | None = None
    last_epoch: int = 0

    @property
    def available(self) -> tuple[Which, ...]:
        """The weights that there are, in the order of `WHICH`."""
        return tuple(which for which in WHICH if self.get(which) is not None)

    def get(self, which: Which) -> Weights | None:
        """Exactly these weights; None if there are none."""
        return {"best": self.best, "last": self.last, "averaged": self.averaged}[which]

    def chosen(self, which: Which) -> Weights:
        """The weights to use if `which` is asked for. ValueError if there are no averaged ones."""
        weights = self.get(choose_weights(which, self.available))
        if weights is None:
            raise ValueError(f"{self.network.name}: there are no {which} weights")
        return weights
