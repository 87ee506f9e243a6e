"""What one layer does to a shape, and what it costs. Its fields are within their limits and its input is
known here."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from cnnplay.network import nodes
from cnnplay.network.describe import shape_text
from cnnplay.network.fields import Pair
from cnnplay.network.kinds import kind_of
from cnnplay.network.nodes import Node
from cnnplay.shapes import arithmetic, fixes, receptive
from cnnplay.shapes.arithmetic import Shape, effective_kernel, sides
from cnnplay.shapes.problems import Problem, field_problem, format_value
from cnnplay.shapes.receptive import Spans


class Given(NamedTuple):
    """What a layer is given: the input's shape and receptive field, and the image's size. `groups_known` is
    False if the layer's groups are outside their limits."""

    shape: Shape
    spans: Spans
    image: Pair
    groups_known: bool = True


class Step(NamedTuple):
    """The result of a layer; None where unknown."""

    output: Shape | None
    parameters: int | None = 0
    multiply_adds: int | None = 0
    spans: Spans | None = None
    problems: tuple[Problem, ...] = ()


def step(node: Node, given: Given) -> Step:
    """Applies a layer to an input."""
    if kind_of(node).spatial and len(given.shape) != 3:
        return Step(None, None, None, None, (_needs_maps(node, given.shape),))
    return RULES[type(node)].step(node, given)


def step_from_unknown(node: Node, image: Pair | None, invalid: bool) -> Step:
    """What is known if the input is unknown or a field is outside its limits: a dense layer's units."""
    if isinstance(node, nodes.Dense) and not invalid:
        return Step((node.units,), None, None, receptive.full_image(image) if image else None)
    return RULES[type(node)].unknown(node)


def _needs_maps(node: Node, shape: Shape) -> Problem:
    found = f"a vector of {format_value(shape[0])} values"
    expected = "feature maps (channels × height × width)"
    return field_problem(node.id, "input", expected, found, fixes.remove(node.id))


def _unchanged(_: Node, given: Given) -> Step:
    return Step(given.shape, spans=given.spans)


def _flatten(_: nodes.Flatten, given: Given) -> Step:
    return Step((prod(given.shape),), spans=given.spans)


def _global_average(_: nodes.GlobalAveragePooling, given: Given) -> Step:
    return Step((given.shape[0], 1, 1), spans=receptive.full_image(given.image))


def _upsampling(node: nodes.Upsampling, given: Given) -> Step:
    size = (given.shape[1] * node.scale[0], given.shape[2] * node.scale[1])
    bilinear = node.mode == "bilinear"
    down, across = (
        receptive.through_upsampling(span, scale, bilinear)
        for span, scale in zip(given.spans, node.scale, strict=True)
    )
    return Step((given.shape[0], *size), spans=(down, across))


def _batch_norm(node: nodes.BatchNormalisation, given: Given) -> Step:
    return Step(given.shape, parameters=2 * given.shape[0] if node.affine else 0, spans=given.spans)


def _group_norm(node: nodes.GroupNormalisation, given: Given) -> Step:
    """torch needs groups of more than one value: a single one is its own mean.

    Every output sees the whole image, through its group's mean and variance.
    """
    channels, values = given.shape[0], prod(given.shape)
    problem: tuple[Problem, ...] = ()
    if given.groups_known and (channels % node.groups or node.groups == values):
        most = channels if values > channels else channels // 2
        alone = "" if most == channels else ", with two or more in each group"
        expected = f"a divisor of the {format_value(channels)} channels{alone}"
        fix = fixes.fit_groups(node.id, channels, channels, min(node.groups, most)) if most else None
        found = format_value(node.groups)
        problem = (field_problem(node.id, "groups", expected, found, fix or fixes.remove(node.id)),)
    spans = receptive.full_image(given.image)
    return Step(given.shape, parameters=2 * channels, spans=spans, problems=problem)


def _convolution(node: nodes.Convolution, given: Given) -> Step:
    shape, spans, _, groups_known = given
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
    problem = _groups(node, shape) if groups_known else ()
    if problem or not groups_known:
        return Step(output, None, None, (down, across), problem)
    multiply_adds = arithmetic.convolution_multiply_adds(shape[0], output, node.kernel_size, node.groups)
    return Step(output, _parameters(node, shape, True), multiply_adds, (down, across))


def _transposed(node: nodes.TransposedConvolution, given: Given) -> Step:
    shape, spans, _, groups_known = given
    problems = _output_padding(node)
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
        problems = (*problems, _nothing_left(node, height, width))
        return Step(None, _parameters(node, shape, groups_known), None, None, problems)
    down, across = (
        receptive.through_transposed(
            spans[i], node.kernel_size[i], node.stride[i], node.padding[i], node.dilation[i]
        )
        for i in (0, 1)
    )
    groups = _groups(node, shape) if groups_known else ()
    output = (node.filters, height, width)
    if groups or not groups_known:
        return Step(output, None, None, (down, across), (*problems, *groups))
    multiply_adds = arithmetic.transposed_multiply_adds(
        (shape[1], shape[2]), shape[0], node.filters, node.kernel_size, node.groups
    )
    return Step(output, _parameters(node, shape, True), multiply_adds, (down, across), problems)


def _parameters(
    node: nodes.Convolution | nodes.TransposedConvolution, shape: Shape, groups_known: bool
) -> int | None:
    if not groups_known or shape[0] % node.groups or node.filters % node.groups:
        return None
    return arithmetic.convolution_parameters(shape[0], node.filters, node.kernel_size, node.groups, node.bias)


