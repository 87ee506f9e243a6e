"""New nodes of each kind, with defaults that suit the place where they are inserted."""

from collections.abc import Callable

import msgspec

from cnnplay.network import nodes
from cnnplay.network.kinds import kind_named
from cnnplay.network.network import Network, Place, locate, stack_at
from cnnplay.network.nodes import Node, Stack, stacks_of
from cnnplay.shapes.arithmetic import Shape

_POOLS = (nodes.MaxPooling, nodes.AveragePooling)
_FIRST_FILTERS = 16
_MOST_FILTERS = 512
_HIDDEN_UNITS = 128
_BOTTLENECK_UNITS = 64


class InsertionContext(msgspec.Struct, frozen=True):
    """Where nodes are inserted: the shape there (None: unknown), a suitable number of filters, whether the
    network uses batch norm, and the number of classes if this is the end of the network."""

    shape: Shape | None
    channels_before: int
    batch_norm: bool
    classes: int | None


def default_nodes(tag: str, situation: InsertionContext) -> tuple[Node, ...]:
    """New nodes of a kind (some bring others along). KeyError for an unknown tag."""
    make = _MAKERS.get(tag)
    return make(situation) if make else (kind_named(tag).type(),)  # type: ignore[return-value]


def filters_before(network: Network, place: Place) -> int:
    """The filters of the convolution before the place, doubled if a pool has shrunk the maps since."""
    halved = False
    while True:
        stack = stack_at(network, place.parent, place.slot)
        for node in reversed(stack[: place.index]):
            if isinstance(node, _POOLS) and node.stride != (1, 1):
                halved = True
            filters = _last_filters(node)
            if filters is not None:
                return min(2 * filters, max(_MOST_FILTERS, filters)) if halved else filters
        if not place.parent:
            return _FIRST_FILTERS
        _, place = locate(network, place.parent)


def _last_filters(node: Node) -> int | None:
    if isinstance(node, nodes.Convolution):
        return node.filters
    for stack in stacks_of(node)[:1]:
        for inner in reversed(stack):
            found = _last_filters(inner)
            if found is not None:
                return found
    return None


def _convolution(situation: InsertionContext) -> Stack:
    return (nodes.Convolution(filters=situation.channels_before),)


def _transposed(situation: InsertionContext) -> Stack:
    channels = _channels(situation)
    return (nodes.TransposedConvolution(filters=max(1, channels // 2)),)


def _pool(kind: type[nodes.MaxPooling] | type[nodes.AveragePooling]) -> Callable[[InsertionContext], Stack]:
    def make(situation: InsertionContext) -> Stack:
        shape = situation.shape
        if shape is None or len(shape) != 3:
            return (kind(),)
        fitting = (min(2, shape[1]), min(2, shape[2]))
        return (kind(kernel_size=fitting, stride=fitting),)

    return make


def _group_norm(situation: InsertionContext) -> Stack:
    """Groups of two or more channels, as many as fit up to eight."""
    channels = situation.shape[0] if situation.shape is not None else 1
    return (nodes.GroupNormalisation(groups=max(n for n in range(1, 9) if n == 1 or not channels % (2 * n))),)


def _dense(situation: InsertionContext) -> Stack:
    dense = nodes.Dense(units=situation.classes or _HIDDEN_UNITS)
    maps = situation.shape is not None and len(situation.shape) == 3
    return (nodes.Flatten(), dense) if maps else (dense,)


def _skip(situation: InsertionContext) -> Stack:
    """Two layers that keep the shape, after He et al. 2015; with batch norm if the network uses it."""
    shape = situation.shape
    if shape is not None and len(shape) == 1:
        narrow = nodes.Dense(units=min(_BOTTLENECK_UNITS, shape[0]))
        return (nodes.Skip(body=(narrow, nodes.ReLU(), nodes.Dense(units=shape[0]))),)
    conv = nodes.Convolution(filters=_channels(situation), bias=not situation.batch_norm)
    if situation.batch_norm:
        norm = nodes.BatchNormalisation()
        return (nodes.Skip(body=(conv, norm, nodes.ReLU(), conv, norm)),)
    return (nodes.Skip(body=(conv, nodes.ReLU(), conv)),)


def _branches(situation: InsertionContext) -> Stack:
    """A small and a larger kernel on the same input, after Szegedy et al. 2014."""
    shape = situation.shape
    if shape is not None and len(shape) == 1:
        half = nodes.Dense(units=max(1, min(_BOTTLENECK_UNITS, shape[0] // 2)))
        return (nodes.Branches(branches=((half,), (half,))),)
    filters = max(1, situation.channels_before // 2)
    narrow = nodes.Convolution(filters=filters, kernel_size=(1, 1))
    wide = nodes.Convolution(filters=filters)
    return (nodes.Branches(branches=((narrow,), (wide,))),)


def _channels(situation: InsertionContext) -> int:
    shape = situation.shape
    return shape[0] if shape is not None and len(shape) == 3 else situation.channels_before


_MAKERS: dict[str, Callable[[InsertionContext], Stack]] = {
    "conv": _convolution,
    "transposed-conv": _transposed,
    "max-pool": _pool(nodes.MaxPooling),
    "avg-pool": _pool(nodes.AveragePooling),
    "group-norm": _group_norm,
    "dense": _dense,
    "skip": _skip,
    "branches": _branches,
}
