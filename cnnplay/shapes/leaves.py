"""What one layer does to a shape, and what it costs. Its fields are within their limits here, and its input
is known."""

from math import prod
from typing import NamedTuple

from cnnplay.network import nodes
from cnnplay.network.describe import shape_words
from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Node
from cnnplay.shapes import arithmetic, mends, receptive
from cnnplay.shapes.arithmetic import Shape, reach, sides
from cnnplay.shapes.faults import Fault, field_fault, shown
from cnnplay.shapes.receptive import Spans

SPATIAL = (
    nodes.Convolution,
    nodes.TransposedConvolution,
    nodes.Upsampling,
    nodes.MaxPooling,
    nodes.AveragePooling,
    nodes.GlobalAveragePooling,
    nodes.LocalResponseNormalisation,
)
"""The kinds that need maps, not a row."""


class Step(NamedTuple):
    """What comes out of a layer; None where it is not known."""

    output: Shape | None
    parameters: int | None = 0
    multiply_adds: int | None = 0
    spans: Spans | None = None
    faults: tuple[Fault, ...] = ()


def step(node: Node, shape: Shape, spans: Spans, picture: Pair, groups_known: bool = True) -> Step:
    """What a layer makes of an input. `groups_known` is False where groups are outside their limits."""
    if isinstance(node, SPATIAL) and len(shape) != 3:
        return Step(None, None, None, None, (_needs_maps(node, shape),))
    match node:
        case nodes.Convolution():
            return _convolution(node, shape, spans, groups_known)
        case nodes.TransposedConvolution():
            return _transposed(node, shape, spans, groups_known)
        case nodes.Upsampling():
            size = (shape[1] * node.scale[0], shape[2] * node.scale[1])
            bilinear = node.mode == "bilinear"
            down, across = (
                receptive.through_upsampling(span, scale, bilinear)
                for span, scale in zip(spans, node.scale, strict=True)
            )
            return Step((shape[0], *size), spans=(down, across))
        case nodes.MaxPooling() | nodes.AveragePooling():
            return _pooling(node, shape, spans)
        case nodes.GlobalAveragePooling():
            return Step((shape[0], 1, 1), spans=receptive.everything(picture))
        case nodes.BatchNormalisation():
            return Step(shape, parameters=2 * shape[0] if node.affine else 0, spans=spans)
        case nodes.Flatten():
            return Step((prod(shape),), spans=spans)
        case nodes.Dense():
            return _dense(node, shape, picture)
        case _:
            return Step(shape, spans=spans)


def step_from_unknown(node: Node, picture: Pair | None, broken: bool) -> Step:
    """What can be said where the input is not known or a field is outside its limits: behind a dense layer,
    its units."""
    spans = receptive.everything(picture) if picture else None
    match node:
        case nodes.Dense() if not broken:
            return Step((node.units,), None, None, spans)
        case nodes.Convolution() | nodes.TransposedConvolution() | nodes.Dense():
            return Step(None, None, None)
        case nodes.BatchNormalisation() if node.affine:
            return Step(None, None)
        case _:
            return Step(None)


def _needs_maps(node: Node, shape: Shape) -> Fault:
    found = f"a row of {shown(shape[0])} numbers"
    expected = "maps (channels × height × width)"
    return field_fault(node.id, "input", expected, found, mends.remove(node.id))


def _convolution(node: nodes.Convolution, shape: Shape, spans: Spans, groups_known: bool) -> Step:
    size = arithmetic.windows(
        (shape[1], shape[2]), node.kernel_size, node.stride, node.padding, node.dilation
    )
    if min(size) < 1:
        return Step(
            None,
            _parameters(node, shape, groups_known),
            None,
            None,
            (_too_large(node, shape, node.dilation),),
        )
    output = (node.filters, *size)
    padding = sides(node.padding, node.kernel_size, node.dilation)
    down, across = (
        receptive.through_window(
            spans[i], node.kernel_size[i], node.stride[i], padding[i][0], node.dilation[i]
        )
        for i in (0, 1)
    )
    fault = _groups(node, shape) if groups_known else ()
    if fault or not groups_known:
        return Step(output, None, None, (down, across), fault)
    multiply_adds = arithmetic.convolution_multiply_adds(shape[0], output, node.kernel_size, node.groups)
    return Step(output, _parameters(node, shape, True), multiply_adds, (down, across))


def _transposed(node: nodes.TransposedConvolution, shape: Shape, spans: Spans, groups_known: bool) -> Step:
    faults = _output_padding(node)
    height, width = (
        arithmetic.transposed_count(
            shape[i + 1],
            node.kernel_size[i],
            node.stride[i],
            node.padding[i],
            node.output_padding[i],
            node.dilation[i],
        )
        for i in (0, 1)
    )
    if min(height, width) < 1:
        faults = (*faults, _cut_away(node, height, width))
        return Step(None, _parameters(node, shape, groups_known), None, None, faults)
    down, across = (
        receptive.through_transposed(
            spans[i], node.kernel_size[i], node.stride[i], node.padding[i], node.dilation[i]
        )
        for i in (0, 1)
    )
    groups = _groups(node, shape) if groups_known else ()
    output = (node.filters, height, width)
    if groups or not groups_known:
        return Step(output, None, None, (down, across), (*faults, *groups))
    multiply_adds = arithmetic.transposed_multiply_adds(
        (shape[1], shape[2]), shape[0], node.filters, node.kernel_size, node.groups
    )
    return Step(output, _parameters(node, shape, True), multiply_adds, (down, across), faults)


