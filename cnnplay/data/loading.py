"""Loading a data set: its progress, its cancellation, and threads that read files."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeAlias, TypeVar

from cnnplay.data.images import DataError

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how much is done, and of how much."""
Cancelled: TypeAlias = Callable[[], bool]
T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 64


class LoadCancelled(DataError):
    """The user cancelled loading the data set."""


class FileReaders:
    """Threads that work on files, several at a time. They report progress, and can be cancelled."""

    def __init__(self, total: int, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self.total = total
        """How many files there are to work on; may grow."""
        self._done, self._progress, self._cancelled = 0, progress, cancelled
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "cnnplay-decode")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[], Callable[[T], R]], files: Sequence[T]) -> Iterator[R]:
        """What is made of each file, in order. `work` is asked now and then what to do with the next ones.

        Raises LoadCancelled once the user cancelled.
        """
        for first in range(0, len(files), _AT_ONCE):
            part = files[first : first + _AT_ONCE]
            self._raise_if_cancelled()
            for found in self._pool.map(work(), part):
                self._raise_if_cancelled()  # a single image may take a second
                yield found
            self._done += len(part)
            if self._progress is not None:
                self._progress(self._done, self.total)

    def _raise_if_cancelled(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise LoadCancelled("loading was cancelled")
