"""How the network judged the validation pictures: what it confuses, and where it is surest and wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


class Verdict(NamedTuple):
    """The picture number `picture`, of class `truth`, was taken for `predicted` with that probability."""

    picture: int
    truth: int
    predicted: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdict on N pictures: `indices` into the data set, true and predicted classes, confidences.

    `confusion[t, p]` counts the pictures of class t that were taken for p. `epoch` is 0 outside a run.
    """

    indices: Integers
    truths: Integers
    predicted: Integers
    confidence: npt.NDArray[np.float32]
    confusion: Integers
    epoch: int = 0

    @property
    def accuracy(self) -> float:
        return float((self.truths == self.predicted).mean()) if len(self.truths) else 0.0

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


def judged(
    indices: npt.ArrayLike, truths: npt.ArrayLike, probabilities: npt.NDArray[np.floating], epoch: int = 0
) -> Judged:
    """The verdict from probabilities N × C."""
    truths_ = np.asarray(truths, np.int64)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    confidence = probabilities[np.arange(len(predicted)), predicted].astype(np.float32)
    classes = max(probabilities.shape[1], int(truths_.max(initial=-1)) + 1)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (truths_, predicted), 1)
    return Judged(np.asarray(indices, np.int64), truths_, predicted, confidence, confusion, epoch)
