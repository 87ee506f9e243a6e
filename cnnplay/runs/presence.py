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


class Presence:
    """Holds a run's lock until `release`. Never raises: a run goes on where no lock can be had."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._handle: int | None = None
        with suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
            self._handle = os.open(self._path, flags, 0o666)
            if not _lock(self._handle, alone=True):
                os.close(self._handle)
                self._handle = None

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
    finally:
        os.close(handle)


def is_lately(events_written: float) -> bool:
    """Whether events that were written then make a run without a lock count as on."""
    return 0 <= time.time() - events_written < LATELY


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, alone: bool) -> bool:
        """Locks a byte; Windows' locks are never shared."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            if not alone:
                msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int, alone: bool) -> bool:
        """Locks the file, shared among those who only look; the lock goes when the file is closed."""
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return alone is False  # no locks here: nobody can hold one
        return True
