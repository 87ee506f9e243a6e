"""Exports weights as safetensors, and as a PyTorch state dict with a JSON sidecar."""

from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError

from cnnplay.export.facts import facts, metadata
from cnnplay.export.sidecar import sidecar_path
from cnnplay.export.trained import TrainedNetwork, module_of
from cnnplay.modules.atomic import replacing
from cnnplay.modules.tensor_file import write_tensors
from cnnplay.modules.weight_names import torchvision_names
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.shapes.torchvision import counterpart


def write_safetensors(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """Writes one file: the weights by id, with the facts as metadata."""
    weights = weights_of(module_of(network, seed))
    with replacing(path) as (temporary,):
        try:
            write_tensors(weights, temporary, metadata(network))
        except SafetensorError as error:  # raised on a full disk
            raise OSError(str(error)) from None
    return ()


def write_state_dict(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """Writes a dict of tensors by id, loadable with ``weights_only=True``, and ``NAME.json``."""
    return _write_state("pt", network, weights_of(module_of(network, seed)), path)


def write_torchvision(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """Writes the state dict of torchvision's own model, which loads it strictly, and ``NAME.json``."""
    model = counterpart(network.network)
    assert model is not None, "the catalog's row says which networks have one"
    weights = weights_of(module_of(network, seed))
    names = torchvision_names(model.modules, weights)
    return _write_state("torchvision", network, {names[key]: one for key, one in weights.items()}, path)


def _write_state(format_key: str, network: TrainedNetwork, weights: Weights, path: Path) -> tuple[Path, ...]:
    sidecar = sidecar_path(format_key, path)
    with replacing(sidecar, path) as (json_file, temporary):
        save_state(weights, temporary)
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(facts(network)), indent=2) + b"\n")
    return (sidecar,)


def save_state(weights: Weights, path: Path) -> None:
    """Saves a dict of tensors with torch.save. OSError if it cannot be written."""
    try:
        # Given a path, torch reports a full disk only with its own line number.
        with path.open("wb") as file:
            torch.save(weights, file)
    except RuntimeError as error:
        raise OSError(f"torch could not write it: {str(error).splitlines()[0]}") from None
