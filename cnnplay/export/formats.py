"""The entry point: exports a network in a format to a path."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from cnnplay.export.catalog import FORMATS, Format
from cnnplay.export.onnx_file import write_onnx
from cnnplay.export.python_module import write_python
from cnnplay.export.trained import Exported, ExportError, ExportWriteError, TrainedNetwork
from cnnplay.export.weight_files import write_safetensors, write_state_dict

__all__ = ["FORMATS", "Format", "export"]

Writer: TypeAlias = Callable[[TrainedNetwork, Path, int], tuple[Path, ...]]


_WRITERS: dict[str, Writer] = {
    "safetensors": write_safetensors,
    "pt": write_state_dict,
    "onnx": write_onnx,
    "python": write_python,
}


def export(network: TrainedNetwork, format_key: str, path: Path | str, seed: int = 0) -> Exported:
    """Writes the network in a format. Without weights, random ones for `seed` are used; `trained` is False.

    The file and its sidecar are written completely or not at all. ExportError if the network cannot be
    exported, ExportWriteError if the file cannot be written; each is one line for the user.
    """
    path = Path(path)
    if format_key not in _WRITERS:
        raise ExportError(f"expected a format among {', '.join(_WRITERS)}; found {format_key!r}")
    if path.is_dir():
        raise ExportError(f"{path}: expected a file name; found a folder")
    if not path.parent.is_dir():
        raise ExportError(f"{path}: expected an existing folder to write into; found none at {path.parent}")
    try:
        also = _WRITERS[format_key](network, path, seed)
        size = path.stat().st_size
    except OSError as error:
        raise ExportWriteError(f"{path}: cannot be written: {error.strerror or error}") from None
    trained = network.trained and network.weights is not None
    return Exported(path=path, format=format_key, bytes=size, trained=trained, also=also)
