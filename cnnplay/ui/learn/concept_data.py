"""A layer's values for the step-by-step page: its input for an image, and its weights."""

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cnnplay.lessons.sliding import Array
from cnnplay.network import nodes
from cnnplay.network.network import Network, find, ids, locate, new_id, stack_at
from cnnplay.network.nodes import Stack
from cnnplay.shapes.infer import infer
from cnnplay.ui.learn.concept_scene import LayerData

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.spec.preprocessing import Preprocessing

MAX_MULTIPLY_ADDS = 600_000_000
"""About a tenth of a second. For deeper layers of large networks the input is random instead."""
MAX_PARAMETERS = 20_000_000


def network_above(network: Network, node_id: str) -> Network:
    """The network that computes the input of `node_id`: everything above it, and nothing else."""
    _, place = locate(network, node_id)
    above: Stack = stack_at(network, place.parent, place.slot)[: place.index]
    while place.parent:
        _, place = locate(network, place.parent)
        above = (*stack_at(network, place.parent, place.slot)[: place.index], *above)
    return msgspec.structs.replace(network, stack=above)


def random_weights(network: Network, seed: int) -> "Weights | None":
    """The initial weights of a run with this seed; None for a network with problems, or one so large that
    creating them would be noticeable.
    """
    report = infer(network)
    if not report.valid or report.parameters > MAX_PARAMETERS:
        return None
    from cnnplay.modules.build import build  # torch: not when the window starts
    from cnnplay.modules.weights import weights_of

    return weights_of(build(network, seed=seed))


def layer_data(
    network: Network, node_id: str, image: Array | None, weights: "Weights | None" = None, origin: str = ""
) -> LayerData:
    """The layer's input for an image (C × H × W, preprocessed), its kernels and biases.

    Without weights the layers above are randomly initialized. The input is None (the page uses random values)
    without an image, where a layer above has a problem, or where computing it would be noticeable.
    """
    kernel = bias = None
    convolution = isinstance(find(network, node_id), nodes.Convolution)
    if weights is not None and convolution and f"{node_id}.weight" in weights:
        kernel = weights[f"{node_id}.weight"].numpy()
        found = weights.get(f"{node_id}.bias")
        bias = None if found is None else found.numpy()
    above = network_above(network, node_id)
    maps = None
    if image is not None and image.shape == network.input.shape and _is_cheap(above):
        maps = image if not above.stack else _compute(above, image, weights)
    return LayerData(maps, kernel, bias, origin)


def as_input(pixels: Array, network: Network, rule: "Preprocessing | None") -> Array | None:
    """An image H × W × C preprocessed as in training to C × H × W, or scaled to 0…1 without training.

    None where the image cannot be converted to the network's channels.
    """
    from cnnplay.data.fitting import fit_image, normalize  # Pillow: not when the window starts
    from cnnplay.data.images import DataError

    try:
        fitted = fit_image(pixels, network.input.shape)
    except DataError:
        return None
    if rule is None or rule.input != network.input.shape:
        return fitted.astype(np.float32) / np.float32(255)
    return normalize(fitted, rule)


def _is_cheap(above: Network) -> bool:
    report = infer(above)
    return report.multiply_adds <= MAX_MULTIPLY_ADDS and report.parameters <= MAX_PARAMETERS


def _compute(above: Network, image: Array, weights: "Weights | None") -> Array | None:
    import torch  # not when the window starts

    from cnnplay.modules.build import BuildError
    from cnnplay.modules.threads import use_one_thread
    from cnnplay.modules.weights import build_with_weights

    use_one_thread()
    try:
        module, _ = build_with_weights(weights, _with_head(above), seed=0)
    except BuildError:
        return None
    module.eval()
    last = above.stack[-1].id
    with torch.no_grad():
        _, outputs = module.trace(torch.from_numpy(image).float()[None], {last})
    maps: Array = outputs[last][0].numpy()
    return maps


def _with_head(above: Network) -> Network:
    """Adds a small classifier head, so that the network is valid; the values are computed before it."""
    taken = ids(above)
    head: Stack = (
        nodes.GlobalAveragePooling(id=new_id("global-avg-pool", taken)),
        nodes.Flatten(id=new_id("flatten", taken)),
        nodes.Dense(id=new_id("dense", taken), units=above.task.classes),
    )
    return msgspec.structs.replace(above, stack=(*above.stack, *head))
