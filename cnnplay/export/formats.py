"""The table of formats, and the one way in."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from cnnplay.export.onnx_file import write_onnx
from cnnplay.export.python_module import write_python
from cnnplay.export.trained import Exported, ExportError, ExportWriteError, TrainedNetwork
from cnnplay.export.weight_files import write_safetensors, write_state_dict

Writer: TypeAlias = Callable[[TrainedNetwork, Path, int], tuple[Path, ...]]


class Format(msgspec.Struct, frozen=True):
    """A format: its key, title and usual ending, whether it holds weights, and what it is for."""

    key: str
    title: str
    suffix: str
    needs_weights: bool
    help: str


FORMATS: tuple[Format, ...] = (
    Format(
        "safetensors",
        "Weights (safetensors)",
        ".safetensors",
        True,
        "The weights by name, safe to open anywhere; preprocessing and class names as metadata.",
    ),
    Format(
        "pt",
        "Weights (PyTorch state dict)",
        ".pt",
        True,
        "For load_state_dict; preprocessing and class names in a JSON file beside it.",
    ),
    Format(
        "onnx",
        "ONNX model",
        ".onnx",
        True,
        "Network and weights for onnxruntime and other engines; preprocessing and class names as metadata.",
    ),
    Format(
        "python",
        "Python module",
        ".py",
        True,
        "Readable code with load_model(), needing torch alone; its weights beside it.",
    ),
)

_WRITERS: dict[str, Writer] = {
    "safetensors": write_safetensors,
    "pt": write_state_dict,
    "onnx": write_onnx,
    "python": write_python,
}


def export(network: TrainedNetwork, format_key: str, path: Path | str, seed: int = 0) -> Exported:
    """Writes the network in a format. Without weights, fresh ones for `seed` go out and `trained` is False.

    The file, and what belongs beside it, appears whole or not at all. ExportError for what cannot be
    exported or written (then ExportWriteError), in one line for people.
    """
    path = Path(path)
    if format_key not in _WRITERS:
        raise ExportError(f"expected a format out of {', '.join(_WRITERS)}; found {format_key!r}")
    if path.is_dir():
        raise ExportError(f"{path}: expected a file's name; found a folder")
    if not path.parent.is_dir():
        raise ExportError(f"{path}: expected an existing folder to write into; found none at {path.parent}")
    try:
        also = _WRITERS[format_key](network, path, seed)
        size = path.stat().st_size
    except OSError as error:
        raise ExportWriteError(f"{path}: cannot be written: {error.strerror or error}") from None
    trained = network.trained and network.weights is not None
    return Exported(path=path, format=format_key, bytes=size, trained=trained, also=also)
