"""Columns of numbers that grow without a copy at each append."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]


class Series:
    """Several columns of equal length. Reading returns views, which later appends do not change."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._names = {name: index for index, name in enumerate(columns)}
        self._buffer = np.empty((len(self._names), 256), dtype=np.float64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> Floats:
        """The values of a column. KeyError for an unknown name."""
        return self._buffer[self._names[name], : self._length]

    def cut(self, length: int) -> None:
        """Keeps the first `length` rows. Views returned before keep the rest."""
        if length < self._length:
            self._buffer, self._length = self._buffer.copy(), length

    @property
    def columns(self) -> Floats:
        """All columns, columns × rows."""
        return self._buffer[:, : self._length]

    def replace(self, columns: Floats) -> None:
        """Replaces all rows; views returned before keep the old ones."""
        self._buffer, self._length = columns.copy(), columns.shape[1]

    def extend(self, rows: Sequence[Sequence[float]]) -> None:
        """Appends rows, each with one number per column, in the order of the columns."""
        if rows:
            self.append(np.asarray(rows, dtype=np.float64).T)

    def append(self, columns: Floats) -> None:
        """Appends values, columns × rows."""
        needed = self._length + columns.shape[1]
        if needed > self._buffer.shape[1]:
            # A new array, twice as large: views returned before keep the old one, unchanged.
            buffer = np.empty(
                (self._buffer.shape[0], max(needed, 2 * self._buffer.shape[1])), dtype=np.float64
            )
            buffer[:, : self._length] = self._buffer[:, : self._length]
            self._buffer = buffer
        self._buffer[:, self._length : needed] = columns
        self._length = needed
