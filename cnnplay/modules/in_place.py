"""Which activations and sums may work in place: a training step then takes less memory and less time.

They may if nothing else reads their input (no shortcut does, and it is not the image batch) and the layer
that computed it does not need its output in the backward pass; their own backward pass must need only the
result, or (for a sum) nothing. A sum overwrites its first summand. The results are the same, bit for bit.
"""

from torch import nn

from cnnplay.modules.layers import LAYERS, Step
from cnnplay.network import nodes
from cnnplay.network.nodes import Node, Stack, stacks_of


def in_place_ids(stack: Stack) -> frozenset[str]:
    """The ids of the activations and of adding skips and branches that may work in place, at any depth."""
    found: set[str] = set()
    _collect(stack, found)
    return frozenset(found)


def in_place_version(node: Node, layer: nn.Module) -> Step:
    """A function that computes the node's layer in place; the layer itself if there is none."""
    version = LAYERS[type(node)].in_place
    return version(layer) if version else layer


def _collect(stack: Stack, found: set[str]) -> bool:
    """Collects the ids. Returns whether the stack's output may be overwritten."""
    free = False  # whether the next node's input may be overwritten
    for node in stack:
        if isinstance(node, (nodes.Skip, nodes.Branches)):
            ends = [_collect(path, found) for path in stacks_of(node)]
            free = len(ends) > 1
            if free and ends[0] and node.merge == "add":
                found.add(node.id)
            continue
        layer = LAYERS[type(node)]
        if free and layer.in_place:
            found.add(node.id)
        free = layer.output_not_saved
    return free
