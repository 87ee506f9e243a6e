"""Random networks for property-based tests: small enough to compute quickly, with nodes of every kind."""

from math import gcd, prod

from hypothesis import strategies as st

from cnnplay.network import nodes
from cnnplay.network.edits import with_new_ids
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Merge, Node, Stack
from cnnplay.shapes import receptive
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.head import head_for
from cnnplay.shapes.infer import Flow, visit_stack
from cnnplay.shapes.projection import projection

MOST_NUMBERS = 6_000
"""No node of a random network outputs more values than this."""

_ACTIVATIONS = (
    nodes.ReLU(),
    nodes.LeakyReLU(negative_slope=0.2),
    nodes.Tanh(),
    nodes.Sigmoid(),
    nodes.GELU(),
    nodes.SiLU(),
)


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
    return st.one_of(
        _convolutions(shape),
        _convolutions(shape),
        _transposed(shape),
        _pools(),
        st.builds(
            nodes.Upsampling,
            scale=st.tuples(st.integers(1, 3), st.integers(1, 3)),
            mode=st.sampled_from(("nearest", "bilinear")),
        ),
        st.builds(nodes.BatchNormalisation, affine=st.booleans()),
        st.builds(nodes.LocalResponseNormalisation, size=st.integers(1, 6)),
        st.sampled_from(_ACTIVATIONS),
        st.just(nodes.Dropout(p=0.25)),
    )


def _rows() -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(nodes.Dense, units=st.integers(1, 12), bias=st.booleans()),
        st.builds(nodes.BatchNormalisation, affine=st.booleans()),
        st.sampled_from(_ACTIVATIONS),
        st.just(nodes.Dropout(p=0.5)),
        st.just(nodes.Flatten()),
    )


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
def _pools(draw: st.DrawFn) -> Node:
    kind = draw(st.sampled_from((nodes.MaxPooling, nodes.AveragePooling)))
    kernel = draw(_pairs(1, 4))
    own = (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2)))
    padding = draw(st.sampled_from(("same", "valid", own)))
    return kind(kernel_size=kernel, stride=draw(_pairs(1, 3)), padding=padding)


@st.composite
def any_networks(draw: st.DrawFn) -> Network:
    """A network that need not be valid: nodes in any order, with fields inside and outside their limits."""
    leaf = st.one_of(
        st.builds(
            nodes.Convolution,
            filters=st.integers(-1, 9),
            kernel_size=_pairs(-1, 9),
            stride=_pairs(-1, 4),
            padding=st.one_of(st.sampled_from(("same", "valid")), _pairs(-1, 4)),
            dilation=_pairs(0, 3),
            groups=st.integers(-1, 4),
        ),
        st.builds(
            nodes.TransposedConvolution,
            filters=st.integers(0, 5),
            kernel_size=_pairs(0, 3),
            stride=_pairs(0, 3),
            padding=_pairs(0, 4),
            output_padding=_pairs(0, 4),
            groups=st.integers(0, 3),
        ),
        st.builds(nodes.MaxPooling, kernel_size=_pairs(0, 5), stride=_pairs(0, 3), padding=_pairs(0, 4)),
        st.builds(nodes.Upsampling, scale=_pairs(0, 70)),
        st.builds(nodes.Dense, units=st.integers(-1, 20)),
        st.builds(nodes.Dropout, p=st.floats()),
        st.builds(nodes.BatchNormalisation, eps=st.floats(), momentum=st.floats()),
        st.builds(nodes.LocalResponseNormalisation, size=st.integers(-1, 3), k=st.floats()),
        st.sampled_from([kind.type() for kind in KINDS]),
    )
    stack = st.recursive(
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
    chosen = draw(st.lists(stack, max_size=5))
    image = Input(draw(st.integers(0, 4)), draw(st.integers(0, 12)), draw(st.integers(1, 12)))
    task = Classification(draw(st.integers(1, 5)))
    return Network(name="any", input=image, task=task, stack=with_new_ids(tuple(chosen), set()))
