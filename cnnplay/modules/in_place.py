"""Which activations and sums may write their result over what they get: a step then takes less memory, and
less time.

They may where what they get is nobody else's (no shortcut reads it too, it is not the pictures themselves)
and the layer that made it does not need it again on the way back; their own way back must need the result
alone, or (a sum's) nothing. A sum writes over the first of what it adds. The numbers are the same, bit for
bit.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnplay.network import nodes
from cnnplay.network.nodes import Stack, stacks_of

Step: TypeAlias = Callable[[Tensor], Tensor]

_OUTPUT_NOT_SAVED = (
    nodes.Convolution,
    nodes.TransposedConvolution,
    nodes.Dense,
    nodes.BatchNormalisation,
    nodes.MaxPooling,
    nodes.AveragePooling,
    nodes.GlobalAveragePooling,
)
"""What these make they do not need again: on the way back they use what they got."""


def in_place_ids(stack: Stack) -> frozenset[str]:
    """The ids of the activations, and of the skip blocks and branches that add, that may, however deep."""
    found: set[str] = set()
    _collect(stack, found)
    return frozenset(found)


def in_place_version(layer: nn.Module) -> Step:
    """What computes the same as the layer and writes over its input; the layer itself where nothing does."""
    match layer:
        case nn.ReLU():
            return torch.relu_
        case nn.Tanh():
            return torch.tanh_
        case nn.Sigmoid():
            return torch.sigmoid_
        case nn.LeakyReLU():
            return partial(F.leaky_relu_, negative_slope=layer.negative_slope)
    return layer


def _collect(stack: Stack, found: set[str]) -> bool:
    """Notes who may. Whether what comes out of the stack may be written over."""
    free = False  # the same of what reaches the next node
    for node in stack:
        match node:
            case nodes.ReLU() | nodes.Tanh() | nodes.Sigmoid() | nodes.LeakyReLU():
                if free:
                    found.add(node.id)
                free = False
            case nodes.Skip() | nodes.Branches():
                ends = [_collect(path, found) for path in stacks_of(node)]
                free = len(ends) > 1
                if free and ends[0] and node.merge == "add":
                    found.add(node.id)
            case _:
                free = isinstance(node, _OUTPUT_NOT_SAVED)
    return free
