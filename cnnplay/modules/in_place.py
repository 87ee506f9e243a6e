"""Which activations and sums may work in place: a training step then takes less memory and less time.

They may if nothing else reads their input (no shortcut does, and it is not the image batch) and the layer
that computed it does not need its output in the backward pass; their own backward pass must need only the
result, or (for a sum) nothing. A sum overwrites its first summand. The results are the same, bit for bit.
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
"""These do not need their output in the backward pass: they save their input."""


def in_place_ids(stack: Stack) -> frozenset[str]:
    """The ids of the activations and of adding skips and branches that may work in place, at any depth."""
    found: set[str] = set()
    _collect(stack, found)
    return frozenset(found)


def in_place_version(layer: nn.Module) -> Step:
    """A function that computes the layer in place; the layer itself if there is none."""
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
    """Collects the ids. Returns whether the stack's output may be overwritten."""
    free = False  # whether the next node's input may be overwritten
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
