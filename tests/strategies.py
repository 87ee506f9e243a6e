"""Random networks for property-based tests: small enough to compute quickly, with nodes of every kind."""

from collections.abc import Callable
from functools import cache
from math import gcd, prod
from typing import Any

from hypothesis import strategies as st

from cnnplay.network import nodes
from cnnplay.network.edits import with_new_ids
from cnnplay.network.fields import FieldInfo, fields_of
from cnnplay.network.kinds import KINDS, LEAF_KINDS, Kind
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Merge, Node, Stack
from cnnplay.shapes import receptive
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.head import head_for
from cnnplay.shapes.infer import Flow, visit_stack
from cnnplay.shapes.projection import projection

MOST_NUMBERS = 6_000
"""No node of a random network outputs more values than this."""


@st.composite
def networks(draw: st.DrawFn, max_nodes: int = 6, depth: int = 2) -> Network:
    """A valid network: feature maps first, then a vector, then one score per class."""
    image = Input(draw(st.integers(1, 4)), draw(st.integers(3, 17)), draw(st.integers(3, 17)))
    classes = draw(st.integers(2, 5))
    stack, shape = draw(_stacks(image.shape, max_nodes, depth))
    if draw(st.booleans()):
        stack, shape = _added(stack, shape, nodes.GlobalAveragePooling())
    if draw(st.booleans()):
        stack, shape = _added(stack, shape, nodes.Flatten())
        rows, shape = draw(_stacks(shape, 3, 1))
        stack = (*stack, *rows)
    stack = (*stack, *head_for(shape, classes))
    return Network(
        name="random",
        input=image,
        task=Classification(classes),
        stack=with_new_ids(stack or (nodes.ReLU(), *head_for(shape, classes)), set()),
    )


@st.composite
def _stacks(draw: st.DrawFn, shape: Shape, max_nodes: int, depth: int) -> tuple[Stack, Shape]:
    """A stack without problems for this input shape, and its output shape."""
    stack: Stack = ()
    for _ in range(draw(st.integers(1, max_nodes))):
        containers = depth > 0 and draw(st.integers(0, 3)) == 0
        if containers:
            node = draw(_skips(shape, depth - 1) if draw(st.booleans()) else _branches(shape, depth - 1))
        else:
            node = draw(_maps(shape) if len(shape) == 3 else _rows())
        stack, shape = _added(stack, shape, node)
    return stack, shape


def _added(stack: Stack, shape: Shape, node: Node) -> tuple[Stack, Shape]:
    """The stack with the node appended, if it fits and does not get too large; else the stack unchanged."""
    visited = visit_stack((node,), Flow(shape, receptive.pixels(), (1, 1)))
    output = None if visited.problems else visited.flow.shape
    if output is None or prod(output) > MOST_NUMBERS:
        return stack, shape
    return (*stack, node), output


@st.composite
def _skips(draw: st.DrawFn, shape: Shape, depth: int) -> Node:
    body, reached = draw(_stacks(shape, 3, depth))
    merge = draw(st.sampled_from(("add", "concatenate")))
    body = body or (nodes.ReLU(),)
    target = reached if merge == "add" or len(shape) == 1 else (draw(st.integers(1, 4)), *reached[1:])
    shortcut = projection(shape, target, draw(st.booleans()))
    if shortcut is None:
        return nodes.Skip(body=(nodes.ReLU(),), merge=merge)
    return nodes.Skip(body=body, shortcut=shortcut, merge=merge)


@st.composite
def _branches(draw: st.DrawFn, shape: Shape, depth: int) -> Node:
    merge: Merge = draw(st.sampled_from(("concatenate", "concatenate", "add")))
    paths = [draw(_stacks(shape, 2, depth)) for _ in range(draw(st.integers(1, 3)))]
    target = min((reached for _, reached in paths), key=lambda reached: reached[1:])
    stacks = []
    for stack, reached in paths:
        wanted = target if merge == "add" else (reached[0], *target[1:])
        missing = projection(reached, wanted)
        if missing is not None:
            stacks.append((*stack, *missing))
    return nodes.Branches(branches=tuple(stacks) or ((),), merge=merge)


def _maps(shape: Shape) -> st.SearchStrategy[Node]:
    """A node for feature maps, after which there still are some; every other one is a convolution."""
    return st.one_of(_convolutions(shape), _leaves(_ON_MAPS, shape))


def _rows() -> st.SearchStrategy[Node]:
    return _leaves(_ON_ROWS, ())


@st.composite
def _leaves(draw: st.DrawFn, kinds: tuple[Kind, ...], shape: Shape) -> Node:
    kind = draw(st.sampled_from(kinds))
    special = _SPECIAL.get(kind.type)
    return draw(special(shape) if special else _independent(kind))


_ON_MAPS = tuple(kind for kind in LEAF_KINDS if not kind.keeps_length and kind.outputs != "units")
_ON_ROWS = tuple(kind for kind in LEAF_KINDS if not kind.spatial)


