"""Opening files from outside: only regular ones. Reading a pipe or a device could block forever."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotRegularFile(OSError):
    """The path leads to a folder, a pipe or a device."""

    def __init__(self, path: Path) -> None:
        message = "expected a regular file; found a folder, a pipe or a device"
        super().__init__(errno.EINVAL, message, str(path))


def open_regular(path: Path) -> BinaryIO:
    """Opens a regular file for reading, also through a link. OSError, NotRegularFile for anything else."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotRegularFile(path)
    return os.fdopen(handle, "rb")
