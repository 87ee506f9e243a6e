"""Reading untrusted files: only regular files, and only up to a size limit."""

from pathlib import Path
from typing import BinaryIO

from cnnplay.data.memory import available_bytes
from cnnplay.data.regular_file import NotRegularFile, open_regular
from cnnplay.runs.record import RunError


def open_regular_file(path: Path) -> BinaryIO:
    """Opens a regular file, also through a link. Reading a pipe or a device could block forever.

    RunError if it is not a regular file, OSError from the disk.
    """
    try:
        return open_regular(path)
    except NotRegularFile as error:
        raise RunError(f"{path}: {error.strerror}") from None


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
