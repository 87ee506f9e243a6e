"""Whether somebody is writing a run: a lock that the system lets go with the process, however it ends.

Whoever writes a run holds a lock on ``writer.lock`` in its folder. Where no such file lies (an older program,
a file system without locks) the events' age has to do.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LOCK = "writer.lock"
LATELY = 120.0
"""Seconds. Without a lock, a run whose events were written to within them is taken for one that is on."""


PATIENCE, PAUSE = 0.1, 0.005
"""Seconds for which a lock is tried again, and between two tries: who only looks has it for a moment."""


class Presence:
    """Holds a run's lock until `release`. Never raises: a run goes on where no lock can be had.

    `refused`: there are locks, and somebody else holds this one.
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
        """One try. OSError where there are no locks."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self._path, flags, 0o666)
        try:
            # Whoever held it may have taken the file away: the next one would lock another.
            if _lock(handle, alone=True) and _lies_at(self._path, handle):
                self._handle = handle
        finally:
            if not self.held:
                os.close(handle)
        return self.held

    @property
    def held(self) -> bool:
        return self._handle is not None

    def release(self, keep: bool = False) -> None:
        """Lets go; the file goes too, so that a finished run holds none, unless it is to be kept."""
        if self._handle is not None:
            if sys.platform != "win32" and not keep:  # there an open file cannot be taken away
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


def is_written(folder: Path, events_written: float) -> bool:
    """Whether somebody writes that run now. `events_written`: when its events were last (seconds, epoch)."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return is_lately(events_written)
    except OSError:
        return False
    try:
        return not _lock(handle, alone=False)
    except OSError:  # no locks here: nobody can hold one
        return False
    finally:
        os.close(handle)


def is_lately(events_written: float) -> bool:
    """Whether events that were written then make a run without a lock count as on."""
    return 0 <= time.time() - events_written < LATELY


def _lies_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, alone: bool) -> bool:
        """Locks a byte; Windows' locks are never shared. False where another has it, OSError where there are
        no locks.
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
        """Locks the file, shared among those who only look; the lock goes when the file is closed. False
        where another has it, OSError where there are no locks.
        """
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