@cache
def _independent(kind: Kind) -> st.SearchStrategy[Any]:
    """A node of this kind whose fields are drawn independently of each other and of the shape."""
    return st.builds(kind.type, **{field.name: _values(field) for field in fields_of(kind.type)})


def _values(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Small values within the limits of a field."""
    low = int(field.minimum or 0)
    match field.type:
        case "integer":
            return st.integers(low, low + 5)
        case "pair":
            return _pairs(low, low + 2)
        case "padding":
            return _paddings(2)
        case "flag":
            return st.booleans()
        case "choice":
            return st.sampled_from(field.choices)
        case _:
            return st.sampled_from((0.1, 0.25, 0.5))


def _any_values(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Values inside and outside the limits of a field."""
    match field.type:
        case "integer":
            return st.integers(-1, 20)
        case "pair":
            return st.one_of(_pairs(-1, 6), st.sampled_from(((70, 1), (1, 600))))
        case "padding":
            return st.one_of(st.sampled_from(field.choices), _pairs(-1, 4))
        case "number":
            return st.floats()
        case _:
            return _values(field)


def _pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


def _paddings(high: int) -> st.SearchStrategy[str | tuple[int, int]]:
    return st.one_of(st.sampled_from(("same", "same", "valid")), _pairs(0, high))


@st.composite
def _convolutions(draw: st.DrawFn, shape: Shape) -> Node:
    groups = draw(st.sampled_from([g for g in range(1, shape[0] + 1) if shape[0] % g == 0]))
    return nodes.Convolution(
        filters=groups * draw(st.integers(1, 4)),
        kernel_size=draw(_pairs(1, 5)),
        stride=draw(_pairs(1, 3)),
        padding=draw(_paddings(3)),  # type: ignore[arg-type]
        dilation=draw(_pairs(1, 3)),
        groups=groups,
        bias=draw(st.booleans()),
    )


@st.composite
def _transposed(draw: st.DrawFn, shape: Shape) -> Node:
    filters = draw(st.integers(1, 6))
    common = gcd(filters, shape[0])
    stride, dilation = draw(_pairs(1, 3)), draw(_pairs(1, 2))
    most = [max(s, d) - 1 for s, d in zip(stride, dilation, strict=True)]
    return nodes.TransposedConvolution(
        filters=filters,
        kernel_size=draw(_pairs(1, 4)),
        stride=stride,
        padding=draw(_pairs(0, 2)),
        output_padding=(draw(st.integers(0, most[0])), draw(st.integers(0, most[1]))),
        dilation=dilation,
        groups=draw(st.sampled_from([g for g in range(1, common + 1) if common % g == 0])),
        bias=draw(st.booleans()),
    )


@st.composite
def _pools(draw: st.DrawFn, kind: type[nodes.MaxPooling] | type[nodes.AveragePooling]) -> Node:
    kernel = draw(_pairs(1, 4))
    own = (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2)))
    padding = draw(st.sampled_from(("same", "valid", own)))
    return kind(kernel_size=kernel, stride=draw(_pairs(1, 3)), padding=padding)


_SPECIAL: dict[type[nodes.Base], Callable[[Shape], st.SearchStrategy[Node]]] = {
    nodes.Convolution: _convolutions,
    nodes.TransposedConvolution: _transposed,
    nodes.MaxPooling: lambda shape: _pools(nodes.MaxPooling),
    nodes.AveragePooling: lambda shape: _pools(nodes.AveragePooling),
}


@cache
def _any_stack() -> st.SearchStrategy[Node]:
    """A node of any kind; skips and branches hold more of them."""
    leaf = st.one_of(
        *(
            st.builds(kind.type, **{field.name: _any_values(field) for field in fields_of(kind.type)})
            for kind in LEAF_KINDS
        ),
        st.sampled_from([kind.type() for kind in KINDS]),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(
                nodes.Skip,
                body=st.lists(inner, max_size=3).map(tuple),
                shortcut=st.lists(inner, max_size=2).map(tuple),
                merge=st.sampled_from(("add", "concatenate")),
            ),
            st.builds(
                nodes.Branches,
                branches=st.lists(st.lists(inner, max_size=2).map(tuple), max_size=3).map(tuple),
                merge=st.sampled_from(("add", "concatenate")),
            ),
        ),
        max_leaves=8,
    )


@st.composite
def any_networks(draw: st.DrawFn) -> Network:
    """A network that need not be valid: nodes in any order, with fields inside and outside their limits."""
    chosen = draw(st.lists(_any_stack(), max_size=5))
    image = Input(draw(st.integers(0, 4)), draw(st.integers(0, 12)), draw(st.integers(1, 12)))
    task = Classification(draw(st.integers(1, 5)))
    return Network(name="any", input=image, task=task, stack=with_new_ids(tuple(chosen), set()))
