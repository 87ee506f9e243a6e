"""Runs that were cut off: a kill, a crash or a power cut ended the program before it could end the run."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cnnplay.runs.files import files_of
from cnnplay.runs.presence import LOCK, Presence, is_lately, is_written
from cnnplay.runs.summary import Reading
from cnnplay.runs.tail import EVENTS

TRIAL = "search"
"""The tag of a search's trials: the search itself has them run again."""


class CutRun(NamedTuple):
    """A run that was cut off and can go on from its checkpoint."""

    folder: Path
    run: str
    name: str
    """Of its network."""
    epoch: int
    """In which it was."""
    epochs: int
    steps: int

    @property
    def mark(self) -> str:
        """What names this cut: the run may go on, and be cut off again elsewhere."""
        return f"{self.run}@{self.steps}"


def newest_cut(store: Path) -> CutRun | None:
    """The run of the store that was written to last, where it was cut off; None else.

    It was where its events have no end, nobody writes it, and a checkpoint is there to go on from.
    """
    folder = max(_folders(store), key=_written, default=None)
    if folder is None:
        return None
    try:
        files = files_of(folder)
    except OSError:
        return None
    if not any(file.kind == "checkpoint" for file in files):
        return None
    row = Reading(folder).row(files)
    over = bool(row.ended) or row.epochs_done >= row.epochs_asked
    if over or TRIAL in row.tags or is_written(folder, row.written):
        return None
    return CutRun(folder, row.run, row.name, row.epochs_done + 1, row.epochs_asked, row.steps)


def clear_leftovers(store: Path) -> None:
    """Takes away what kills left behind in the runs of a store: halves of files, and locks that nobody holds.

    A lock says for a while after the kill that the run is not on: it goes when the events are so old that
    nobody takes the run for one that is.
    """
    for folder in _folders(store):
        with suppress(OSError):
            _clear(folder)


def _clear(folder: Path) -> None:
    left = [file.name for file in files_of(folder) if file.kind == "left"]
    locked, written = LOCK in left, _written(folder)
    if not left or is_written(folder, written):
        return
    with suppress(OSError):
        presence = Presence(folder)  # from here on nobody else begins to write it
        if not presence.held:
            return
        try:
            for name in left:
                if name != LOCK:
                    (folder / name).unlink(missing_ok=True)
        finally:
            presence.release(keep=locked and is_lately(written))


def _folders(store: Path) -> list[Path]:
    try:
        with os.scandir(store) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _written(folder: Path) -> float:
    """When its events were written to last, in seconds since 1970; 0 for a folder without."""
    try:
        return (folder / EVENTS).stat().st_mtime
    except OSError:
        return 0.0
