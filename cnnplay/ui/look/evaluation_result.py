"""How the network classified the validation images: what it confuses, and its most confident mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.network.network import Network

Integers = npt.NDArray[np.int64]


class ClassifiedImage(NamedTuple):
    """An image's index in the data set, its class, and the predicted class with its probability."""

    image: int
    truth: int
    predicted: int
    confidence: float


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """The results on N images of `dataset`: their indices, true and predicted classes, confidences.

    `confusion[t, p]` counts the images of class t that were predicted as p. Outside a run `epoch` is 0, and
    `network` is None.
    """

    dataset: ImageSet
    indices: Integers
    truths: Integers
    predicted: Integers
    confidence: npt.NDArray[np.float32]
    confusion: Integers
    epoch: int = 0
    network: Network | None = None
    polarity: str = ""
    """How the images differ in brightness from the training images; "" if they do not."""

    @property
    def accuracy(self) -> float:
        return float((self.truths == self.predicted).mean()) if len(self.truths) else 0.0

    def name(self, number: int) -> str:
        """A class's name; the network may have more outputs than the data set has classes."""
        classes = self.dataset.classes
        return classes[number] if number < len(classes) else f"class {number + 1}"

    def mistakes(self, most: int | None = None) -> tuple[ClassifiedImage, ...]:
        """The misclassified images, the most confident first; at most `most` of them."""
        wrong = np.flatnonzero(self.truths != self.predicted)
        order = wrong[np.argsort(-self.confidence[wrong], kind="stable")]
        return tuple(self._image(int(at)) for at in order[:most])

    def cell(self, truth: int, predicted: int) -> tuple[ClassifiedImage, ...]:
        """The images of one cell of the confusion matrix, the most confident first."""
        inside = np.flatnonzero((self.truths == truth) & (self.predicted == predicted))
        order = inside[np.argsort(-self.confidence[inside], kind="stable")]
        return tuple(self._image(int(at)) for at in order)

    def _image(self, at: int) -> ClassifiedImage:
        return ClassifiedImage(
            int(self.indices[at]), int(self.truths[at]), int(self.predicted[at]), float(self.confidence[at])
        )


class Evaluator:
    """Collects results batch by batch; of each image it keeps one class and one number."""

    def __init__(self) -> None:
        self._indices: list[Integers] = []
        self._predicted: list[Integers] = []
        self._confidence: list[npt.NDArray[np.float32]] = []
        self._classes = 0

    def __len__(self) -> int:
        return sum(map(len, self._indices))

    def add(self, indices: npt.ArrayLike, probabilities: npt.NDArray[np.floating]) -> None:
        """A batch: the images' indices, and their probabilities N × C."""
        predicted = probabilities.argmax(axis=1).astype(np.int64)
        self._indices.append(np.asarray(indices, np.int64))
        self._predicted.append(predicted)
        self._confidence.append(probabilities[np.arange(len(predicted)), predicted].astype(np.float32))
        self._classes = max(self._classes, probabilities.shape[1])

    def result(self, dataset: ImageSet, epoch: int = 0, network: Network | None = None) -> EvaluationResult:
        """The results of all batches so far. ValueError if there are none."""
        indices, predicted = np.concatenate(self._indices), np.concatenate(self._predicted)
        truths = dataset.labels[indices].astype(np.int64)
        classes = max(self._classes, int(truths.max(initial=-1)) + 1)
        confusion = np.zeros((classes, classes), np.int64)
        np.add.at(confusion, (truths, predicted), 1)
        confidence = np.concatenate(self._confidence)
        return EvaluationResult(dataset, indices, truths, predicted, confidence, confusion, epoch, network)


def evaluation_result(
    dataset: ImageSet,
    indices: npt.ArrayLike,
    probabilities: npt.NDArray[np.floating],
    epoch: int = 0,
    network: Network | None = None,
) -> EvaluationResult:
    """The results on these images of a data set, from probabilities N × C."""
    evaluator = Evaluator()
    evaluator.add(indices, probabilities)
    return evaluator.result(dataset, epoch, network)
