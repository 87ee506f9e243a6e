"""CIFAR's binary version: a gzipped tar archive of records, label bytes and then the three colour planes.

The archive is read from front to back and nothing of it is written to the disk: of its members those that
are expected by name and size are read, into memory that was taken for what is expected. What an archive may
hold besides is bounded, however little of it there is while it is packed.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.images import DataError
from cnnplay.data.sources import Member

SLACK = 4 * 2**20
"""So many bytes beyond the pictures are read at most: headers, lists of names, padding."""
_RECORDS = 1024

Bytes = NDArray[np.uint8]


def read_cifar(
    path: Path,
    members: tuple[Member, ...],
    shape: tuple[int, int, int],
    label_bytes: int,
    breathe: Callable[[], None] = lambda: None,
) -> tuple[Bytes, Bytes]:
    """(pictures N × H × W × C, labels N), the members one behind the other in the order that is given.

    DataError, with the place, for an archive that lacks one, or has one of another size.
    """
    record = label_bytes + prod(shape)
    count = sum(member.pictures for member in members)
    pictures = np.empty((count, shape[1], shape[2], shape[0]), np.uint8)
    labels = np.empty(count, np.uint8)
    starts = np.cumsum([0, *(member.pictures for member in members)])
    wanted = {member.name: (int(start), member) for start, member in zip(starts, members, strict=False)}
    try:
        with gzip.open(path) as unpacked:
            bounded = _Bounded(cast(IO[bytes], unpacked), count * record + SLACK, path)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]
                for entry in archive:
                    if entry.name in wanted:
                        start, member = wanted.pop(entry.name)
                        _check(entry, member, record, path)
                        end = start + member.pictures
                        source = cast(IO[bytes], archive.extractfile(entry))
                        place = f"{path}, {member.name}"
                        _records(source, pictures[start:end], labels[start:end], label_bytes, place, breathe)
                    breathe()
    except DataError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, ValueError, LookupError) as error:
        raise DataError(f"{path}: expected a whole tar.gz archive; found a damaged one ({error})") from None
    if wanted:
        raise DataError(f"{path}: expected the file {next(iter(wanted))} in the archive; found none")
    return pictures, labels


def _check(entry: tarfile.TarInfo, member: Member, record: int, path: Path) -> None:
    expected = member.pictures * record
    if not entry.isreg():
        raise DataError(f"{path}, {member.name}: expected a plain file; found a link or a folder")
    if entry.size != expected:
        raise DataError(f"{path}, {member.name}: expected {expected:,} bytes; found {entry.size:,}")


def _records(
    source: IO[bytes],
    pictures: Bytes,
    labels: Bytes,
    label_bytes: int,
    place: str,
    breathe: Callable[[], None],
) -> None:
    count, height, width, channels = pictures.shape
    record = label_bytes + height * width * channels
    for start in range(0, count, _RECORDS):
        end = min(start + _RECORDS, count)
        content = source.read((end - start) * record)
        if len(content) != (end - start) * record:
            found = start * record + len(content)
            raise DataError(f"{place}: expected {count * record:,} bytes; found the end after {found:,}")
        rows = np.frombuffer(content, np.uint8).reshape(end - start, record)
        labels[start:end] = rows[:, label_bytes - 1]
        planes = rows[:, label_bytes:].reshape(-1, channels, height, width)
        pictures[start:end] = planes.transpose(0, 2, 3, 1)
        breathe()


class _Bounded:
    """Reads no more than so many bytes: a few packed megabytes may stand for terabytes of nothing."""

    def __init__(self, source: IO[bytes], most: int, path: Path) -> None:
        self._source, self._most, self._path = source, most, path
        self._left = most

    def read(self, count: int) -> bytes:
        if count > self._left:
            raise DataError(f"{self._path}: expected at most {self._most:,} bytes unpacked; found more")
        content = self._source.read(count)
        self._left -= len(content)
        return content
