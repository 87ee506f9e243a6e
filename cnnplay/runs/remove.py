"""Deleting runs and what of them is needed no more. Only plain files that a run is known to have are ever
deleted: links are not followed and stay, and so does whatever else lies in the folder.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from cnnplay.runs.files import RECORD, Kind, RunFile, files_of
from cnnplay.runs.presence import is_written
from cnnplay.runs.record import RunError, RunWriteError
from cnnplay.runs.row import RunRow
from cnnplay.runs.summary import Reading, read_record

Sweep: TypeAlias = Literal["best only", "checkpoints"]
"""What is kept: the best weights alone; or all but what a finished run needs no more to go on."""

SWEPT: dict[Sweep, frozenset[Kind]] = {
    "best only": frozenset({"last", "checkpoint", "left"}),
    "checkpoints": frozenset({"checkpoint", "left"}),
}


class Removed(NamedTuple):
    """Bytes that the disk has again, and what stays in the folder because it is none of the run's."""

    bytes: int = 0
    stays: tuple[str, ...] = ()


def deletable(folder: Path) -> tuple[RunFile, ...]:
    """The files that deleting the run would take. RunError where it may not be deleted."""
    _check(folder)
    return _files(folder)


def delete(folder: Path) -> Removed:
    """Deletes a run: its files, and the folder where nothing else lies in it. The record goes last, so that
    what a kill leaves is still known for a run. RunError where it may not be, RunWriteError from the disk.
    """
    _check(folder)
    files = sorted(_files(folder), key=lambda file: file.name == RECORD)
    freed = _unlink(folder, files)
    stays = tuple(sorted(entry.name for entry in os.scandir(folder)))
    if not stays:
        try:
            folder.rmdir()
        except OSError as error:
            raise RunWriteError(f"{folder}: cannot be deleted ({error.strerror or error})") from None
    return Removed(freed, stays)


def sweepable(folder: Path, sweep: Sweep) -> tuple[RunFile, ...]:
    """The files that cleaning up would take; none where the run is on, or goes on later and needs them.

    RunError where the folder is no run.
    """
    _check(folder)
    files = _files(folder)
    kinds = {file.kind for file in files}
    if sweep == "best only" and "best" not in kinds:
        return ()
    if sweep == "checkpoints" and _row(folder).ended not in ("done", "stopped"):
        return ()
    return tuple(file for file in files if file.kind in SWEPT[sweep])


def clean_up(folder: Path, sweep: Sweep) -> Removed:
    """Deletes what `sweepable` says. RunError, RunWriteError."""
    return Removed(_unlink(folder, sweepable(folder, sweep)))


def _check(folder: Path) -> None:
    """RunError for anything but the folder of a run that nobody writes."""
    try:
        found = folder.lstat()
    except OSError as error:
        raise RunError(f"{folder}: cannot be read ({error.strerror or error})") from None
    if not stat.S_ISDIR(found.st_mode):
        raise RunError(f"{folder}: expected a run's own folder; found a link or a file")
    read_record(folder)
    row = _row(folder)
    if row.ended not in ("done", "stopped", "failed") and is_written(folder, row.written):
        raise RunError(f"{folder.name}: is being trained; stop it first")


def _row(folder: Path) -> RunRow:
    """What its events say; where they are damaged, nothing."""
    return Reading(folder).row(_files(folder))


def _files(folder: Path) -> tuple[RunFile, ...]:
    try:
        return files_of(folder)
    except OSError as error:
        raise RunError(f"{folder}: cannot be listed ({error.strerror or error})") from None


def _unlink(folder: Path, files: Iterable[RunFile]) -> int:
    """Takes files away, by name in the folder that was opened: nobody can put a link in its place between."""
    freed = 0
    here = _opened(folder)
    try:
        for file in files:
            where = file.name if here is not None else folder / file.name
            try:
                found = os.stat(where, dir_fd=here, follow_symlinks=False)
                if not stat.S_ISREG(found.st_mode):
                    continue
                os.unlink(where, dir_fd=here)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise RunWriteError(
                    f"{folder / file.name}: cannot be deleted ({error.strerror or error})"
                ) from None
            freed += found.st_size if found.st_nlink == 1 else 0
    finally:
        if here is not None:
            os.close(here)
    return freed


def _opened(folder: Path) -> int | None:
    """The folder itself, where the system can delete by it; None elsewhere (Windows)."""
    if os.unlink not in os.supports_dir_fd:
        return None
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(folder, flags)
    except OSError as error:
        raise RunError(f"{folder}: cannot be opened ({error.strerror or error})") from None
