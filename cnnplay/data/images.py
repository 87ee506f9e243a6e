"""A data set as the program knows it: pictures, their classes, and which part each belongs to."""

from copy import copy
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""H × W × C, 0…255; C is 1 (grey) or 3 (red, green, blue)."""

Indices: TypeAlias = NDArray[np.int64]
Split: TypeAlias = Literal["validation", "train", "test", "all"]


class DataError(ValueError):
    """Data that cannot be used; the message is for people: what, where, expected and found."""


class Pictures(Protocol):
    """Where pictures come from: an array N × H × W × C, or files that are decoded when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Picture: ...


class ImageSet:
    """Pictures with labels and a fixed split. Nothing in it changes, so threads may share it.

    `labels` are indices into `classes`; `train`, `validation` and `test` are indices of pictures. `shape` is
    (C, H, W), or None where the sizes are mixed. `problems` names what was left out, a line each. `mark` is
    another one wherever other pictures validate, `contents` nearly always where any picture is another; both
    are "" where they are always the same.
    """

    def __init__(
        self,
        *,
        key: str,
        title: str,
        classes: tuple[str, ...],
        pictures: Pictures,
        labels: Indices,
        train: Indices,
        validation: Indices,
        shape: tuple[int, int, int] | None,
        channels: int,
        test: Indices | None = None,
        problems: tuple[str, ...] = (),
        mark: str = "",
        contents: str = "",
    ) -> None:
        self.key = key
        self.title = title
        self.classes = classes
        self.labels = labels
        self.train = train
        self.validation = validation
        self.test = np.empty(0, np.int64) if test is None else test
        self.shape = shape
        self.channels = channels
        self.problems = problems
        self.mark = mark
        self.contents = contents
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def run_size(self) -> int:
        """So many of the first pictures hold all that a run uses: a test part behind them stays untouched."""
        if not len(self.test):
            return len(self)
        return 1 + max((int(part.max()) for part in (self.train, self.validation) if len(part)), default=-1)

    def picture(self, index: int) -> Picture:
        """The picture as it is, H × W × C. DataError where its file can no longer be read."""
        return self._pictures[index]

    @property
    def array(self) -> NDArray[np.uint8] | None:
        """All pictures as one array N × H × W × C, where they lie in memory so; else None."""
        return self._pictures if isinstance(self._pictures, np.ndarray) else None

    def indices(self, split: Split) -> Indices:
        """The pictures of one part. DataError where the data set has none."""
        if split == "all":
            return np.arange(len(self), dtype=np.int64)
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        if split not in parts:
            raise DataError(f"split must be validation, train, test or all; got {split}")
        if not len(parts[split]):
            raise DataError(f"{self.title} has no {split} part")
        return parts[split]

    def in_order_of(self, classes: tuple[str, ...]) -> "ImageSet":
        """The same pictures with the same classes in another order. DataError where the names differ."""
        if classes == self.classes:
            return self
        if sorted(classes) != sorted(self.classes) or len(set(classes)) != len(classes):
            raise DataError(
                f"{self.title}: expected the classes that were learned, {_listed(classes, self.classes)}; "
                f"found {_listed(self.classes, classes)}"
            )
        places = np.array([classes.index(name) for name in self.classes], np.int64)
        ordered = copy(self)
        ordered.classes, ordered.labels = classes, places[self.labels]
        return ordered

    def counts(self) -> tuple[int, ...]:
        """How many pictures each class has."""
        return tuple(int(n) for n in np.bincount(self.labels, minlength=len(self.classes)))


def _listed(names: tuple[str, ...], others: tuple[str, ...], most: int = 8) -> str:
    """The names; of many, those first that the others lack."""
    if len(names) > most:
        known = set(others)
        names = tuple(sorted(names, key=known.__contains__))
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
