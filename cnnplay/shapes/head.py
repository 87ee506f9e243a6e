"""The classifier's head: the last layers, which turn maps into one number for each class."""

from math import prod

import msgspec

from cnnplay.network import nodes
from cnnplay.network.network import Network
from cnnplay.network.nodes import Node, Stack
from cnnplay.shapes.arithmetic import Shape

_SMALL_SIDE = 8
_FEW_CHANNELS = 8
_SMALL_ROW = 2048

KEEPS_LENGTH = (
    nodes.Dropout,
    nodes.ReLU,
    nodes.LeakyReLU,
    nodes.Tanh,
    nodes.Sigmoid,
    nodes.GELU,
    nodes.SiLU,
    nodes.BatchNormalisation,
    nodes.LocalResponseNormalisation,
)
"""The kinds that leave a shape as it is."""


def head_for(shape: Shape, classes: int) -> Stack:
    """What a stack that ends in `shape` lacks to give one number for each class.

    Large maps are averaged first: their rows would need very many weights. Small ones, and those of few
    channels, are laid out, since where something is matters there.
    """
    if shape == (classes,):
        return ()
    dense = nodes.Dense(units=classes)
    if len(shape) == 1:
        return (dense,)
    if shape[1:] == (1, 1):
        return (nodes.Flatten(),) if shape[0] == classes else (nodes.Flatten(), dense)
    small = max(shape[1:]) <= _SMALL_SIDE and prod(shape) <= _SMALL_ROW
    if small or shape[0] < _FEW_CHANNELS:
        return (nodes.Flatten(), dense)
    return (nodes.GlobalAveragePooling(), nodes.Flatten(), dense)


def deciding_node(network: Network, output: Shape | None) -> Node | None:
    """The last node of the network's own stack, if its units or filters are the length of the output; else None."""
    if output is None or len(output) != 1:
        return None
    for node in reversed(network.stack):
        if isinstance(node, nodes.Dense) and node.units == output[0]:
            return node
        if isinstance(node, (nodes.Convolution, nodes.TransposedConvolution)):
            return node if node.filters == output[0] and node.groups == 1 else None
        if not isinstance(node, (*KEEPS_LENGTH, nodes.Flatten, nodes.GlobalAveragePooling)):
            return None
    return None


def with_length(node: Node, classes: int) -> Node:
    """A deciding node that gives one number for each class."""
    field = "units" if isinstance(node, nodes.Dense) else "filters"
    return msgspec.structs.replace(node, **{field: classes})