def _parameters(
    node: nodes.Convolution | nodes.TransposedConvolution, shape: Shape, groups_known: bool
) -> int | None:
    if not groups_known or shape[0] % node.groups or node.filters % node.groups:
        return None
    return arithmetic.convolution_parameters(shape[0], node.filters, node.kernel_size, node.groups, node.bias)


def _pooling(node: nodes.MaxPooling | nodes.AveragePooling, shape: Shape, spans: Spans) -> Step:
    faults: tuple[Fault, ...] = ()
    half = (node.kernel_size[0] // 2, node.kernel_size[1] // 2)
    if not isinstance(node.padding, str) and (node.padding[0] > half[0] or node.padding[1] > half[1]):
        fitting = (min(node.padding[0], half[0]), min(node.padding[1], half[1]))
        expected = f"at most half the kernel, {shown(half)}"
        mend = mends.change_field(node.id, "padding", fitting)
        faults = (field_fault(node.id, "padding", expected, shown(node.padding), mend),)
    size = arithmetic.windows((shape[1], shape[2]), node.kernel_size, node.stride, node.padding)
    if min(size) < 1:
        return Step(None, faults=(*faults, _too_large(node, shape, (1, 1))))
    padding = sides(node.padding, node.kernel_size)
    down, across = (
        receptive.through_window(spans[i], node.kernel_size[i], node.stride[i], padding[i][0]) for i in (0, 1)
    )
    return Step((shape[0], *size), spans=(down, across), faults=faults)


def _dense(node: nodes.Dense, shape: Shape, picture: Pair) -> Step:
    faults: tuple[Fault, ...] = ()
    if len(shape) != 1:
        mend = mends.insert_before(node.id, nodes.Flatten(), "flatten")
        found = f"maps of {shape_words(shape)}"
        faults = (field_fault(node.id, "input", "a row of numbers", found, mend),)
    length = prod(shape)
    parameters = arithmetic.dense_parameters(length, node.units, node.bias)
    return Step((node.units,), parameters, length * node.units, receptive.everything(picture), faults)


def _groups(node: nodes.Convolution | nodes.TransposedConvolution, shape: Shape) -> tuple[Fault, ...]:
    if shape[0] % node.groups == 0 and node.filters % node.groups == 0:
        return ()
    expected = f"a divisor of its {shown(shape[0])} input channels and its {shown(node.filters)} filters"
    mend = mends.fit_groups(node.id, shape[0], node.filters, node.groups)
    return (field_fault(node.id, "groups", expected, shown(node.groups), mend),)


def _too_large(
    node: nodes.Convolution | nodes.MaxPooling | nodes.AveragePooling, shape: Shape, dilation: Pair
) -> Fault:
    """A kernel that does not fit into its padded input even once."""
    padding = sides(node.padding, node.kernel_size, dilation)
    room = (shape[1] + sum(padding[0]), shape[2] + sum(padding[1]))
    span = (reach(node.kernel_size[0], dilation[0]), reach(node.kernel_size[1], dilation[1]))
    padded = "padded input's" if any(map(sum, padding)) else "input's"
    expected = f"at most the {padded} {room[0]}×{room[1]}"
    found = f"{span[0]}×{span[1]}" + (" with the dilation" if span != node.kernel_size else "")
    if isinstance(node, nodes.Convolution) or max(shape[1:]) > 1:
        mend = mends.fit_kernel(node.id, room, node)
    else:
        mend = mends.remove(node.id)  # nothing is left to pool
    return field_fault(node.id, "kernel_size", expected, found, mend)


def _output_padding(node: nodes.TransposedConvolution) -> tuple[Fault, ...]:
    limits = tuple(max(s, d) - 1 for s, d in zip(node.stride, node.dilation, strict=True))
    if all(extra <= limit for extra, limit in zip(node.output_padding, limits, strict=True)):
        return ()
    fitting = tuple(min(extra, limit) for extra, limit in zip(node.output_padding, limits, strict=True))
    expected = f"less than the stride or the dilation, at most {shown(limits)}"
    mend = mends.change_field(node.id, "output_padding", fitting)
    return (field_fault(node.id, "output_padding", expected, shown(node.output_padding), mend),)


def _cut_away(node: nodes.TransposedConvolution, height: int, width: int) -> Fault:
    expected = "small enough to leave an output"
    found = f"{shown(node.padding)}, which leaves {shown(height)}×{shown(width)}"
    return field_fault(node.id, "padding", expected, found, mends.change_field(node.id, "padding", (0, 0)))
