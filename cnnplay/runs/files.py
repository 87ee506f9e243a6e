"""Which files in a folder belong to the run: only those are counted, and only those are ever deleted."""

import os
import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from cnnplay.runs.notes import NOTES
from cnnplay.runs.tail import EVENTS
from cnnplay.runs.writer_lock import LOCK

RECORD = "run.json"

Kind: TypeAlias = Literal["record", "best", "averaged", "last", "checkpoint", "left"]

_PLAIN: dict[str, Kind] = {
    RECORD: "record",
    EVENTS: "record",
    NOTES: "record",
    LOCK: "left",
    "best.safetensors": "best",
    "averaged.safetensors": "averaged",
    "last.safetensors": "last",
}
_CHECKPOINT = re.compile(r"checkpoint(?:[-.][0-9A-Za-z.-]{0,80})?\Z")
_LEFT = re.compile(r"\.(.{1,100})\.[0-9a-f]{8}\.(?:part|former)\Z")
"""Temporary files that a kill left."""


class RunFile(NamedTuple):
    """A regular file of a run."""

    name: str
    kind: Kind
    size: int
    changed: int
    """When it was last written, in nanoseconds since 1970."""


def kind_of(name: str) -> Kind | None:
    """The kind of a run's file by its name; None for other names."""
    if name in _PLAIN:
        return _PLAIN[name]
    if _CHECKPOINT.match(name):
        return "checkpoint"
    left = _LEFT.match(name)
    return "left" if left and kind_of(left.group(1)) is not None else None


def files_of(folder: Path) -> tuple[RunFile, ...]:
    """A run's regular files in a folder, sorted by name; no links. OSError if it cannot be listed."""
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


def has_record(folder: Path) -> bool:
    """Whether there is a run in a folder."""
    return (folder / RECORD).is_file()


def is_free(folder: Path) -> bool:
    """Whether a run can be created there: a new name, an empty folder, or one with nothing but what a kill
    left before the run started."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        return not folder.is_symlink() and all(kind_of(name) == "left" for name in names)
    except FileNotFoundError:
        return not folder.is_symlink()
    except OSError:
        return False
