"""Which files in a run's folder are the run's: those alone are counted, and those alone are ever deleted."""

import os
import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from cnnplay.runs.about import ABOUT
from cnnplay.runs.presence import LOCK
from cnnplay.runs.tail import EVENTS

RECORD = "run.json"

Kind: TypeAlias = Literal["record", "best", "averaged", "last", "checkpoint", "left"]

_PLAIN: dict[str, Kind] = {
    RECORD: "record",
    EVENTS: "record",
    ABOUT: "record",
    LOCK: "left",
    "best.safetensors": "best",
    "averaged.safetensors": "averaged",
    "last.safetensors": "last",
}
_CHECKPOINT = re.compile(r"checkpoint(?:[-.][0-9A-Za-z.-]{0,80})?\Z")
_LEFT = re.compile(r"\.(.{1,100})\.[0-9a-f]{8}\.(?:part|former)\Z")
"""Neighbours that a kill left behind."""


class RunFile(NamedTuple):
    """A plain file of a run's."""

    name: str
    kind: Kind
    size: int
    changed: int
    """When it was written to last, in nanoseconds since 1970."""


def kind_of(name: str) -> Kind | None:
    """What a file of that name is to a run; None for one that no run has."""
    if name in _PLAIN:
        return _PLAIN[name]
    if _CHECKPOINT.match(name):
        return "checkpoint"
    left = _LEFT.match(name)
    return "left" if left and kind_of(left.group(1)) is not None else None


def files_of(folder: Path) -> tuple[RunFile, ...]:
    """The plain files in a folder that are a run's, by name; no links. OSError where it cannot be listed."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            kind = kind_of(entry.name)
            if kind is None:
                continue
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # just renamed away
                continue
            if stat.S_ISREG(about.st_mode):
                found.append(RunFile(entry.name, kind, about.st_size, about.st_mtime_ns))
    return tuple(sorted(found))


def is_free(folder: Path) -> bool:
    """Whether a run may be made there: nothing is, or an empty folder, or one that holds no more than a kill
    left of a run before it had begun."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        return not folder.is_symlink() and all(kind_of(name) == "left" for name in names)
    except FileNotFoundError:
        return not folder.is_symlink()
    except OSError:
        return False
