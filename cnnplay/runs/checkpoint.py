"""A run's state as one safetensors file: tensors under ``weights/…``, ``optimizer/<number>/…`` and
``averaged/…``, and all else as JSON in its metadata. The best weights have a file of their own.
"""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from torch import Tensor

from cnnplay.modules.weights import Weights
from cnnplay.runs.record import RunDamage, RunError
from cnnplay.runs.tensors import CHECKSUM, read_checked, write_checked
from cnnplay.spec.events import Count, Metrics, Ordinal
from cnnplay.spec.settings import MOST_THREADS, TrainConfig, faults
from cnnplay.training.optimizers import OptimizerState
from cnnplay.training.state import Averaged, Best, Place, RunState

VERSION = 3
"""1 lacked `contents`, 2 a checksum."""
CHECKED = 3
"""From here on a checksum must be there."""
STATE = "cnnplay"
"""The metadata's key."""


class _Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: Count
    epoch: Ordinal
    batches: Count
    loss: float
    right: Count
    images: Count


class _State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a state is no tensor. `parameters` counts those that the optimizer moves."""

    format: Literal["cnnplay-checkpoint"] = "cnnplay-checkpoint"
    version: int = VERSION
    config: TrainConfig
    first_epoch: Ordinal
    place: _Place
    threads: Annotated[int, msgspec.Meta(ge=1, le=MOST_THREADS)]
    channels_last: bool
    optimizer: str
    parameters: Count
    metrics: Metrics
    averaged: Count = 0
    contents: str = ""


def save(state: RunState, path: Path) -> None:
    """Writes a state. OSError or SafetensorError where it cannot be."""
    memory, place = state.optimizer.state, state.place
    tensors = {f"weights/{key}": tensor for key, tensor in state.weights.items()}
    for index, its in memory["state"].items():
        tensors |= {f"optimizer/{index}/{k}": v for k, v in its.items() if isinstance(v, Tensor)}
    if state.averaged is not None:
        tensors |= {f"averaged/{key}": tensor for key, tensor in state.averaged.weights.items()}
    about = _State(
        config=state.config,
        first_epoch=state.first_epoch,
        place=_Place(place.step, place.epoch, place.batches, place.loss, place.right, place.images),
        threads=state.threads,
        channels_last=state.channels_last,
        optimizer=state.optimizer.optimizer,
        parameters=sum(len(group["params"]) for group in memory["param_groups"]),
        metrics={name: value for name, value in state.metrics.items() if math.isfinite(value)},
        averaged=0 if state.averaged is None else state.averaged.count,
        contents=state.contents,
    )
    write_checked(tensors, path, {STATE: msgspec.json.encode(about).decode()})


def load(path: Path, best: Best | None) -> RunState:
    """The state in a file, with these as its best weights. RunError where it is none; RunDamage where it was.

    Whether the tensors belong to the network is for who puts them into one to find out.
    """
    try:
        words, tensors = read_checked(path, "a checkpoint")
    except FileNotFoundError:
        raise RunError(f"{path}: there is no such checkpoint") from None
    about = _decoded(words.get(STATE, ""), path)
    if about.version >= CHECKED and CHECKSUM not in words:
        raise RunDamage(f"{path}: damaged since it was written: its checksum is missing")
    averaged = _under("averaged/", tensors)
    return RunState(
        config=about.config,
        first_epoch=about.first_epoch,
        place=Place(**msgspec.structs.asdict(about.place)),
        weights=_under("weights/", tensors),
        optimizer=_optimizer(about, tensors, path),
        threads=about.threads,
        channels_last=about.channels_last,
        metrics=about.metrics,
        best=best,
        averaged=Averaged(averaged, about.averaged) if averaged and about.averaged else None,
        contents=about.contents,
    )


def _decoded(text: str, path: Path) -> _State:
    if not text:
        raise RunError(f"{path}: not a checkpoint: it says nothing of a run")
    try:
        about = msgspec.json.decode(text, type=_State)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RunError(f"{path}: not a checkpoint: {error}") from None
    if about.version > VERSION:
        raise RunError(
            f"{path}: written by a newer CNN Playground (version {about.version} of the format; this "
            f"program reads up to {VERSION})"
        )
    found = faults(about.config)
    if found:
        raise RunError(f"{path}: not a checkpoint: {found[0].message}")
    return about


def _optimizer(about: _State, tensors: dict[str, Tensor], path: Path) -> OptimizerState:
    memory: dict[int, dict[str, Any]] = {}
    for key, tensor in _under("optimizer/", tensors).items():
        index, _, name = key.partition("/")
        if not (index.isascii() and index.isdecimal() and len(index) < 8 and int(index) < about.parameters):
            raise RunError(f"{path}: not a checkpoint: optimizer/{key} belongs to no weight")
        memory.setdefault(int(index), {})[name] = tensor
    if about.parameters > len(tensors):
        raise RunError(
            f"{path}: not a checkpoint: {about.parameters:,} parameters in {len(tensors):,} tensors"
        )
    groups = [{"params": list(range(about.parameters))}]
    return OptimizerState(about.optimizer, {"state": memory, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> Weights:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
