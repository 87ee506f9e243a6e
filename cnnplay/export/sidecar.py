"""Which file goes beside an export: never in place of one that was not exported with it. Needs no torch."""

import json
from pathlib import Path

MADE_BY = "CNN Playground"
"""Who made it, in every file that can say so."""

SUFFIXES = {"pt": ".json", "python": ".pt"}
"""What goes beside an export, by the format's key."""

_HEAD = 2**16
_LARGEST = 2**26


def sidecar_path(path: Path, suffix: str) -> Path:
    """The file that belongs beside `path`: ``NAME.json``; ``NAME.pt.json`` where that one is another's.

    So ``net.py`` with its ``net.pt`` does not take the place of a ``net.pt`` that was exported before, nor
    ``model.pt`` that of a ``model.json`` of one's own. What an export had beside it is replaced with it.
    ExportError where both names are taken.
    """
    from cnnplay.export.trained import ExportError  # brings torch along

    if path.suffix == suffix:
        raise ExportError(f"{path.name}: expected another ending than {suffix}: {_WHY[suffix]}")
    found = _free_or_own(path, suffix)
    if found is None:
        usual, other = _names(path, suffix)
        raise ExportError(
            f"{path.name}: expected a free name for what goes beside it; "
            f"{usual.name} and {other.name} are both there and were not exported with it"
        )
    return found


def files_to_replace(format_key: str, path: Path) -> tuple[Path, ...]:
    """The files that an export in this format to `path` would take the place of."""
    suffix = SUFFIXES.get(format_key)
    sidecar = None if suffix is None else _free_or_own(path, suffix)
    return tuple(file for file in (path, sidecar) if file is not None and _exists(file))


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
    """Whether `beside` was written with `path`: the facts say who made them, and code names its weights."""
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
    return f"written by {MADE_BY}" in code.partition("\n")[0] and f"\n{line}\n" in code


def weights_line(usual: bool) -> str:
    """The line of exported code that says where its weights are: NAME.pt as is `usual`, else NAME.py.pt."""
    return "WEIGHTS = " + ('Path(__file__).with_suffix(".pt")' if usual else 'Path(__file__ + ".pt")')
