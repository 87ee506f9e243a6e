"""A layer's own numbers for the concept page: what reaches it from a picture, and its weights."""

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cnnplay.lessons.sliding import Array
from cnnplay.network import nodes
from cnnplay.network.network import Network, find, fresh_id, ids, locate, stack_at
from cnnplay.network.nodes import Stack
from cnnplay.shapes.infer import infer
from cnnplay.ui.learn.concept_scene import LayerData

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.spec.preprocessing import Preprocessing

MOST_MULTIPLY_ADDS = 600_000_000
"""About a tenth of a second. Before deeper layers of large networks the input is made up instead."""
MOST_PARAMETERS = 20_000_000


def before(network: Network, node_id: str) -> Network:
    """The network that computes what `node_id` reads: all that lies above it, and nothing else."""
    _, place = locate(network, node_id)
    above: Stack = stack_at(network, place.parent, place.slot)[: place.index]
    while place.parent:
        _, place = locate(network, place.parent)
        above = (*stack_at(network, place.parent, place.slot)[: place.index], *above)
    return msgspec.structs.replace(network, stack=above)


def fresh_weights(network: Network, seed: int) -> "Weights | None":
    """The weights that the seed draws, as a run begins with them; None for a network at fault, or of so many
    weights that drawing them would be felt.
    """
    report = infer(network)
    if not report.valid or report.parameters > MOST_PARAMETERS:
        return None
    from cnnplay.modules.build import build  # torch: not when the window starts
    from cnnplay.modules.weights import weights_of

    return weights_of(build(network, seed=seed))


def layer_data(
    network: Network, node_id: str, picture: Array | None, weights: "Weights | None" = None, words: str = ""
) -> LayerData:
    """The layer's input for a picture (C × H × W, preprocessed), its kernels and biases; computed at once.

    Without weights the layers above are freshly initialised. The input is None (made up by the page) where
    there is no picture, where something above is at fault, and where computing it would be felt.
    """
    kernel = bias = None
    convolution = isinstance(find(network, node_id), nodes.Convolution)
    if weights is not None and convolution and f"{node_id}.weight" in weights:
        kernel = weights[f"{node_id}.weight"].numpy()
        found = weights.get(f"{node_id}.bias")
        bias = None if found is None else found.numpy()
    above = before(network, node_id)
    maps = None
    if picture is not None and picture.shape == network.input.shape and _light(above):
        maps = picture if not above.stack else _computed(above, picture, weights)
    return LayerData(maps, kernel, bias, words)


def as_input(pixels: Array, network: Network, rule: "Preprocessing | None") -> Array | None:
    """A picture H × W × C as the network takes it, C × H × W: by the rule of its training, or in 0…1.

    None where the picture cannot be brought to the network's channels.
    """
    from cnnplay.data.fitting import fit_picture, normalise  # Pillow: not when the window starts
    from cnnplay.data.images import DataError

    try:
        fitted = fit_picture(pixels, network.input.shape)
    except DataError:
        return None
    if rule is None or rule.input != network.input.shape:
        return fitted.astype(np.float32) / np.float32(255)
    return normalise(fitted, rule)


def _light(above: Network) -> bool:
    report = infer(above)
    return report.multiply_adds <= MOST_MULTIPLY_ADDS and report.parameters <= MOST_PARAMETERS


def _computed(above: Network, picture: Array, weights: "Weights | None") -> Array | None:
    import torch  # not when the window starts

    from cnnplay.modules.build import BuildError
    from cnnplay.modules.threads import compute_alone
    from cnnplay.modules.weights import build_with

    compute_alone()
    try:
        module, _ = build_with(weights, _ended(above), seed=0)
    except BuildError:
        return None
    module.eval()
    last = above.stack[-1].id
    with torch.no_grad():
        _, seen = module.trace(torch.from_numpy(picture).float()[None], {last})
    maps: Array = seen[last][0].numpy()
    return maps


def _ended(above: Network) -> Network:
    """With a small head, so that it is a whole network; what matters is computed before it."""
    taken = ids(above)
    head: Stack = (
        nodes.GlobalAveragePooling(id=fresh_id("global-avg-pool", taken)),
        nodes.Flatten(id=fresh_id("flatten", taken)),
        nodes.Dense(id=fresh_id("dense", taken), units=above.task.classes),
    )
    return msgspec.structs.replace(above, stack=(*above.stack, *head))
