"""How well trained weights do on a data set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.images import DataError, ImageSet, Indices, Split
from cnnplay.data.prepared import prepare
from cnnplay.modules.weights import Weights, build_with
from cnnplay.network.network import Network
from cnnplay.spec.trained import DataFacts
from cnnplay.training.devices import resolve
from cnnplay.training.setup import check_network
from cnnplay.training.tasks import PLAIN, Aim, rules_of
from cnnplay.training.validation import validate


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`metrics` hold accuracy and loss; `confusion[i, j]` counts pictures of class i taken for class j.

    `classes` names the classes in the network's order, which labels, rows and columns follow. `probabilities`
    has a row a picture; `labels` and `indices` say what it is and which of the data set. `problems` names the
    pictures of the data set that were left out, a line each.
    """

    metrics: dict[str, float]
    confusion: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    labels: Indices
    indices: Indices
    classes: tuple[str, ...]
    problems: tuple[str, ...]


def evaluate(
    network: Network,
    weights: Weights,
    images: ImageSet,
    split: Split = "validation",
    *,
    facts: DataFacts | None = None,
    device: str = "auto",
    aim: Aim = PLAIN,
    interrupted: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Judges a part of a data set, which may be another than the one learned from.

    Pictures are normalised as in training, by `facts`; without them, by this data set's own training part.
    Classes are those of the `facts` by their names, in whichever order the data set has them.
    `aim` says by which loss. DataError where they differ in number or name or the part is empty, DeviceError
    for an absent device, Interrupted once `interrupted()` says so.
    """
    check_network(network, images)
    if facts is not None:
        images = images.in_order_of(facts.classes)
    place = resolve(device)
    prepared = prepare(
        images,
        network.input.shape,
        place,
        preprocessing=None if facts is None else facts.preprocessing,
    )
    module, result = build_with(weights, network, device=place, seed=0)
    if not result.complete:
        raise DataError("the weights do not fit the network: " + "; ".join(result.words[:3]))
    found = validate(module, prepared, prepared.split(split), aim, interrupted)
    if found is None:
        raise DataError(f"{images.title}: none of its {split} pictures can be read")
    return Evaluation(
        metrics={rules_of(network.task).score_name: found.accuracy, "loss": found.loss},
        confusion=found.confusion,
        probabilities=found.probabilities,
        labels=found.labels,
        indices=found.indices,
        classes=images.classes,
        problems=(*images.problems, *prepared.problems),
    )
