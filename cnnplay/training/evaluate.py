"""Evaluates trained weights on a data set."""

from collections.abc import Callable
from dataclasses import dataclass

from cnnplay.data.images import DataError, ImageSet, Indices, Split
from cnnplay.data.polarity import mean_of, polarity_text
from cnnplay.data.prepared import Prepared, prepare
from cnnplay.modules.weights import Weights, build_with_weights
from cnnplay.network.network import Network
from cnnplay.spec.trained import DataFacts
from cnnplay.training.devices import resolve
from cnnplay.training.setup import check_network
from cnnplay.training.task import PLAIN_LOSS, LossConfig
from cnnplay.training.validation import validate

SAMPLE = 64
"""From so many images the brightness of a data set is estimated."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The loss and the task's metrics of `images` images, and the task's details (`training.classification`).

    `classes` names the classes in the network's order. `problems` describes the images that were skipped, one
    line each; `remark` says if light and dark are the other way round than in the training images.
    """

    metrics: dict[str, float]
    details: object
    images: int
    classes: tuple[str, ...]
    problems: tuple[str, ...]
    remark: str = ""


def evaluate(
    network: Network,
    weights: Weights,
    dataset: ImageSet,
    split: Split = "validation",
    *,
    facts: DataFacts | None = None,
    device: str = "auto",
    loss_config: LossConfig = PLAIN_LOSS,
    interrupted: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Evaluates one split of a data set, which may differ from the one the network was trained on.

    Images are normalized as in training, by `facts`; without `facts`, by the statistics of this data set's
    training split. With `facts`, classes are matched by name, so their order in the data set does not matter.
    Raises DataError if the classes differ in number or name or the split is empty, DeviceError if the device
    is absent, Interrupted once `interrupted()` returns True.
    """
    check_network(network, dataset)
    if facts is not None:
        dataset = dataset.in_order_of(facts.classes).with_white(facts.preprocessing.white)
    torch_device = resolve(device)
    prepared = prepare(
        dataset,
        network.input.shape,
        torch_device,
        preprocessing=None if facts is None else facts.preprocessing,
    )
    module, result = build_with_weights(weights, network, device=torch_device, seed=0)
    if not result.complete:
        raise DataError("the weights do not fit the network: " + "; ".join(result.messages[:3]))
    found = validate(module, prepared, prepared.split(split), loss_config, interrupted)
    if found is None:
        raise DataError(f"{dataset.title}: none of its {split} images can be read")
    return Evaluation(
        metrics=found.metrics,
        details=found.details,
        images=found.images,
        classes=dataset.classes,
        problems=(*dataset.problems, *prepared.problems),
        remark="" if facts is None else _polarity(prepared, prepared.split(split)),
    )


def _polarity(prepared: Prepared, indices: Indices) -> str:
    """How the images differ in brightness from the training images; "" if they do not. Looks at a few."""
    few = indices[:: max(1, len(indices) // SAMPLE)][:SAMPLE]
    try:
        images = prepared.inputs(few).cpu().numpy()
    except DataError:  # a file vanished since
        return ""
    text = polarity_text(mean_of(images, prepared.preprocessing), prepared.preprocessing)
    return f"{prepared.dataset.title}: the images are {text}" if text else ""
