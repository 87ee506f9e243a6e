"""Tensors as a safetensors file, and back in memory of their own."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.numpy import save_file

from cnnplay.modules.weights import Weights


def write_tensors(tensors: Weights, path: Path, about: Mapping[str, str]) -> None:
    """Writes contiguous tensors of the main memory, and what the file says of itself. SafetensorError,
    OSError.

    They go as arrays over the same memory. What safetensors does with tensors would make a Python object of
    each one's storage, and who frees such a tensor later holds up all other threads: a gigabyte of weights
    takes a tenth of a second, in which the window would stand still.
    """
    for name, tensor in tensors.items():
        if not tensor.is_contiguous():
            raise ValueError(f"{name}: expected a contiguous tensor; its memory is written as it lies")
    arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    save_file(arrays, path, metadata={"format": "pt", **about})


def read_tensors(path: Path) -> tuple[dict[str, str], Weights]:
    """What the file says of itself, and its tensors, copied one after the other. SafetensorError, OSError.

    A file that is only mapped takes its place on the disk until what began with it ends, is replaced by
    nobody on Windows, and takes the program with it where another cuts it off.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - no mapping
        return dict(file.metadata() or {}), tensors
