"""A run's state as one safetensors file: tensors named ``weights/…``, ``optimizer/<number>/…`` and
``averaged/…``, and everything else as JSON in its metadata. The best weights have their own file.
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
from cnnplay.spec.settings import MAX_THREADS, TrainConfig, setting_problems
from cnnplay.spec.versions import newer_text
from cnnplay.training.optimizers import OptimizerState
from cnnplay.training.state import AveragedWeights, BestEpoch, RunPosition, RunState

VERSION = 4
"""Version 1 had no `contents`, version 2 no checksum, version 3 no `patience_from`."""
CHECKED = 3
"""From this version on, a checksum is required."""
STATE = "cnnplay"
"""The key in the metadata."""


class _Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: Count
    epoch: Ordinal
    batches: Count
    loss: float
    right: Count
    images: Count
    sums: Metrics | msgspec.UnsetType = msgspec.UNSET


RIGHT = "accuracy"
"""The metric whose sum has been kept as `right` since version 1; those of other metrics are in `sums`."""


def _place_of(position: RunPosition) -> _Place:
    others = {name: value for name, value in position.sums.items() if name != RIGHT}
    return _Place(
        step=position.step,
        epoch=position.epoch,
        batches=position.batches,
        loss=position.loss,
        right=int(position.sums.get(RIGHT, 0)),
        images=position.images,
        sums=others or msgspec.UNSET,
    )


def _position(place: _Place) -> RunPosition:
    others = {} if place.sums is msgspec.UNSET else place.sums
    sums = {RIGHT: float(place.right), **others}
    return RunPosition(place.step, place.epoch, place.batches, place.loss, sums, place.images)


class _State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a state that is not tensors. `parameters` is the number of parameters being optimized."""

    format: Literal["cnnplay-checkpoint"] = "cnnplay-checkpoint"
    version: int = VERSION
    config: TrainConfig
    first_epoch: Ordinal
    place: _Place
    threads: Annotated[int, msgspec.Meta(ge=1, le=MAX_THREADS)]
    channels_last: bool
    optimizer: str
    parameters: Count
    metrics: Metrics
    averaged: Count = 0
    contents: str = ""
    patience_from: Count = 0


def save(state: RunState, path: Path) -> None:
    """Writes a state. Raises OSError or SafetensorError if it cannot be written."""
    memory = state.optimizer.state
    tensors = {f"weights/{key}": tensor for key, tensor in state.weights.items()}
    for index, its in memory["state"].items():
        tensors |= {f"optimizer/{index}/{k}": v for k, v in its.items() if isinstance(v, Tensor)}
    if state.averaged is not None:
        tensors |= {f"averaged/{key}": tensor for key, tensor in state.averaged.weights.items()}
    about = _State(
        config=state.config,
        first_epoch=state.first_epoch,
        place=_place_of(state.place),
        threads=state.threads,
        channels_last=state.channels_last,
        optimizer=state.optimizer.optimizer,
        parameters=sum(len(group["params"]) for group in memory["param_groups"]),
        metrics={name: value for name, value in state.metrics.items() if math.isfinite(value)},
        averaged=0 if state.averaged is None else state.averaged.count,
        contents=state.contents,
        patience_from=state.patience_from,
    )
    write_checked(tensors, path, {STATE: msgspec.json.encode(about).decode()})


def load(path: Path, best: BestEpoch | None) -> RunState:
    """The state in a file, with `best` as its best weights. RunError if it is not one; RunDamage if it is
    damaged.

    Whether the tensors fit the network is checked when they are loaded into it.
    """
    try:
        metadata, tensors = read_checked(path, "a checkpoint")
    except FileNotFoundError:
        raise RunError(f"{path}: no such file") from None
    about = _decoded(metadata.get(STATE, ""), path)
    if about.version >= CHECKED and CHECKSUM not in metadata:
        raise RunDamage(f"{path}: damaged since it was written: its checksum is missing")
    averaged = _under("averaged/", tensors)
    return RunState(
        config=about.config,
        first_epoch=about.first_epoch,
        place=_position(about.place),
        weights=_under("weights/", tensors),
        optimizer=_optimizer(about, tensors, path),
        threads=about.threads,
        channels_last=about.channels_last,
        metrics=about.metrics,
        best=best,
        averaged=AveragedWeights(averaged, about.averaged) if averaged and about.averaged else None,
        contents=about.contents,
        patience_from=about.patience_from,
    )


def _decoded(text: str, path: Path) -> _State:
    if not text:
        raise RunError(f"{path}: not a checkpoint: it has no run state")
    try:
        about = msgspec.json.decode(text, type=_State)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RunError(f"{path}: not a checkpoint: {error}") from None
    if about.version > VERSION:
        raise RunError(f"{path}: {newer_text(about.version, VERSION)}")
    found = setting_problems(about.config)
    if found:
        raise RunError(f"{path}: not a checkpoint: {found[0].message}")
    return about


def _optimizer(about: _State, tensors: dict[str, Tensor], path: Path) -> OptimizerState:
    memory: dict[int, dict[str, Any]] = {}
    for key, tensor in _under("optimizer/", tensors).items():
        index, _, name = key.partition("/")
        if not (index.isascii() and index.isdecimal() and len(index) < 8 and int(index) < about.parameters):
            raise RunError(f"{path}: not a checkpoint: optimizer/{key} belongs to no parameter")
        memory.setdefault(int(index), {})[name] = tensor
    if about.parameters > len(tensors):
        raise RunError(
            f"{path}: not a checkpoint: {about.parameters:,} parameters in {len(tensors):,} tensors"
        )
    groups = [{"params": list(range(about.parameters))}]
    return OptimizerState(about.optimizer, {"state": memory, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> Weights:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
