"""The entry point: exports a network with its weights in a format to a path."""

from pathlib import Path

from cnnplay.export.catalog import FORMATS
from cnnplay.export.trained import Exported, ExportError, ExportWriteError, TrainedNetwork

_WITH_WEIGHTS = {key: row for key, row in FORMATS.items() if row.source == "weights"}


def export(network: TrainedNetwork, format_key: str, path: Path | str, seed: int = 0) -> Exported:
    """Writes the network in a format. Without weights, random ones for `seed` are used; `trained` is False.

    The file and its sidecar are written completely or not at all. ExportError if the network cannot be
    exported, ExportWriteError if the file cannot be written; each is one line for the user.
    """
    path = Path(path)
    if format_key not in _WITH_WEIGHTS:
        raise ExportError(f"expected a format among {', '.join(_WITH_WEIGHTS)}; found {format_key!r}")
    if path.is_dir():
        raise ExportError(f"{path}: expected a file name; found a folder")
    if not path.parent.is_dir():
        raise ExportError(f"{path}: expected an existing folder to write into; found none at {path.parent}")
    reason = FORMATS[format_key].disabled_reason(network.network)
    if reason:
        raise ExportError(reason)
    try:
        also = FORMATS[format_key].load()(network, path, seed)
        size = path.stat().st_size
    except OSError as error:
        raise ExportWriteError(f"{path}: cannot be written: {error.strerror or error}") from None
    trained = network.trained and network.weights is not None
    return Exported(path=path, format=format_key, bytes=size, trained=trained, also=also)
