"""A run's events on disk: whole lines appended to one file, whatever the disk does meanwhile."""

import os
import time
from pathlib import Path

import msgspec

from cnnplay.spec.events import Event, Started, Stepped
from cnnplay.spec.portable import portable

EVERY = 0.5
"""Seconds after which steps reach the system at the latest: somebody may be following the file."""
ROOM = 2**20
"""Bytes of lines that wait for room on the disk; of more, steps are given up, and nothing else."""
ALL = 50_000
"""So many first steps are all recorded. Of the steps up to twice as many every second is, up to four times as
many every fourth: with each doubling of the run its steps take half as many lines as these took."""


def stride(step: int) -> int:
    """Of so many steps around this one, one has a line: all of a run that goes on for days would fill the
    disk. A reader sees by the steps' numbers that some were left out."""
    return 1 << max((step - 1) // ALL, 0).bit_length()


def recorded(step: int) -> bool:
    """Whether a step has a line."""
    return step % stride(step) == 0


class EventLog:
    """Appends events: all but those of the steps that are not `recorded`, of which the first after the run
    began or went on is there in any case, to say where it did.

    A line that the disk does not take whole is taken back and waits for the next try, so that the file never
    holds a part of one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._waiting: list[tuple[bytes, bool]] = []
        self._bytes = 0
        self._due = 0.0
        self._first = True
        """Whether the next step is the first since the run began or went on."""

    def append(self, event: Event) -> None:
        """Single steps are gathered, all else reaches the system at once. OSError where it cannot: the event
        then waits."""
        step = isinstance(event, Stepped)
        if isinstance(event, Stepped):
            if not (self._first or recorded(event.step)):
                return
            self._first = False
        elif isinstance(event, Started):
            self._first = True
        line = msgspec.json.encode(portable(event)) + b"\n"
        self._waiting.append((line, step))
        self._bytes += len(line)
        if not step or time.monotonic() >= self._due or self._bytes > ROOM:
            self.flush()

    def flush(self) -> None:
        """Writes what waits. OSError where it cannot be."""
        self._due = time.monotonic() + EVERY
        if not self._waiting:
            return
        try:
            if self._handle is None:
                self._handle = self._opened()
            self._write(b"".join(line for line, _ in self._waiting))
        except OSError:
            if self._bytes > ROOM:
                self._waiting = [entry for entry in self._waiting if not entry[1]]
                self._bytes = sum(len(line) for line, _ in self._waiting)
            raise
        self._waiting.clear()
        self._bytes = 0

    def close(self) -> None:
        """Writes what waits, and lets go of the file. OSError where it cannot be written."""
        try:
            self.flush()
        finally:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _opened(self) -> int:
        """The file, at its end: behind its last whole line, where a kill has cut one short."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        handle = os.open(self._path, flags, 0o666)
        try:
            size = os.fstat(handle).st_size
            whole = _whole_lines(handle, size)
            if whole < size:
                os.ftruncate(handle, whole)
            os.lseek(handle, whole, os.SEEK_SET)
        except OSError:
            os.close(handle)
            raise
        return handle

    def _write(self, content: bytes) -> None:
        assert self._handle is not None
        start, left = os.lseek(self._handle, 0, os.SEEK_CUR), memoryview(content)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError:
            os.ftruncate(self._handle, start)
            os.lseek(self._handle, start, os.SEEK_SET)
            raise


def _whole_lines(handle: int, size: int) -> int:
    """Where the last whole line ends."""
    end, block = size, 2**16
    while end > 0:
        start = max(0, end - block)
        os.lseek(handle, start, os.SEEK_SET)
        found = os.read(handle, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
