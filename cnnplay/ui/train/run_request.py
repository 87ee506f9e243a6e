"""The request for one run of the window, and where it resumes an earlier one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cnnplay.network.network import Network
from cnnplay.runs.run_store import new_run_folder
from cnnplay.spec.settings import TrainConfig

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.state import RunState
    from cnnplay.ui.train.trained import Trained


@dataclass(frozen=True)
class RunRequest:
    """What one run should do. `resume_from` is the training that it continues; None trains from scratch."""

    run: str
    network: Network
    config: TrainConfig
    images: ImageSet
    resume_from: Trained | None = None
    state: RunState | None = None
    """The state to resume exactly, as if training had never stopped; None if it starts from scratch or with
    changed settings."""
    epochs_before: int = 0
    """How many of the requested epochs are done already: the engine's `epochs` counts only the run's own."""
    folder: Path | None = None
    """The run's folder in the run store; None: one is named when it is made."""

    @property
    def reopened_folder(self) -> Path | None:
        """The folder of the run that it resumes exactly; None for a new run."""
        return None if self.state is None or self.resume_from is None else self.resume_from.folder

    @property
    def first_epoch(self) -> int:
        if self.state is not None:
            return self.state.first_epoch
        return self.resume_from.weights.last_epoch + 1 if self.resume_from is not None else 1


def make_run_request(
    network: Network, config: TrainConfig, images: ImageSet, resume_from: Trained | None = None
) -> RunRequest:
    """Makes a request of these. A resumed run ends at the requested epoch if it was not reached yet, else
    after that many more. If nothing but the number of epochs changed, it resumes exactly where it stopped.
    """
    run, folder = uuid.uuid4().hex[:12], new_run_folder(network.name)
    if resume_from is None:
        return RunRequest(run, network, config, images, folder=folder)
    state = _resume_state(resume_from, network, config)
    if state is not None:
        epochs_before = config.epochs - state.config.epochs
        run, folder = resume_from.run or run, resume_from.folder or folder
        return RunRequest(run, network, state.config, images, resume_from, state, epochs_before, folder)
    done = resume_from.weights.last_epoch
    own = msgspec.structs.replace(config, epochs=final_epoch(config.epochs, done) - done)
    before = config.epochs - own.epochs
    return RunRequest(run, network, own, images, resume_from, epochs_before=before, folder=folder)


@dataclass(frozen=True)
class ResumePlan:
    """What a resumed run would do: train `epochs` of `total` epochs, the first of which is number `epoch`.
    `exactly`: as if it had never stopped; else with what was changed since then."""

    epochs: int
    total: int
    epoch: int
    exactly: bool


def plan_resume(network: Network, config: TrainConfig, resume_from: Trained) -> ResumePlan:
    """What `make_run_request` would request."""
    state = _resume_state(resume_from, network, config)
    if state is not None:
        return ResumePlan(state.final_epoch - state.last_epoch, state.final_epoch, state.place.epoch, True)
    done = resume_from.weights.last_epoch
    total = final_epoch(config.epochs, done)
    return ResumePlan(total - done, total, done + 1, False)


def _resume_state(resume_from: Trained, network: Network, config: TrainConfig) -> RunState | None:
    """The state to resume from, if nothing but the number of epochs changed and some are left."""
    state = resume_from.state
    if state is None or not network.same_structure(resume_from.weights.network):
        return None
    if _same_device(config.device, state.config.device):
        config = msgspec.structs.replace(config, device=state.config.device)
    # The window has no field for them, so nobody changed them.
    config = msgspec.structs.replace(config, threads=state.config.threads)
    before = state.first_epoch - 1
    own = msgspec.structs.replace(config, epochs=final_epoch(config.epochs, before) - before)
    if own != msgspec.structs.replace(state.config, epochs=own.epochs):
        return None
    state = replace(state, config=own)
    return state if state.unfinished else None


def final_epoch(epochs: int, done: int) -> int:
    """The epoch at which training ends if `epochs` are requested after `done`: that one, or that many more if
    it is done already.
    """
    return epochs if epochs > done else done + epochs


def _same_device(one: str, other: str) -> bool:
    """Whether both names mean the same device of this machine: ``auto`` means one of the others."""
    if one == other:
        return True
    from cnnplay.ui.kit.devices import device_text, resolvable, torch_is_imported

    there = torch_is_imported() and resolvable(one) and resolvable(other)
    return there and device_text(one) == device_text(other)
