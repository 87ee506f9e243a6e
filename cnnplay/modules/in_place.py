"""Which activations may write their result over what they get: a step then takes less memory, and less time.

An activation may where what it gets is nobody else's (no shortcut reads it too, it is not the pictures
themselves) and the layer that made it does not need it again on the way back; its own way back must need the
result alone. The numbers are the same, bit for bit.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnplay.network import nodes
from cnnplay.network.nodes import Stack

Step: TypeAlias = Callable[[Tensor], Tensor]

_MAKERS = (
    nodes.Convolution,
    nodes.TransposedConvolution,
    nodes.Dense,
    nodes.BatchNormalisation,
    nodes.MaxPooling,
    nodes.AveragePooling,
    nodes.GlobalAveragePooling,
)
"""What these make they do not need again: on the way back they use what they got."""


def overwriting(stack: Stack) -> frozenset[str]:
    """The ids of the activations that may, however deep they lie."""
    found: set[str] = set()
    _look(stack, found)
    return frozenset(found)


def over_input(layer: nn.Module) -> Step:
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


def _look(stack: Stack, found: set[str]) -> None:
    free = False  # whether what reaches the next node may be written over
    for node in stack:
        match node:
            case nodes.ReLU() | nodes.Tanh() | nodes.Sigmoid() | nodes.LeakyReLU():
                if free:
                    found.add(node.id)
                free = False
            case nodes.Skip():
                _look(node.body, found)
                _look(node.shortcut, found)
                free = True
            case nodes.Branches():
                for branch in node.branches:
                    _look(branch, found)
                free = len(node.branches) > 1
            case _:
                free = isinstance(node, _MAKERS)
