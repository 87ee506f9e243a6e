"""How the network judged the validation pictures: what it confuses, and where it is surest and wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

Integers = npt.NDArray[np.int64]


class Verdict(NamedTuple):
    """The picture number `picture`, of class `truth`, was taken for `predicted` with that probability."""

    picture: int
    truth: int
    predicted: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdict on N pictures of `images`: their indices, true and predicted classes, confidences.

    `confusion[t, p]` counts the pictures of class t that were taken for p. `epoch` is 0 outside a run.
    """

    images: ImageSet
    indices: Integers
    truths: Integers
    predicted: Integers
    confidence: npt.NDArray[np.float32]
    confusion: Integers
    epoch: int = 0

    @property
    def accuracy(self) -> float:
        return float((self.truths == self.predicted).mean()) if len(self.truths) else 0.0

    def name(self, number: int) -> str:
        """A class's name; the network may tell more classes apart than the data set has."""
        classes = self.images.classes
        return classes[number] if number < len(classes) else f"class {number + 1}"

    def mistakes(self, most: int | None = None) -> tuple[Verdict, ...]:
        """The wrongly classified, the surest first; at most `most` of them."""
        wrong = np.flatnonzero(self.truths != self.predicted)
        order = wrong[np.argsort(-self.confidence[wrong], kind="stable")]
        return tuple(self._verdict(int(at)) for at in order[:most])

    def cell(self, truth: int, predicted: int) -> tuple[Verdict, ...]:
        """The pictures of one cell of the confusion, the surest first."""
        inside = np.flatnonzero((self.truths == truth) & (self.predicted == predicted))
        order = inside[np.argsort(-self.confidence[inside], kind="stable")]
        return tuple(self._verdict(int(at)) for at in order)

    def _verdict(self, at: int) -> Verdict:
        return Verdict(
            int(self.indices[at]), int(self.truths[at]), int(self.predicted[at]), float(self.confidence[at])
        )


class Tally:
    """A verdict that is made batch by batch: of each picture one class and one number are kept."""

    def __init__(self) -> None:
        self._indices: list[Integers] = []
        self._predicted: list[Integers] = []
        self._confidence: list[npt.NDArray[np.float32]] = []
        self._classes = 0

    def __len__(self) -> int:
        return sum(map(len, self._indices))

    def add(self, indices: npt.ArrayLike, probabilities: npt.NDArray[np.floating]) -> None:
        """A batch of pictures, and their probabilities N × C."""
        predicted = probabilities.argmax(axis=1).astype(np.int64)
        self._indices.append(np.asarray(indices, np.int64))
        self._predicted.append(predicted)
        self._confidence.append(probabilities[np.arange(len(predicted)), predicted].astype(np.float32))
        self._classes = max(self._classes, probabilities.shape[1])

    def verdict(self, images: ImageSet, epoch: int = 0) -> Judged:
        """What was added so far. ValueError where that is nothing."""
        indices, predicted = np.concatenate(self._indices), np.concatenate(self._predicted)
        truths = images.labels[indices].astype(np.int64)
        classes = max(self._classes, int(truths.max(initial=-1)) + 1)
        confusion = np.zeros((classes, classes), np.int64)
        np.add.at(confusion, (truths, predicted), 1)
        return Judged(images, indices, truths, predicted, np.concatenate(self._confidence), confusion, epoch)


def judged(
    images: ImageSet, indices: npt.ArrayLike, probabilities: npt.NDArray[np.floating], epoch: int = 0
) -> Judged:
    """The verdict on these pictures of a data set from probabilities N × C."""
    tally = Tally()
    tally.add(indices, probabilities)
    return tally.verdict(images, epoch)
