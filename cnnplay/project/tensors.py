"""Weights as the bytes of a safetensors file, and back, with the sizes checked first."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from cnnplay.modules.weights import Weights
from cnnplay.project.errors import WeightsError, one_line

HEADER_LARGEST = 100_000_000
"""The format's own limit."""

TYPES = {
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
    torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
}  # fmt: skip
"""What weights and counters are kept in."""


def to_bytes(weights: Weights) -> bytes:
    """The weights as a safetensors file."""
    return bytes(save(weights, {"format": "pt"}))


def from_bytes(content: bytes) -> Weights:
    """The weights in a safetensors file. WeightsError, without a file's name, when it is none."""
    _check_header(BytesIO(content), len(content))
    with _damage_in_words():
        return checked(load(content))


def from_file(path: Path) -> Weights:
    """The same, from a file: one tensor after the other, once its header was found to be sound. OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        _check_header(file, size)
    with _damage_in_words(), safe_open(path, framework="pt") as opened:
        # Copied: what is only mapped would go with the file, should another program cut it off.
        return checked({name: opened.get_tensor(name).clone() for name in opened.keys()})  # noqa: SIM118


@contextmanager
def _damage_in_words() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise WeightsError("the weights do not fit into memory") from None
    except WeightsError:
        raise
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError, OverflowError) as error:
        raise WeightsError(f"not a whole safetensors file: {one_line(error)}") from None


def checked(weights: Mapping[str, torch.Tensor]) -> Weights:
    """The same tensors by name, where all are plain and of a usual type; else WeightsError."""
    for name, tensor in weights.items():
        if tensor.dtype not in TYPES:
            raise WeightsError(f"{name}: expected usual numbers (float32 …); found {_short(tensor.dtype)}")
    return dict(weights)


def not_finite(weights: Weights) -> tuple[str, ...]:
    """A line for each tensor that holds NaN or infinity: such a network answers nothing."""
    lines = []
    for name, tensor in weights.items():
        if tensor.is_floating_point():
            count = int((~torch.isfinite(tensor)).sum())
            if count:
                lines.append(f"{name} holds {count:,} numbers that are not finite (NaN or infinity)")
    return tuple(lines)


def _check_header(file: BinaryIO, whole: int) -> None:
    """That the header of a file of `whole` bytes is one, and its shapes stay within the file."""
    for name, entry in _header(file, whole).items():
        _check_entry(name, entry, whole)


def _header(file: BinaryIO, whole: int) -> dict[str, Any]:
    if whole < 8:
        raise WeightsError(f"expected a safetensors file of at least 8 bytes; found {whole}")
    size = int.from_bytes(file.read(8), "little")
    if size > min(HEADER_LARGEST, whole - 8):
        raise WeightsError(
            f"expected a safetensors header within the file's {whole:,} bytes; found {size:,} declared"
        )
    try:
        header = json.loads(file.read(size))
    except (ValueError, RecursionError) as error:
        raise WeightsError(
            f"expected a safetensors header in JSON; found another ({one_line(error)})"
        ) from None
    if not isinstance(header, dict):
        raise WeightsError("expected a safetensors header that names tensors; found another")
    header.pop("__metadata__", None)
    return header


def _check_entry(name: str, entry: object, largest: int) -> None:
    """That a shape's product stays within the file, before anything is made of it."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**63 for size in shape):
        raise WeightsError(f"{name[:100]}: expected a shape of whole numbers; found another")
    if max(shape, default=0) > largest or prod(shape) > largest:
        raise WeightsError(
            f"{name[:100]}: expected a shape within the file's {largest:,} bytes; found {_by(shape)}"
        )


def _by(shape: list[int]) -> str:
    return " × ".join(f"{size:,}" for size in shape[:8])


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
