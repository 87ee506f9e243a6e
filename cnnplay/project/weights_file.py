"""Reading untrusted weights files: safetensors or a PyTorch state dict. Nothing in them is ever executed."""

import json
import stat
from collections import Counter
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

__all__ = ["Facts", "WeightsError", "WeightsFile", "facts_of", "not_finite", "read", "read_file"]

FACTS_LARGEST = 2**23

NESTED = (
    *("state_dict", "model_state_dict", "model", "weights", "module", "net", "network"),
    *("state_dict_ema", "model_ema", "ema_state_dict", "ema"),
)
"""The keys under which training scripts store the state dict; the first that is there is taken."""

PREFIXES = ("module.", "model.", "_orig_mod.", "net.", "network.", "ema_model.", "ema.")
"""Prefixes that wrappers (data parallel, Lightning, torch.compile, averaging) add to every name."""

CONVERTED = ("float64", "float16", "bfloat16")
"""Types of numbers that loading into a network converts."""

AVERAGED = "n_averaged"
"""The counter that torch's AveragedModel stores beside the weights."""


class WeightsFile(msgspec.Struct, frozen=True):
    """The weights of a file by name, and what was done to get at them: a line for each step."""

    weights: Weights
    notes: tuple[str, ...] = ()


def read(path: Path | str) -> Weights:
    """The weights of `read_file`."""
    return read_file(path).weights


def read_file(path: Path | str) -> WeightsFile:
    """The weights in a safetensors file, a PyTorch state dict or a checkpoint that holds one, by name.

    The content decides what it is. Declared sizes are checked against the file's size, and that against the
    free memory, before memory is allocated. WeightsError, in one line, for any defect.
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
            return _unwrapped(from_file(path), ())
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


def _state_dict(path: Path) -> WeightsFile:
    size = path.stat().st_size
    check_pickled(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can raise anything in torch; nothing in it was executed
        raise WeightsError(f"not a complete PyTorch file: {one_line(error)}") from None
    tensors, notes = _tensors(loaded)
    _check_sizes(tensors, size)
    return _unwrapped(
        checked({name: tensor.detach().contiguous() for name, tensor in tensors.items()}), notes
    )


def _tensors(loaded: object) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """The state dict itself, or the one under a usual key; and which was taken."""
    notes: tuple[str, ...] = ()
    while isinstance(loaded, Mapping):
        inside = [name for name in NESTED if isinstance(loaded.get(name), Mapping) and loaded[name]]
        if not inside:
            break
        others = f" (the file also has {_listed(inside[1:])})" if inside[1:] else ""
        notes += (f"using the entry {inside[0]!r}{others}",)
        loaded = loaded[inside[0]]
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"expected a state dict (names and tensors); found {_kind(loaded)}")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(
                f"expected a state dict (names and tensors); found {_kind(value)} at {str(name)[:100]!r}"
            )
    if not loaded:
        raise WeightsError("expected a state dict (names and tensors); found an empty one")
    return dict(loaded), notes


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)


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


def _unwrapped(weights: Weights, notes: tuple[str, ...]) -> WeightsFile:
    """Takes wrappers' prefixes off, in whatever order they are, and says which types will be converted."""
    if AVERAGED in weights and len(weights) > 1:
        weights = {name: tensor for name, tensor in weights.items() if name != AVERAGED}
        notes += ("the file of an AveragedModel",)
    removed = ""
    while prefix := next((one for one in PREFIXES if all(name.startswith(one) for name in weights)), ""):
        weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
        removed += prefix
    if removed:
        notes += (f"prefix {removed!r} removed from every name",)
    counts = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in weights.values())
    others = [f"{count:,} {dtype}" for dtype, count in counts.items() if dtype in CONVERTED]
    if others:
        notes += (f"tensors converted to float32: {', '.join(others)}",)
    return WeightsFile(weights, notes)


def _kind(value: object) -> str:
    return "a tensor" if isinstance(value, torch.Tensor) else f"a value of type {type(value).__name__}"
