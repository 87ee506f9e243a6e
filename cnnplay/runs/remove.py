"""Deleting runs, or files of theirs that are no longer needed. Only regular files that a run is known to have
are ever deleted: links are not followed and stay, and so does anything else in the folder.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from cnnplay.runs.files import RECORD, Kind, RunFile, files_of
from cnnplay.runs.record import RunError, RunWriteError
from cnnplay.runs.row import RunRow
from cnnplay.runs.summary import RunReader, read_record
from cnnplay.runs.writer_lock import is_being_written

Cleanup: TypeAlias = Literal["best only", "checkpoints"]
"""What to clean up: all but the best weights; or the checkpoints of finished runs."""

CLEANED_KINDS: dict[Cleanup, frozenset[Kind]] = {
    "best only": frozenset({"last", "checkpoint", "left"}),
    "checkpoints": frozenset({"checkpoint", "left"}),
}


class Removed(NamedTuple):
    """Freed bytes, and what stays in the folder because it does not belong to the run."""

    bytes: int = 0
    stays: tuple[str, ...] = ()


def deletable(folder: Path) -> tuple[RunFile, ...]:
    """The files that deleting the run would delete. RunError if it must not be deleted."""
    _check(folder)
    return _files(folder)


def delete(folder: Path) -> Removed:
    """Deletes a run's files, and its folder if nothing else is in it. run.json is deleted last, so that after
    a kill the folder still counts as a run. RunError if it must not be deleted, RunWriteError from the disk.
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


def cleanable(folder: Path, cleanup: Cleanup) -> tuple[RunFile, ...]:
    """The files that cleaning up would delete; none if the run needs them to resume.

    RunError if the folder is not a run, or is being trained.
    """
    _check(folder)
    files = _files(folder)
    kinds = {file.kind for file in files}
    if cleanup == "best only" and "best" not in kinds:
        return ()
    if cleanup == "checkpoints" and _row(folder).ended not in ("done", "stopped"):
        return ()
    return tuple(file for file in files if file.kind in CLEANED_KINDS[cleanup])


def clean_up(folder: Path, cleanup: Cleanup) -> Removed:
    """Deletes what `cleanable` returns. RunError, RunWriteError."""
    return Removed(_unlink(folder, cleanable(folder, cleanup)))


def _check(folder: Path) -> None:
    """RunError unless it is the folder of a run that nobody is writing."""
    try:
        found = folder.lstat()
    except OSError as error:
        raise RunError(f"{folder}: cannot be read ({error.strerror or error})") from None
    if not stat.S_ISDIR(found.st_mode):
        raise RunError(f"{folder}: expected a run folder; found a link or a file")
    read_record(folder)
    row = _row(folder)
    if row.ended not in ("done", "stopped", "failed") and is_being_written(folder, row.written):
        raise RunError(f"{folder.name}: is being trained; stop it first")


def _row(folder: Path) -> RunRow:
    """The run's row; mostly empty if its events are damaged."""
    return RunReader(folder).row(_files(folder))


def _files(folder: Path) -> tuple[RunFile, ...]:
    try:
        return files_of(folder)
    except OSError as error:
        raise RunError(f"{folder}: cannot be listed ({error.strerror or error})") from None


def _unlink(folder: Path, files: Iterable[RunFile]) -> int:
    """Deletes files relative to the opened folder, so that nobody can swap it for a link meanwhile."""
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
    """A descriptor of the folder, if the system can delete relative to one; else None (Windows)."""
    if os.unlink not in os.supports_dir_fd:
        return None
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(folder, flags)
    except OSError as error:
        raise RunError(f"{folder}: cannot be opened ({error.strerror or error})") from None
