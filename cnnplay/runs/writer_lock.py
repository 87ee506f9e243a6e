"""Whether a process is writing a run: a file lock, which the system releases however the process ends.

The writer of a run holds a lock on ``writer.lock`` in its folder. Without that file (an older program, a file
system without locks) the age of the events decides.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LOCK = "writer.lock"
RECENT = 120.0
"""Seconds. Without a lock file, a run whose events were written this recently counts as active."""


PATIENCE, PAUSE = 0.1, 0.005
"""Seconds to keep trying for a lock, and between two tries: a reader holds it for a moment."""


class WriterLock:
    """Holds a run's lock until `release`. Never raises: a run works without a lock.

    `refused`: locks work here, and another process holds this one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._handle: int | None = None
        self.refused = False
        until = time.monotonic() + PATIENCE
        with suppress(OSError):
            while not self._take():
                if time.monotonic() >= until:
                    self.refused = True
                    return
                time.sleep(PAUSE)

    def _take(self) -> bool:
        """Tries once. OSError if the file system has no locks."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self._path, flags, 0o666)
        try:
            # The previous holder may have deleted the file: then this would lock a different one.
            if _lock(handle, alone=True) and _is_same_file(self._path, handle):
                self._handle = handle
        finally:
            if not self.held:
                os.close(handle)
        return self.held

    @property
    def held(self) -> bool:
        return self._handle is not None

    def release(self, keep: bool = False) -> None:
        """Releases the lock and, unless `keep`, deletes the file, so that a finished run has none."""
        if self._handle is not None:
            if sys.platform != "win32" and not keep:  # Windows cannot delete an open file
                with suppress(OSError):
                    self._path.unlink()
            os.close(self._handle)
            self._handle = None
            if sys.platform == "win32" and not keep:
                with suppress(OSError):
                    self._path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_being_written(folder: Path, events_written: float) -> bool:
    """Whether a process is writing that run now. `events_written`: when its events were last written (Unix
    time)."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return is_recent(events_written)
    except OSError:
        return False
    try:
        return not _lock(handle, alone=False)
    except OSError:  # no locks on this file system: nobody can hold one
        return False
    finally:
        os.close(handle)


def is_recent(events_written: float) -> bool:
    """Whether events written at that time make a run without a lock file count as active."""
    return 0 <= time.time() - events_written < RECENT


def _is_same_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, alone: bool) -> bool:
        """Locks a byte; Windows has no shared locks. False if another process holds it, OSError if the file
        system has no locks.
        """
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            if not alone:
                msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int, alone: bool) -> bool:
        """Locks the file, exclusively (`alone`) or shared, until it is closed. False if another process holds
        it, OSError if the file system has no locks.
        """
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
