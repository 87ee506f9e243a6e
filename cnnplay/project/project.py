"""A project: all that a .cnnplay file holds."""

from typing import TypeAlias

import msgspec

from cnnplay.modules.weights import Weights
from cnnplay.network.network import Network
from cnnplay.project.errors import ProjectError
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts

__all__ = ["Json", "Project", "ProjectError"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Project(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The network on the screen, how it is to be trained, and what training left behind.

    `weights` (the last), `best` (of epoch `best_epoch`) and `averaged` (the mean of the last epochs') belong
    to `trained_network`, or to `network` itself where that is None; `facts` say what they learned from,
    `trained_config` with which settings (None: `config`), `last_epoch` how far they came. `view` is whatever
    the window wants to find again.
    """

    network: Network
    config: TrainConfig = TrainConfig()
    data_key: str = "mnist-sample"
    facts: DataFacts | None = None
    weights: Weights | None = None
    best: Weights | None = None
    averaged: Weights | None = None
    best_epoch: int | None = None
    last_epoch: int = 0
    trained_network: Network | None = None
    trained_config: TrainConfig | None = None
    history: tuple[Event, ...] = ()
    view: dict[str, Json] = {}

    @property
    def network_of_weights(self) -> Network:
        """The network that the weights belong to."""
        return self.network if self.trained_network is None else self.trained_network
