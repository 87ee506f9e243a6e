"""The classifier head: the last layers, which turn feature maps into one score per class."""

from math import prod

import msgspec

from cnnplay.network import nodes
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network
from cnnplay.network.nodes import Node, Stack
from cnnplay.shapes.arithmetic import MAX_ELEMENTS, Shape

_SMALL_SIDE = 8
_FEW_CHANNELS = 8
_SMALL_ROW = 2048


def head_for(shape: Shape, classes: int) -> Stack | None:
    """The layers that a stack with output `shape` needs to give one score per class; None if that would take
    too many weights.

    Large maps are averaged first: flattened, they would need very many weights. Small ones, and those with
    few channels, are flattened, since positions matter there.
    """
    if shape == (classes,):
        return ()
    dense = nodes.Dense(units=classes)
    affordable = (prod(shape) + 1) * classes <= MAX_ELEMENTS
    if len(shape) == 1:
        return (dense,) if affordable else None
    if shape[1:] == (1, 1):
        return (nodes.Flatten(),) if shape[0] == classes else (nodes.Flatten(), dense)
    small = max(shape[1:]) <= _SMALL_SIDE and prod(shape) <= _SMALL_ROW
    if affordable and (small or shape[0] < _FEW_CHANNELS):
        return (nodes.Flatten(), dense)
    return (nodes.GlobalAveragePooling(), nodes.Flatten(), dense)


def last_dense(network: Network) -> nodes.Dense | None:
    """The dense layer at the end of the stack, if there is one."""
    last = network.stack[-1] if network.stack else None
    return last if isinstance(last, nodes.Dense) else None


def output_layer(network: Network, length: int) -> Node | None:
    """The layer whose units or filters determine the output's `length`, if only layers that keep it follow;
    None if it is inside a container."""
    for node in reversed(network.stack):
        kind = kind_of(node)
        if kind.outputs:
            fits = getattr(node, kind.outputs) == length and getattr(node, "groups", 1) == 1
            return node if fits else None
        if not (kind.keeps_shape or kind.keeps_length):
            return None
    return None


def with_outputs(node: Node, classes: int) -> Node:
    """The same dense or convolution layer with one output per class."""
    return msgspec.structs.replace(node, **{kind_of(node).outputs: classes})
