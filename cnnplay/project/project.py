"""A project: the contents of a .cnnplay file."""

from typing import TypeAlias

import msgspec

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network
from cnnplay.project.errors import ProjectError
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig

__all__ = ["Json", "Project", "ProjectError"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Project(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The network in the editor, its training settings, and the results of training.

    `trained` may belong to an earlier version of the network and to other settings; `history` is that
    training's. `view` is the window's saved state.
    """

    network: Network
    config: TrainConfig = TrainConfig()
    data_key: str = "mnist-sample"
    trained: TrainedWeights | None = None
    history: tuple[Event, ...] = ()
    view: dict[str, Json] = {}
