"""Writes tensors to a safetensors file, and reads them into their own memory."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.numpy import save_file

from cnnplay.modules.weights import Weights


def write_tensors(tensors: Weights, path: Path, about: Mapping[str, str]) -> None:
    """Writes contiguous CPU tensors and the metadata `about`. SafetensorError, OSError.

    They are passed as arrays over the same memory. Given tensors, safetensors would create a Python object
    for each one's storage, and freeing such a tensor later blocks all other threads: for a gigabyte of
    weights a tenth of a second, in which the window would freeze.
    """
    for name, tensor in tensors.items():
        if not tensor.is_contiguous():
            raise ValueError(f"{name}: expected a contiguous tensor; its memory is written as is")
    arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    save_file(arrays, path, metadata={"format": "pt", **about})


def read_tensors(path: Path) -> tuple[dict[str, str], Weights]:
    """The file's metadata and its tensors, copied one by one. SafetensorError, OSError.

    They are copied because a mapped file keeps its disk space while any tensor is in use, cannot be replaced
    on Windows, and crashes the program if another process truncates it.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - no mapping
        return dict(file.metadata() or {}), tensors