def _pooling(node: nodes.MaxPooling | nodes.AveragePooling, given: Given) -> Step:
    shape, spans = given.shape, given.spans
    problems: tuple[Problem, ...] = ()
    half = (node.kernel_size[0] // 2, node.kernel_size[1] // 2)
    if not isinstance(node.padding, str) and (node.padding[0] > half[0] or node.padding[1] > half[1]):
        fitting = (min(node.padding[0], half[0]), min(node.padding[1], half[1]))
        expected = f"at most half the kernel size, {format_value(half)}"
        fix = fixes.change_field(node.id, "padding", fitting)
        problems = (field_problem(node.id, "padding", expected, format_value(node.padding), fix),)
    size = arithmetic.windows((shape[1], shape[2]), node.kernel_size, node.stride, node.padding)
    if min(size) < 1:
        return Step(None, problems=(*problems, _too_large(node, shape, (1, 1))))
    padding = sides(node.padding, node.kernel_size)
    down, across = (
        receptive.through_window(spans[i], node.kernel_size[i], node.stride[i], padding[i][0]) for i in (0, 1)
    )
    return Step((shape[0], *size), spans=(down, across), problems=problems)


def _dense(node: nodes.Dense, given: Given) -> Step:
    shape = given.shape
    problems: tuple[Problem, ...] = ()
    if len(shape) != 1:
        fix = fixes.insert_before(node.id, nodes.Flatten(), "flatten")
        found = f"feature maps of {shape_text(shape)}"
        problems = (field_problem(node.id, "input", "a vector", found, fix),)
    length = prod(shape)
    parameters = arithmetic.dense_parameters(length, node.units, node.bias)
    return Step((node.units,), parameters, length * node.units, receptive.full_image(given.image), problems)


def _groups(node: nodes.Convolution | nodes.TransposedConvolution, shape: Shape) -> tuple[Problem, ...]:
    if shape[0] % node.groups == 0 and node.filters % node.groups == 0:
        return ()
    channels, filters = format_value(shape[0]), format_value(node.filters)
    expected = f"a divisor of both the {channels} input channels and the {filters} filters"
    fix = fixes.fit_groups(node.id, shape[0], node.filters, node.groups)
    return (field_problem(node.id, "groups", expected, format_value(node.groups), fix),)


def _too_large(
    node: nodes.Convolution | nodes.MaxPooling | nodes.AveragePooling, shape: Shape, dilation: Pair
) -> Problem:
    """The problem of a kernel that is larger than its padded input."""
    padding = sides(node.padding, node.kernel_size, dilation)
    room = (shape[1] + sum(padding[0]), shape[2] + sum(padding[1]))
    span = (
        effective_kernel(node.kernel_size[0], dilation[0]),
        effective_kernel(node.kernel_size[1], dilation[1]),
    )
    padded = "padded input" if any(map(sum, padding)) else "input"
    expected = f"at most the {padded} size {room[0]}×{room[1]}"
    found = f"{span[0]}×{span[1]}" + (" with dilation" if span != node.kernel_size else "")
    if isinstance(node, nodes.Convolution) or max(shape[1:]) > 1:
        fix = fixes.fit_kernel(node.id, room, node)
    else:
        fix = fixes.remove(node.id)  # nothing is left to pool
    return field_problem(node.id, "kernel_size", expected, found, fix)


def _output_padding(node: nodes.TransposedConvolution) -> tuple[Problem, ...]:
    limits = tuple(max(s, d) - 1 for s, d in zip(node.stride, node.dilation, strict=True))
    if all(extra <= limit for extra, limit in zip(node.output_padding, limits, strict=True)):
        return ()
    fitting = tuple(min(extra, limit) for extra, limit in zip(node.output_padding, limits, strict=True))
    expected = f"less than the stride or the dilation, at most {format_value(limits)}"
    fix = fixes.change_field(node.id, "output_padding", fitting)
    return (field_problem(node.id, "output_padding", expected, format_value(node.output_padding), fix),)


def _nothing_left(node: nodes.TransposedConvolution, height: int, width: int) -> Problem:
    expected = "small enough to leave an output"
    found = f"{format_value(node.padding)}, which leaves {format_value(height)}×{format_value(width)}"
    return field_problem(node.id, "padding", expected, found, fixes.change_field(node.id, "padding", (0, 0)))


def _costs_unknown(_: Node) -> Step:
    return Step(None, None, None)


class Rule(NamedTuple):
    """What a kind does to a known input, and what is known of it without one: no parameters by default."""

    step: Callable[[Any, Given], Step]
    unknown: Callable[[Any], Step] = lambda node: Step(None)


RULES: dict[type[nodes.Base], Rule] = {
    nodes.Convolution: Rule(_convolution, _costs_unknown),
    nodes.TransposedConvolution: Rule(_transposed, _costs_unknown),
    nodes.Upsampling: Rule(_upsampling),
    nodes.MaxPooling: Rule(_pooling),
    nodes.AveragePooling: Rule(_pooling),
    nodes.GlobalAveragePooling: Rule(_global_average),
    nodes.BatchNormalisation: Rule(_batch_norm, lambda node: Step(None, None if node.affine else 0)),
    nodes.GroupNormalisation: Rule(_group_norm, lambda node: Step(None, None)),
    nodes.LocalResponseNormalisation: Rule(_unchanged),
    nodes.Dropout: Rule(_unchanged),
    nodes.ReLU: Rule(_unchanged),
    nodes.LeakyReLU: Rule(_unchanged),
    nodes.Tanh: Rule(_unchanged),
    nodes.Sigmoid: Rule(_unchanged),
    nodes.GELU: Rule(_unchanged),
    nodes.SiLU: Rule(_unchanged),
    nodes.ELU: Rule(_unchanged),
    nodes.Flatten: Rule(_flatten),
    nodes.Dense: Rule(_dense, _costs_unknown),
}
"""The shape arithmetic of every kind but skips and branches."""
