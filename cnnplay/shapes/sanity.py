"""Sizes that no machine holds, and nesting that no file holds: faults instead of a crash later on."""

from math import prod

from cnnplay.network.codec import MAX_DEPTH
from cnnplay.network.network import Network, walk
from cnnplay.shapes import mends
from cnnplay.shapes.arithmetic import MOST_NUMBERS, Shape
from cnnplay.shapes.faults import Fault


def too_much(node_id: str, output: Shape | None, parameters: int | None) -> tuple[Fault, ...]:
    """The fault of a node whose output or parameters are more numbers than can be meant."""
    limit = f"at most {MOST_NUMBERS:,}"
    for name, number in (("output", prod(output or ())), ("parameters", parameters or 0)):
        if number > MOST_NUMBERS:
            message = f"{name} of {node_id} must be {limit} numbers; got {number:,}"
            return (Fault(node_id, name, message, limit, f"{number:,}", mends.remove(node_id)),)
    return ()


def too_deep(network: Network) -> tuple[Fault, ...]:
    """The faults of the outermost nodes that a file could not hold."""
    depth = {"": 0}
    found = []
    for node, place in walk(network):
        depth[node.id] = depth[place.parent] + 1
        if depth[node.id] == MAX_DEPTH + 1:
            expected = f"nested at most {MAX_DEPTH} deep"
            message = f"{node.id} must be {expected}; got {MAX_DEPTH + 1}"
            found.append(
                Fault(node.id, "place", message, expected, str(MAX_DEPTH + 1), mends.remove(node.id))
            )
    return tuple(found)
