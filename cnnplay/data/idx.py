"""IDX, the format of MNIST and similar data sets: a magic number, the sizes, then bytes; here always gzipped.

The magic number is 0, 0, the type (8: unsigned bytes) and the number of sizes, each of which is a big-endian
32-bit integer. Memory is only allocated for the expected shape, after the file's sizes have matched it.
"""

import gzip
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.images import DataError

UNSIGNED_BYTES = 8
_BLOCK = 2**20


def read_idx(
    path: Path, shape: tuple[int, ...], check_cancelled: Callable[[], None] = lambda: None
) -> NDArray[np.uint8]:
    """The bytes of a gzipped IDX file of this shape. Raises DataError, naming the place, if it has another
    one.

    `check_cancelled` is called after every megabyte and may raise.
    """
    try:
        with gzip.open(path) as file:
            return _read(cast(BinaryIO, file), path, shape, check_cancelled)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: expected a whole gzip file; found a damaged one ({error})") from None


def _read(
    file: BinaryIO, path: Path, shape: tuple[int, ...], check_cancelled: Callable[[], None]
) -> NDArray[np.uint8]:
    magic = _exactly(file, 4, path, "the magic number")
    expected = bytes((0, 0, UNSIGNED_BYTES, len(shape)))
    if magic != expected:
        raise DataError(
            f"{path}, byte 0: expected the magic number {expected.hex(' ')} (unsigned bytes, {len(shape)} "
            f"sizes); found {magic.hex(' ')}"
        )
    sizes = _exactly(file, 4 * len(shape), path, "the sizes")
    found = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, len(sizes), 4))
    if found != shape:
        raise DataError(f"{path}, byte 4: expected the sizes {_times(shape)}; found {_times(found)}")
    result = np.empty(shape, np.uint8)
    _fill(file, result.data.cast("B"), path, check_cancelled)
    if file.read(1):
        whole = len(magic) + len(sizes) + prod(shape)
        raise DataError(f"{path}, byte {whole:,}: expected the file's end; found more bytes")
    return result


def _fill(file: BinaryIO, place: memoryview, path: Path, check_cancelled: Callable[[], None]) -> None:
    done = 0
    while done < len(place):
        count = cast(int, file.readinto(place[done : done + _BLOCK]))  # type: ignore[attr-defined]
        if not count:
            raise DataError(f"{path}: expected {len(place):,} bytes of content; found {done:,}")
        done += count
        check_cancelled()


def _exactly(file: BinaryIO, count: int, path: Path, what: str) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise DataError(f"{path}: expected {what}, {count} bytes; found {len(found)} before the end")
    return found


def _times(sizes: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)
