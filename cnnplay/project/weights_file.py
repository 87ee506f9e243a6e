"""Reading untrusted weights files: safetensors or a PyTorch state dict. Nothing in them is ever executed."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch

from cnnplay.data.memory import available_bytes
from cnnplay.modules.weights import Weights
from cnnplay.project.errors import WeightsError, one_line
from cnnplay.project.pickled import check_pickled, is_project, is_zip
from cnnplay.project.tensors import checked, from_file, not_finite
from cnnplay.spec.preprocessing import Preprocessing

__all__ = ["Facts", "WeightsError", "facts_of", "not_finite", "read"]

FACTS_LARGEST = 2**26

NESTED = ("state_dict", "model_state_dict", "model", "weights", "module", "net")
"""The keys under which training scripts store the state dict."""

PREFIXES = ("module.", "model.", "_orig_mod.")
"""Prefixes that wrappers (data parallel, Lightning, torch.compile) add to every name."""


def read(path: Path | str) -> Weights:
    """The weights in a .safetensors, .pt or .pth file, by name. The format is detected from the content.

    Declared sizes are checked against the file's size, and that against the free memory, before memory is
    allocated. WeightsError, in one line, for any defect.
    """
    path = Path(path)
    try:
        _check_room(path)
        with path.open("rb") as file:
            start = file.read(9)
        if is_zip(start):
            if is_project(path):
                raise WeightsError("expected weights; found a project; open it instead")
            return _state_dict(path)
        if start[8:9] == b"{" or path.suffix.lower() == ".safetensors":
            return from_file(path)
        return _state_dict(path)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise WeightsError(f"{path.name}: the weights do not fit into memory") from None
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from None


def _check_room(path: Path) -> None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise WeightsError("expected a regular file; found a folder, a pipe or a device")
    free = available_bytes()
    if found.st_size > free:
        raise WeightsError(f"needs {found.st_size:,} bytes of memory; {free:,} are free")


class Facts(msgspec.Struct, frozen=True):
    """Preprocessing and classes that our exports store with the weights."""

    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] = ()


def facts_of(path: Path | str) -> Facts:
    """The preprocessing and class names in a safetensors file's metadata, or in the JSON next to a state
    dict.

    Empty if there are none or they are damaged: the weights are still usable.
    """
    path = Path(path)
    try:
        sidecar = path.with_name(f"{path.name}.json")  # the name that export uses if NAME.json exists
        if not sidecar.exists():
            sidecar = path.with_suffix(".json")
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size < FACTS_LARGEST and file.read(1) == b"{":
                texts = json.loads(b"{" + file.read(size - 1))["__metadata__"]
                values = {name: json.loads(texts[name]) for name in ("preprocessing", "classes")}
            elif sidecar.stat().st_size < FACTS_LARGEST:
                data = json.loads(sidecar.read_bytes())
                values = {name: data[name] for name in ("preprocessing", "classes")}
            else:
                return Facts()
        return msgspec.convert(values, Facts)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError):
        return Facts()


def _state_dict(path: Path) -> Weights:
    size = path.stat().st_size
    check_pickled(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can raise anything in torch; nothing in it was executed
        raise WeightsError(f"not a complete PyTorch file: {one_line(error)}") from None
    found = _without_prefix(_tensors(loaded))
    _check_sizes(found, size)
    return checked({name: tensor.detach().contiguous() for name, tensor in found.items()})


def _tensors(loaded: object) -> dict[str, torch.Tensor]:
    """The state dict itself, or the one under a usual key."""
    if isinstance(loaded, Mapping) and not any(isinstance(value, torch.Tensor) for value in loaded.values()):
        inner = next((loaded[name] for name in NESTED if isinstance(loaded.get(name), Mapping)), None)
        loaded = loaded if inner is None else inner
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"expected a state dict (names and tensors); found {_kind(loaded)}")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(
                f"expected a state dict (names and tensors); found {_kind(value)} at {str(name)[:100]!r}"
            )
    if not loaded:
        raise WeightsError("expected a state dict (names and tensors); found an empty one")
    return dict(loaded)


def _check_sizes(weights: Mapping[str, torch.Tensor], size: int) -> None:
    """WeightsError unless all numbers are in the file: with stride 0 a short storage can pose as a huge
    tensor."""
    total = 0
    for name, tensor in weights.items():
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise WeightsError(f"{name}: expected a dense tensor of numbers; found another kind")
        total += tensor.numel() * tensor.element_size()
        if total > 2 * size:
            raise WeightsError(
                f"{name}: expected no more numbers than the file's {size:,} bytes hold; found {total:,} bytes"
            )


def _without_prefix(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in weights):
            weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    return weights


def _kind(value: object) -> str:
    return "a tensor" if isinstance(value, torch.Tensor) else f"a value of type {type(value).__name__}"
