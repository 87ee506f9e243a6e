"""Columns of numbers that grow without being copied at each append."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]


class Series:
    """Several columns of equal length. Reading gives views, which later appends leave as they are."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._names = {name: index for index, name in enumerate(columns)}
        self._room = np.empty((len(self._names), 256), dtype=np.float64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> Floats:
        """The column so far. KeyError when there is none of that name."""
        return self._room[self._names[name], : self._length]

    def cut(self, length: int) -> None:
        """Keeps the first `length` rows. The rest moves nowhere: views given out before keep it."""
        if length < self._length:
            self._room, self._length = self._room.copy(), length

    @property
    def columns(self) -> Floats:
        """All of them, one below the other."""
        return self._room[:, : self._length]

    def replace(self, columns: Floats) -> None:
        """Puts other rows in the place of all; views given out before keep the old ones."""
        self._room, self._length = columns.copy(), columns.shape[1]

    def extend(self, rows: Sequence[Sequence[float]]) -> None:
        """Appends rows, each with one number a column, in the columns' order."""
        if rows:
            self.append(np.asarray(rows, dtype=np.float64).T)

    def append(self, columns: Floats) -> None:
        """Appends columns, one below the other."""
        needed = self._length + columns.shape[1]
        if needed > self._room.shape[1]:
            # A new block, twice as large: views given out before keep the old one alive and unchanged.
            room = np.empty((self._room.shape[0], max(needed, 2 * self._room.shape[1])), dtype=np.float64)
            room[:, : self._length] = self._room[:, : self._length]
            self._room = room
        self._room[:, self._length : needed] = columns
        self._length = needed
