"""Interrupted runs: a kill, a crash or a power cut ended the program before it could end the run."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cnnplay.runs.files import files_of
from cnnplay.runs.summary import RunReader
from cnnplay.runs.tail import EVENTS
from cnnplay.runs.writer_lock import LOCK, WriterLock, is_being_written, is_recent

TRIAL = "search"
"""The tag of search trials, which the search itself reruns."""


class InterruptedRun(NamedTuple):
    """A run that was interrupted and can resume from its checkpoint."""

    folder: Path
    run: str
    name: str
    """The network's name."""
    epoch: int
    """The epoch in which it was interrupted."""
    epochs: int
    steps: int

    @property
    def mark(self) -> str:
        """Identifies this interruption: the run may resume and be interrupted again at another step."""
        return f"{self.run}@{self.steps}"


def newest_interrupted_run(store: Path) -> InterruptedRun | None:
    """The most recently written run of the store if it was interrupted; else None.

    It was interrupted if its events have no end, nobody is writing it, and it has a checkpoint.
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
    row = RunReader(folder).row(files)
    over = bool(row.ended) or row.epochs_done >= row.epochs_asked
    if over or TRIAL in row.tags or is_being_written(folder, row.written):
        return None
    return InterruptedRun(folder, row.run, row.name, row.epochs_done + 1, row.epochs_asked, row.steps)


def clear_leftovers(store: Path) -> None:
    """Deletes what kills left in the runs of a store: partial files, and lock files that nobody holds.

    After a kill, an unheld lock file says that the run is not active; it is deleted only when the events are
    old enough to say so without it.
    """
    for folder in _folders(store):
        with suppress(OSError):
            _clear(folder)


def _clear(folder: Path) -> None:
    left = [file.name for file in files_of(folder) if file.kind == "left"]
    locked, written = LOCK in left, _written(folder)
    if not left or is_being_written(folder, written):
        return
    with suppress(OSError):
        lock = WriterLock(folder)  # from here on nobody else can start writing it
        if not lock.held:
            return
        try:
            for name in left:
                if name != LOCK:
                    (folder / name).unlink(missing_ok=True)
        finally:
            lock.release(keep=locked and is_recent(written))


def _folders(store: Path) -> list[Path]:
    try:
        with os.scandir(store) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _written(folder: Path) -> float:
    """When its events were last written, in seconds since 1970; 0 without events."""
    try:
        return (folder / EVENTS).stat().st_mtime
    except OSError:
        return 0.0
