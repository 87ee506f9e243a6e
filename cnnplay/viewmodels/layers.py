"""Which layer a view looks at: what is selected, made into what can be shown of it."""

from typing import NamedTuple

from cnnplay.network import nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, locate, stack_at, walk
from cnnplay.network.nodes import Node, stacks_of

INPUT = "input"

_KERNELS = (nodes.Convolution, nodes.TransposedConvolution)
_BEFORE_ACTIVATION = (*_KERNELS, nodes.Dense, nodes.BatchNormalisation)
_BOUNDS: dict[type[nodes.Base], tuple[float, float]] = {nodes.Tanh: (-1.0, 1.0), nodes.Sigmoid: (0.0, 1.0)}


class Shown(NamedTuple):
    """The node whose output is shown, and the activation's word where it is not the node asked for."""

    id: str
    after: str = ""


def shown_output(network: Network, node_id: str, activated: bool = True) -> Shown:
    """What "the feature maps of `node_id`" are: with `activated`, the output of the activation behind it.

    Only a batch norm may stand between the two. A node that is followed by something else shows its own
    output. KeyError for an unknown id.
    """
    node, place = locate(network, node_id)
    if not activated or not isinstance(node, _BEFORE_ACTIVATION):
        return Shown(node_id)
    for follower in stack_at(network, place.parent, place.slot)[place.index + 1 :]:
        if kind_of(follower).family == "activation":
            return Shown(follower.id, kind_of(follower).word)
        if not isinstance(follower, nodes.BatchNormalisation):
            break
    return Shown(node_id)


def bounds(network: Network, node_id: str) -> tuple[float, float] | None:
    """The range that a node's outputs cannot leave, where it has one: −1 to 1 after tanh."""
    return _BOUNDS.get(type(locate(network, node_id)[0]))


def filters_node(network: Network, node_id: str) -> str:
    """The convolution whose filters are shown for a selection: itself, the first inside it, the nearest
    before it, else the network's first; "" where there is none."""
    order = [node for node, _ in walk(network)]
    ids = [node.id for node in order]
    if node_id in ids:
        chosen = order[ids.index(node_id)]
        inside = _kernels_in(chosen)
        if inside:
            return inside[0]
        before = [node.id for node in order[: ids.index(node_id)] if isinstance(node, _KERNELS)]
        if before:
            return before[-1]
    return next((node.id for node in order if isinstance(node, _KERNELS)), "")


def kernel_nodes(network: Network) -> tuple[str, ...]:
    """The ids of all convolutions, from top to bottom: their cards carry strips."""
    return tuple(node.id for node, _ in walk(network) if isinstance(node, _KERNELS))


def maps_node(network: Network, node_id: str) -> str:
    """The node whose maps are shown for a selection: itself, else the network's first convolution, else its
    first node; "" for an empty network."""
    ids = [node.id for node, _ in walk(network)]
    if node_id in ids:
        return node_id
    return next(iter(kernel_nodes(network)), next(iter(ids), ""))


def _kernels_in(node: Node) -> list[str]:
    if isinstance(node, _KERNELS):
        return [node.id]
    return [found for stack in stacks_of(node) for inner in stack for found in _kernels_in(inner)]
