"""Saving and opening projects."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import msgspec

from cnnplay.modules.atomic import replacing
from cnnplay.modules.build import BuildError
from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.modules.weights import Weights, compare, parameter_shapes
from cnnplay.network.network import Network
from cnnplay.project import archive, history
from cnnplay.project.document import Document, check_facts, project_json, read_document
from cnnplay.project.errors import ProjectError, ProjectWriteError, WeightsError
from cnnplay.project.project import Project
from cnnplay.project.tensors import from_bytes, to_pieces
from cnnplay.spec.events import Event

__all__ = ["ProjectError", "ProjectWriteError", "load", "project_json", "save", "save_json"]

HEADER_ROOM = 2**20
"""The most bytes that a safetensors header may take."""

BYTES_A_NUMBER = 8
"""The size of the widest type that weights are stored in."""


def save(project: Project, path: Path | str) -> None:
    """Writes the .cnnplay file atomically: on an error the previous file is untouched. ProjectError for an
    inconsistent project; ProjectWriteError if it cannot be written."""
    path = Path(path)
    try:
        members = _members(project)
    except ProjectError as error:
        raise ProjectError(f"{path.name}: {error}") from None
    try:
        with replacing(path) as (neighbour,):
            archive.write(neighbour, members)
    except OSError as error:
        raise ProjectWriteError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path | str) -> Project:
    """Reads a .cnnplay file. Nothing in it is executed or unpickled, and sizes are checked before memory is
    allocated. ProjectError, in one line, for any defect."""
    path = Path(path)
    try:
        with archive.Archive(path) as opened:
            return _read(opened)
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ProjectError as error:
        raise ProjectError(f"{path.name}: {error}") from None


def save_json(project: Project, path: Path | str) -> None:
    """Writes only project.json, without weights and history."""
    path = Path(path)
    try:
        with replacing(path) as (neighbour,):
            neighbour.write_bytes(project_json(project))
    except OSError as error:
        raise ProjectWriteError(f"{path}: cannot be written: {error.strerror or error}") from None


def _members(project: Project) -> dict[str, bytes | archive.Pieces]:
    trained = project.trained
    if trained is not None:
        check_facts(trained.facts, trained.network)
    try:
        members: dict[str, bytes | archive.Pieces] = {archive.PROJECT: project_json(project)}
    except (TypeError, msgspec.MsgspecError, RecursionError) as error:
        raise ProjectError(f"view: expected JSON values; found others ({error})") from None
    for which, name in archive.WEIGHTS.items():
        weights = trained.get(which) if trained is not None else None
        if trained is not None and weights is not None:
            with _inside(name):
                _check_weights(weights, trained.network)
                members[name] = to_pieces(weights)
    if project.history:
        members[archive.HISTORY] = history.pack(project.history)
    return members


def _read(opened: archive.Archive) -> Project:
    text = opened.read(archive.PROJECT)
    with _inside(archive.PROJECT):
        document = read_document(text)
    trained = _read_trained(opened, document)
    events: tuple[Event, ...] = ()
    if archive.HISTORY in opened:
        text = opened.read(archive.HISTORY)
        with _inside(archive.HISTORY):
            events = history.unpack(text)
    return Project(
        network=document.network,
        config=document.config,
        data_key=document.data,
        trained=trained,
        history=events,
        view=document.view,
    )


def _read_trained(opened: archive.Archive, document: Document) -> TrainedWeights | None:
    network = document.network_of_weights
    last, best, averaged = (_read_weights(opened, name, network) for name in archive.WEIGHTS.values())
    if last is None:  # no version wrote such a file; the others stand in for them
        last = best if best is not None else averaged
    if last is None:
        return None
    return TrainedWeights(
        network=network,
        config=document.trained_config or document.config,
        facts=document.facts,
        last=last,
        best=best,
        averaged=averaged,
        best_epoch=document.best_epoch,
        last_epoch=document.last_epoch,
    )


def _read_weights(opened: archive.Archive, name: str, network: Network) -> Weights | None:
    """The weights in the network's order; None if the file has none."""
    if name not in opened:
        return None
    with _inside(name):
        try:
            shapes = parameter_shapes(network)
        except BuildError as error:
            raise ProjectError(f"expected a network that can have weights: {error}") from None
    largest = HEADER_ROOM + BYTES_A_NUMBER * sum(prod(shape) for shape in shapes.values())
    content = opened.read(name, largest)
    with _inside(name):
        weights = from_bytes(content)
        _check_weights(weights, network)
    return {key: weights[key] for key in shapes if key in weights}


def _check_weights(weights: Weights, network: Network) -> None:
    try:
        result = compare(weights, network)
    except BuildError as error:
        raise ProjectError(f"the weights' network: {error}") from None
    if not result.complete:
        more = f" (and {len(result.messages) - 1:,} more)" if len(result.messages) > 1 else ""
        raise ProjectError(f"the weights do not belong to the network: {result.messages[0]}{more}")


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """Adds a member's name to errors in its content."""
    try:
        yield
    except (ProjectError, WeightsError) as error:
        raise ProjectError(f"{name}: {error}") from None
