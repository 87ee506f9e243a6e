"""Weights as bytes of a safetensors file, and back, with sizes checked first."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from cnnplay.modules.tensor_file import read_tensors
from cnnplay.modules.weights import Weights
from cnnplay.project.archive import Buffer, Pieces
from cnnplay.project.errors import WeightsError, one_line

HEADER_LARGEST = 2**23
"""Room for some 60,000 tensors. The format allows 100 MB, which take gigabytes of memory to decode."""

TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""The supported types and their names in the format."""


def to_pieces(weights: Weights) -> Pieces:
    """The weights as a safetensors file, one tensor at a time, without a second copy of all.

    The format: the header's length in 8 bytes, the header (JSON: type, shape and offsets of each tensor), and
    the numbers. The widest types come first, so that every tensor is aligned.
    """
    checked(weights)
    ordered = sorted(weights.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, tensor in ordered:
        end = place + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, end],
        }
        place = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)

    def parts() -> Iterator[Buffer]:
        yield len(text).to_bytes(8, "little") + text
        for _, tensor in ordered:
            if tensor.numel():
                yield tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data

    return Pieces(8 + len(text) + place, parts())


def from_bytes(content: bytes) -> Weights:
    """The weights in a safetensors file. WeightsError, without a file name, if it is not one."""
    _check_header(BytesIO(content), len(content))
    with _readable_errors():
        return checked(load(content))


def from_file(path: Path) -> Weights:
    """`from_bytes` for a file: checks the header, then reads one tensor after another. OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        _check_header(file, size)
    with _readable_errors():
        return checked(read_tensors(path)[1])


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise WeightsError("the weights do not fit into memory") from None
    except WeightsError:
        raise
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError, OverflowError) as error:
        raise WeightsError(f"not a complete safetensors file: {one_line(error)}") from None


def checked(weights: Mapping[str, torch.Tensor]) -> Weights:
    """The tensors by name. WeightsError unless all have a supported type."""
    for name, tensor in weights.items():
        if tensor.dtype not in TYPES:
            raise WeightsError(
                f"{name}: expected a supported type (such as float32); found {_short(tensor.dtype)}"
            )
    return dict(weights)


def not_finite(weights: Weights) -> tuple[str, ...]:
    """A line for each tensor with NaN or infinity, which make the network's outputs meaningless."""
    lines = []
    for name, tensor in weights.items():
        if tensor.is_floating_point():
            count = int((~torch.isfinite(tensor)).sum())
            if count:
                lines.append(f"{name} contains {count:,} values that are not finite (NaN or infinity)")
    return tuple(lines)


def _check_header(file: BinaryIO, whole: int) -> None:
    """WeightsError unless the header of a file of `whole` bytes is valid and its shapes fit in the file."""
    for name, entry in _header(file, whole).items():
        _check_entry(name, entry, whole)


def _header(file: BinaryIO, whole: int) -> dict[str, Any]:
    if whole < 8:
        raise WeightsError(f"expected a safetensors file of at least 8 bytes; found {whole}")
    size = int.from_bytes(file.read(8), "little")
    most = min(HEADER_LARGEST, whole - 8)
    if size > most:
        raise WeightsError(
            f"expected a safetensors header of at most {most:,} bytes; found {size:,} declared"
        )
    try:
        header = json.loads(file.read(size))
    except (ValueError, RecursionError) as error:
        raise WeightsError(
            f"expected a safetensors header in JSON; found something else ({one_line(error)})"
        ) from None
    if not isinstance(header, dict):
        raise WeightsError("expected a safetensors header that names tensors; found something else")
    header.pop("__metadata__", None)
    return header


def _check_entry(name: str, entry: object, largest: int) -> None:
    """WeightsError unless the shape's size fits in the file; checked before memory is allocated."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**63 for size in shape):
        raise WeightsError(f"{name[:100]}: expected a shape of whole numbers; found something else")
    if max(shape, default=0) > largest or prod(shape) > largest:
        raise WeightsError(
            f"{name[:100]}: expected a shape within the file's {largest:,} bytes; found {_by(shape)}"
        )


def _by(shape: list[int]) -> str:
    return " × ".join(f"{size:,}" for size in shape[:8])


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
