"""CIFAR's binary version: a gzipped tar archive of records, each with label bytes followed by three color
planes.

The archive is read from front to back and nothing is written to disk: members with the expected name and size
are read into memory allocated for what is expected. The total unpacked size is limited, however small the
compressed archive is.
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
"""At most this many bytes beyond the images are read: headers, file names, padding."""
_RECORDS = 1024

Bytes = NDArray[np.uint8]


def read_cifar(
    path: Path,
    members: tuple[Member, ...],
    shape: tuple[int, int, int],
    label_bytes: int,
    check_cancelled: Callable[[], None] = lambda: None,
) -> tuple[Bytes, Bytes]:
    """Reads (images N × H × W × C, labels N), the members one after another in the given order.

    Raises DataError, naming the place, if a member is missing or has another size.
    """
    record = label_bytes + prod(shape)
    count = sum(member.images for member in members)
    images = np.empty((count, shape[1], shape[2], shape[0]), np.uint8)
    labels = np.empty(count, np.uint8)
    starts = np.cumsum([0, *(member.images for member in members)])
    wanted = {member.name: (int(start), member) for start, member in zip(starts, members, strict=False)}
    try:
        with gzip.open(path) as unpacked:
            bounded = _Bounded(cast(IO[bytes], unpacked), count * record + SLACK, path)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]
                for entry in archive:
                    if entry.name in wanted:
                        start, member = wanted.pop(entry.name)
                        _check(entry, member, record, path)
                        end = start + member.images
                        source = cast(IO[bytes], archive.extractfile(entry))
                        place = f"{path}, {member.name}"
                        _records(
                            source, images[start:end], labels[start:end], label_bytes, place, check_cancelled
                        )
                    check_cancelled()
    except DataError:
        raise
    except (
        *(EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, ValueError, LookupError),
        RecursionError,  # headers that continue one another
    ) as error:
        raise DataError(f"{path}: expected a whole tar.gz archive; found a damaged one ({error})") from None
    if wanted:
        raise DataError(f"{path}: expected the file {next(iter(wanted))} in the archive; found none")
    return images, labels


def _check(entry: tarfile.TarInfo, member: Member, record: int, path: Path) -> None:
    expected = member.images * record
    if not entry.isreg():
        raise DataError(f"{path}, {member.name}: expected a regular file; found a link or a folder")
    if entry.size != expected:
        raise DataError(f"{path}, {member.name}: expected {expected:,} bytes; found {entry.size:,}")


def _records(
    source: IO[bytes],
    images: Bytes,
    labels: Bytes,
    label_bytes: int,
    place: str,
    check_cancelled: Callable[[], None],
) -> None:
    count, height, width, channels = images.shape
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
        images[start:end] = planes.transpose(0, 2, 3, 1)
        check_cancelled()


class _Bounded:
    """Limits how many bytes are read: a few compressed megabytes could unpack to terabytes."""

    def __init__(self, source: IO[bytes], most: int, path: Path) -> None:
        self._source, self._most, self._path = source, most, path
        self._left = most

    def read(self, count: int) -> bytes:
        if count > self._left:
            raise DataError(f"{self._path}: expected at most {self._most:,} bytes unpacked; found more")
        content = self._source.read(count)
        self._left -= len(content)
        return content
