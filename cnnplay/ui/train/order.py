"""The request for one run of the window, and where it resumes an earlier one."""

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
    """What one run should do. `resume_from` is the training that it continues; None trains from scratch."""

    run: str
    network: Network
    config: TrainConfig
    images: ImageSet
    going_on: Trained | None = None
    state: RunState | None = None
    """The state to resume exactly, as if training had never stopped; None if it starts from scratch or with
    changed settings."""
    behind: int = 0
    """How many of the requested epochs are done already: the engine's `epochs` counts only the run's own."""

    @property
    def first_epoch(self) -> int:
        if self.state is not None:
            return self.state.first_epoch
        return self.going_on.last_epoch + 1 if self.going_on is not None else 1


def make_order(
    network: Network, config: TrainConfig, images: ImageSet, going_on: Trained | None = None
) -> Order:
    """Makes a request of these. A resumed run ends at the requested epoch if it was not reached yet, else
    after that many more. If nothing but the number of epochs changed, it resumes exactly where it stopped.
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
    """What a resumed run would do: train `epochs` of `of` epochs, the first of which is number `epoch`.
    `exactly`: as if it had never stopped; else with what was changed since then."""

    epochs: int
    of: int
    epoch: int
    exactly: bool


def what_is_left(network: Network, config: TrainConfig, going_on: Trained) -> Left:
    """What `make_order` would request."""
    state = _where_it_was_stopped(going_on, network, config)
    if state is not None:
        return Left(state.final_epoch - state.last_epoch, state.final_epoch, state.place.epoch, True)
    done = going_on.last_epoch
    behind = done if config.epochs > done else 0
    epochs = config.epochs - behind
    return Left(epochs, done + epochs, done + 1, False)


def _where_it_was_stopped(going_on: Trained, network: Network, config: TrainConfig) -> RunState | None:
    """The state to resume from, if nothing but the number of epochs changed and some are left."""
    state = going_on.state
    if state is None or network != going_on.network:
        return None
    if _same_device(config.device, state.config.device):
        config = msgspec.structs.replace(config, device=state.config.device)
    # The window has no field for them, so nobody changed them.
    config = msgspec.structs.replace(config, threads=state.config.threads)
    before = state.first_epoch - 1
    # The requested epochs count from the very first one, or are that many more: as they did for this run.
    more = config.epochs == state.config.epochs or config.epochs <= before
    own = msgspec.structs.replace(config, epochs=config.epochs if more else config.epochs - before)
    if own != msgspec.structs.replace(state.config, epochs=own.epochs):
        return None
    state = replace(state, config=own)
    return state if state.unfinished else None


def _same_device(one: str, other: str) -> bool:
    """Whether both names mean the same device of this machine: ``auto`` means one of the others."""
    if one == other:
        return True
    from cnnplay.ui.kit.devices import device_text, resolvable, torch_is_imported

    there = torch_is_imported() and resolvable(one) and resolvable(other)
    return there and device_text(one) == device_text(other)
