"""Tensors of a safetensors file, in memory of their own."""

from pathlib import Path

from safetensors import safe_open

from cnnplay.modules.weights import Weights


def read_tensors(path: Path) -> tuple[dict[str, str], Weights]:
    """What the file says of itself, and its tensors, copied one after the other. SafetensorError, OSError.

    A file that is only mapped takes its place on the disk until what began with it ends, is replaced by
    nobody on Windows, and takes the program with it where another cuts it off.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - no mapping
        return dict(file.metadata() or {}), tensors
