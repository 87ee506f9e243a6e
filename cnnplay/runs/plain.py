"""Reading files that anybody may have put there: plain ones alone, and none longer than it may be."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from cnnplay.data.memory import available_bytes
from cnnplay.runs.record import RunError


def open_plain(path: Path) -> BinaryIO:
    """A plain file, wherever a link leads: a pipe or a device could keep its reader waiting for ever.

    RunError where it is none, OSError from the disk.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RunError(f"{path}: expected a plain file; found a folder, a pipe or a device")
    return os.fdopen(handle, "rb")


def content_of(path: Path, most: int, longer: str) -> bytes:
    """What is in a plain file of at most so many bytes. RunError, with `longer` as its words, where there are
    more, and where it is no plain file; OSError from the disk.
    """
    with open_plain(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RunError(f"{path}: {longer}; refused")
    return content


def check_room(path: Path, needed: int) -> None:
    """RunError where what is read from there needs more bytes than are free."""
    free = available_bytes()
    if needed > free:
        raise RunError(f"{path}: its {needed:,} bytes do not fit into the {free:,} of free memory")
