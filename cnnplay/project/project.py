"""A project: the contents of a .cnnplay file."""

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
    """The network in the editor, its training settings, and the results of training.

    `weights` (the last), `best` (of epoch `best_epoch`) and `averaged` (of the last epochs) belong to
    `trained_network`, or to `network` if that is None; `facts` describe the data they were trained on,
    `trained_config` the settings (None: `config`), `last_epoch` the number of epochs. `view` is the window's
    saved state.
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
