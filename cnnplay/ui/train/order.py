"""What one run of the window is to do, and where it goes on with an earlier one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from cnnplay.network.network import Network
from cnnplay.spec.settings import TrainConfig

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.state import RunState
    from cnnplay.ui.train.trained import Trained


@dataclass(frozen=True)
class Order:
    """What one run is to do. `going_on` is the training that it continues; None trains afresh."""

    run: str
    network: Network
    config: TrainConfig
    images: ImageSet
    going_on: Trained | None = None
    state: RunState | None = None
    """Where it goes on as if that training had never stopped; None where it begins anew, or with
    new settings."""
    behind: int = 0
    """So many epochs of those asked for were done before: to the engine, `epochs` counts the run's own."""

    @property
    def first_epoch(self) -> int:
        if self.state is not None:
            return self.state.first_epoch
        return self.going_on.last_epoch + 1 if self.going_on is not None else 1


def make_order(
    network: Network, config: TrainConfig, images: ImageSet, going_on: Trained | None = None
) -> Order:
    """A run of these. One that goes on ends at the epoch asked for where it was not reached, else after so
    many more. Where nothing but that was asked for, it goes on just where it was stopped.
    """
    run = uuid.uuid4().hex[:12]
    if going_on is None:
        return Order(run, network, config, images)
    state = _where_it_was_stopped(going_on, network, config)
    if state is not None:
        behind = config.epochs - state.config.epochs
        return Order(going_on.run or run, network, state.config, images, going_on, state, behind)
    behind = going_on.last_epoch if config.epochs > going_on.last_epoch else 0
    config = msgspec.structs.replace(config, epochs=config.epochs - behind)
    return Order(run, network, config, images, going_on, behind=behind)


@dataclass(frozen=True)
class Left:
    """What a run that goes on would do: so many epochs of all that are asked for, the first of which is
    `epoch`. `exactly`: as if it had never stopped; else it begins there with what was changed since."""

    epochs: int
    of: int
    epoch: int
    exactly: bool


def what_is_left(network: Network, config: TrainConfig, going_on: Trained) -> Left:
    """What `make_order` makes of these."""
    state = _where_it_was_stopped(going_on, network, config)
    if state is not None:
        return Left(state.final_epoch - state.last_epoch, state.final_epoch, state.place.epoch, True)
    done = going_on.last_epoch
    behind = done if config.epochs > done else 0
    epochs = config.epochs - behind
    return Left(epochs, done + epochs, done + 1, False)


def _where_it_was_stopped(going_on: Trained, network: Network, config: TrainConfig) -> RunState | None:
    """The state to go on from, where nothing was changed but the number of epochs, and some are left."""
    state = going_on.state
    if state is None or network != going_on.network:
        return None
    if _same_device(config.device, state.config.device):
        config = msgspec.structs.replace(config, device=state.config.device)
    # No page of the window has them, so nobody changed them.
    config = msgspec.structs.replace(config, threads=state.config.threads)
    before = state.first_epoch - 1
    # The epochs asked for count from the first of all, or are so many more: as they did for this run.
    more = config.epochs == state.config.epochs or config.epochs <= before
    own = msgspec.structs.replace(config, epochs=config.epochs if more else config.epochs - before)
    if own != msgspec.structs.replace(state.config, epochs=own.epochs):
        return None
    state = replace(state, config=own)
    return state if state.unfinished else None


def _same_device(one: str, other: str) -> bool:
    """Whether both names stand for one device of this machine: ``auto`` does for one of the others."""
    if one == other:
        return True
    from cnnplay.ui.kit.devices import device_text, resolvable, torch_is_imported

    there = torch_is_imported() and resolvable(one) and resolvable(other)
    return there and device_text(one) == device_text(other)
