"""Reading untrusted files: only regular files, and only up to a size limit."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from cnnplay.data.memory import available_bytes
from cnnplay.runs.record import RunError


def open_regular_file(path: Path) -> BinaryIO:
    """Opens a regular file, also through a link. Reading a pipe or a device could block forever.

    RunError if it is not a regular file, OSError from the disk.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RunError(f"{path}: expected a regular file; found a folder, a pipe or a device")
    return os.fdopen(handle, "rb")


def read_limited(path: Path, most: int, longer: str) -> bytes:
    """The content of a regular file of at most `most` bytes. RunError, with the text `longer`, if it is
    larger; RunError if it is not a regular file; OSError from the disk.
    """
    with open_regular_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RunError(f"{path}: {longer}; refused")
    return content


def check_memory(path: Path, needed: int) -> None:
    """RunError if reading the file needs more memory than is free."""
    free = available_bytes()
    if needed > free:
        raise RunError(f"{path}: needs {needed:,} bytes of memory; {free:,} are free")
