"""Stacks that turn one shape into another: projections for shortcuts, and for branches before a merge."""

from math import prod

import msgspec

from cnnplay.network import nodes
from cnnplay.network.fields import fields_of
from cnnplay.network.nodes import Node, Stack, stacks_of, with_stacks
from cnnplay.shapes.arithmetic import MAX_ELEMENTS, Shape, stride_between
from cnnplay.shapes.problems import limit_violations


def projection(source: Shape, target: Shape, batch_norm: bool = False) -> Stack | None:
    """The cheapest learned stack from one shape to another: empty if they are equal, None if there is none.

    Between feature maps it is a 1×1 convolution at the stride that gives the size (He et al. 2015, option B),
    followed by batch norm if `batch_norm`; to enlarge by integer factors, upsampling comes first. A vector is
    reached by a dense layer, unless that would need too many weights.
    """
    if source == target:
        return ()
    stack = _projection(source, target, batch_norm)
    return None if stack is None or any(limit_violations(node) for node in stack) else stack


def _projection(source: Shape, target: Shape, batch_norm: bool) -> Stack | None:
    if len(target) == 1:
        if (prod(source) + 1) * target[0] > MAX_ELEMENTS:
            return None
        flatten = (nodes.Flatten(),) if len(source) == 3 else ()
        return (*flatten, nodes.Dense(units=target[0]))
    if len(source) == 1:
        return None
    down, across = (stride_between(source[i], target[i]) for i in (1, 2))
    if down is not None and across is not None:
        return _convolution(target[0], (down, across), batch_norm)
    if target[1] % source[1] or target[2] % source[2]:
        return None
    enlarge = nodes.Upsampling(scale=(target[1] // source[1], target[2] // source[2]))
    return (enlarge, *(() if source[0] == target[0] else _convolution(target[0], (1, 1), batch_norm)))


def uses_batch_norm(stack: Stack) -> bool:
    """Whether there is batch norm anywhere in a stack."""
    return any(
        isinstance(node, nodes.BatchNormalisation) or any(uses_batch_norm(inner) for inner in stacks_of(node))
        for node in stack
    )


def with_same_padding(stack: Stack) -> Stack:
    """The same stack with padding "same" in every convolution and pooling."""
    return tuple(_with_same_padding(node) for node in stack)


def _with_same_padding(node: Node) -> Node:
    if any(field.type == "padding" for field in fields_of(type(node))):
        return msgspec.structs.replace(node, padding="same")
    return with_stacks(node, tuple(with_same_padding(inner) for inner in stacks_of(node)))


def _convolution(filters: int, stride: tuple[int, int], batch_norm: bool) -> Stack:
    """No bias before batch norm: it would be redundant."""
    conv = nodes.Convolution(
        filters=filters, kernel_size=(1, 1), stride=stride, padding="valid", bias=not batch_norm
    )
    return (conv, nodes.BatchNormalisation()) if batch_norm else (conv,)
