"""The second file of an export. It never replaces a file that was not exported with it. Needs no torch."""

import json
from pathlib import Path

from cnnplay.export.catalog import FORMATS

MADE_BY = "CNN Playground"
"""The program that wrote a file, in every format that can store it."""

WRITTEN_BY = f"written by {MADE_BY}"
"""In the first line of exported code, by which it is recognized: files of earlier versions have it too."""

_HEAD = 2**16
_LARGEST = 2**23


def sidecar_path(format_key: str, path: Path) -> Path:
    """The second file of an export: ``NAME.json``, or ``NAME.pt.json`` if that belongs to something else.

    So ``net.py`` with its ``net.pt`` does not replace a ``net.pt`` that was exported before, nor ``model.pt``
    the user's own ``model.json``. An export replaces the sidecar of the export that it replaces.
    ExportError if both names are taken.
    """
    from cnnplay.export.trained import ExportError  # imports torch

    suffix = FORMATS[format_key].sidecar
    if path.suffix == suffix:
        raise ExportError(f"{path.name}: expected a suffix other than {suffix}: {_WHY[suffix]}")
    found = _free_or_own(path, suffix)
    if found is None:
        usual, other = _names(path, suffix)
        raise ExportError(
            f"{path.name}: expected a free name for its sidecar file; "
            f"{usual.name} and {other.name} both exist and were not exported with it"
        )
    return found


def files_to_replace(format_key: str, path: Path) -> tuple[Path, ...]:
    """The files that an export in this format to `path` would replace."""
    suffix = FORMATS[format_key].sidecar
    sidecar = _free_or_own(path, suffix) if suffix else None
    return tuple(file for file in (path, sidecar) if file is not None and _exists(file))


def is_sidecar(path: Path) -> bool:
    """Whether a file holds the facts of weights that lie beside it."""
    return path.suffix == ".json" and any(
        weights.is_file() and _exported_with(path, weights)
        for weights in (path.with_suffix(".pt"), path.with_suffix(""))
    )


def _names(path: Path, suffix: str) -> tuple[Path, Path]:
    return path.with_suffix(suffix), path.with_name(path.name + suffix)


def _free_or_own(path: Path, suffix: str) -> Path | None:
    usual, other = _names(path, suffix)
    again = path.exists()
    if again and _exported_with(other, path):
        return other
    if not _exists(usual) or (again and _exported_with(usual, path)):
        return usual
    if not _exists(other) or _exported_with(other, path):
        return other
    return None


_WHY = {".json": "that file holds the class names", ".pt": "that file holds the weights"}


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _exported_with(sidecar: Path, path: Path) -> bool:
    """Whether `sidecar` was exported with `path`: JSON says who made it, and code names its weights."""
    try:
        if sidecar.suffix == ".json":
            if not sidecar.is_file() or sidecar.stat().st_size > _LARGEST:
                return False
            facts = json.loads(sidecar.read_bytes())
            return isinstance(facts, dict) and facts.get("made_by") == MADE_BY
        if not sidecar.is_file() or not path.is_file():
            return False
        with path.open("rb") as file:
            code = file.read(_HEAD).decode("utf-8", errors="replace")
    except (OSError, ValueError, RecursionError):
        return False
    line = weights_line(sidecar == path.with_suffix(sidecar.suffix))
    return WRITTEN_BY in code.partition("\n")[0] and f"\n{line}\n" in code


def weights_line(usual: bool) -> str:
    """The line of exported code that says where its weights are: NAME.pt if `usual`, else NAME.py.pt."""
    return "WEIGHTS = " + ('Path(__file__).with_suffix(".pt")' if usual else 'Path(__file__ + ".pt")')
