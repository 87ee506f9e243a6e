"""A run's event log: only whole lines are ever in the file, even if writing fails."""

import os
import time
from pathlib import Path

import msgspec

from cnnplay.spec.events import Event, Started, Stepped
from cnnplay.spec.json_values import json_values

EVERY = 0.5
"""Steps are flushed at least every so many seconds: somebody may be following the file."""
ROOM = 2**20
"""Bytes of lines that may wait for disk space; beyond that, steps (and only steps) are dropped."""
ALL = 50_000
"""The first steps, all of which are recorded. Up to twice as many, every second step is; up to four times as
many, every fourth: each doubling of the run's length adds half as many lines as these steps."""


def stride(step: int) -> int:
    """One in `stride` steps is recorded around this one: all steps of a run of days would fill the disk.
    Readers see from the step numbers that some are missing."""
    return 1 << max((step - 1) // ALL, 0).bit_length()


def recorded(step: int) -> bool:
    """Whether a step is recorded."""
    return step % stride(step) == 0


class EventLog:
    """Appends events: all but the steps that are not `recorded`. The first step after the run started or
    resumed is always recorded, to say where it did.

    A line that could not be written completely is removed and retried later, so that the file never has a
    partial line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._waiting: list[tuple[bytes, bool]] = []
        self._bytes = 0
        self._due = 0.0
        self._first = True
        """Whether the next step is the first since the run started or resumed."""

    def append(self, event: Event) -> None:
        """Buffers steps and writes other events at once. OSError if they cannot be written: they are kept for
        the next try."""
        step = isinstance(event, Stepped)
        if isinstance(event, Stepped):
            if not (self._first or recorded(event.step)):
                return
            self._first = False
        elif isinstance(event, Started):
            self._first = True
        line = msgspec.json.encode(json_values(event)) + b"\n"
        self._waiting.append((line, step))
        self._bytes += len(line)
        if not step or time.monotonic() >= self._due or self._bytes > ROOM:
            self.flush()

    def flush(self) -> None:
        """Writes what is buffered. OSError if it cannot be written."""
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
        """Writes what is buffered and closes the file. OSError if it cannot be written."""
        try:
            self.flush()
        finally:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _opened(self) -> int:
        """Opens the file after its last whole line, without a line that a kill cut off."""
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
    """The offset at which the last whole line ends."""
    end, block = size, 2**16
    while end > 0:
        start = max(0, end - block)
        os.lseek(handle, start, os.SEEK_SET)
        found = os.read(handle, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
