"""Which layer a view shows for a selection."""

from typing import NamedTuple

from cnnplay.network import nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, locate, stack_at, walk
from cnnplay.network.nodes import Node, stacks_of
from cnnplay.shapes.infer import infer

LARGEST_DENSE = 2_000_000
"""The most weights of a dense layer that are shown as filters."""


class Shown(NamedTuple):
    """The node whose output is shown, and the activation's name if it is not the requested node."""

    id: str
    after: str = ""


def shown_output(network: Network, node_id: str, activated: bool = True) -> Shown:
    """What "the feature maps of `node_id`" are: with `activated`, the output of the activation after it.

    Only a norm such as batch norm may be between the two. A node that is followed by something else shows
    its own output. KeyError for an unknown id.
    """
    node, place = locate(network, node_id)
    if not activated or not kind_of(node).before_activation:
        return Shown(node_id)
    for follower in stack_at(network, place.parent, place.slot)[place.index + 1 :]:
        kind = kind_of(follower)
        if kind.family == "activation":
            return Shown(follower.id, kind.name)
        if not (kind.normalizes and kind.before_activation):
            break
    return Shown(node_id)


def has_activation(network: Network, node_id: str) -> bool:
    """Whether the node is followed by an activation that changes its maps. KeyError for an unknown id."""
    return shown_output(network, node_id).id != node_id


def bounds(network: Network, node_id: str) -> tuple[float, float] | None:
    """The range of a node's outputs if its activation is bounded: −1 to 1 after tanh."""
    return kind_of(locate(network, node_id)[0]).bounds


def filters_node(network: Network, node_id: str) -> str:
    """The convolution whose filters are shown for a selection: itself, the first inside it, the nearest
    before it, else the network's first; "" if there is none. A dense layer with an `input_size` counts as
    a convolution, but only if it is selected or nothing else has filters."""
    order = [node for node, _ in walk(network)]
    ids = [node.id for node in order]
    if node_id in ids:
        selected = order[ids.index(node_id)]
        inside = [node_id] if input_size(network, node_id) is not None else _kernels_in(selected)
        if inside:
            return inside[0]
        before = [node.id for node in order[: ids.index(node_id)] if kind_of(node).has_kernels]
        if before:
            return before[-1]
    first = next((node.id for node in order if kind_of(node).has_kernels), "")
    return first or next((each for each in ids if input_size(network, each) is not None), "")


def input_size(network: Network, node_id: str) -> tuple[int, int, int] | None:
    """(C, H, W) of the maps that a dense layer right after a flatten reads.

    Its weights are filters as large as that input. None for all other nodes, for maps of one pixel, and
    for layers that are too large to be copied by a probe.
    """
    node, place = locate(network, node_id)
    if not isinstance(node, nodes.Dense) or not place.index:
        return None
    before = stack_at(network, place.parent, place.slot)[place.index - 1]
    report = infer(network).nodes.get(before.id)
    shape = report.input if report is not None and isinstance(before, nodes.Flatten) else None
    if shape is None or len(shape) != 3 or shape[1] * shape[2] == 1:
        return None
    channels, height, width = shape
    return (channels, height, width) if node.units * channels * height * width <= LARGEST_DENSE else None


def kernel_nodes(network: Network) -> tuple[str, ...]:
    """The ids of all convolutions, from top to bottom: their cards carry strips."""
    return tuple(node.id for node, _ in walk(network) if kind_of(node).has_kernels)


def maps_node(network: Network, node_id: str) -> str:
    """The node whose maps are shown for a selection: itself, else the network's first convolution, first
    dense layer or first node; "" for an empty network."""
    order = [node for node, _ in walk(network)]
    if any(node.id == node_id for node in order):
        return node_id
    dense = [node.id for node in order if isinstance(node, nodes.Dense)]
    return next(iter((*kernel_nodes(network), *dense, *(node.id for node in order))), "")


def _kernels_in(node: Node) -> list[str]:
    if kind_of(node).has_kernels:
        return [node.id]
    return [found for stack in stacks_of(node) for inner in stack for found in _kernels_in(inner)]
