"""Receptive fields against the gradient's support in torch."""

from math import ceil, floor
from typing import Any, TypeAlias

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cnnplay.modules.build import build
from cnnplay.network import nodes
from cnnplay.network.network import Network
from cnnplay.network.nodes import Node
from cnnplay.shapes import receptive
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import ReceptiveField
from tests.shapes.helpers import network_of

SIZE = 40


def _window(field: ReceptiveField, axis: int, index: int) -> tuple[int, int]:
    """The first and last pixel that an output sees; the count continues outside the image."""
    centre = field.start[axis] + index * field.jump[axis]
    half = (field.size[axis] - 1) / 2
    return round(centre - half), round(centre + half)


_pair = st.tuples(st.integers(1, 4), st.integers(1, 4))
_small = st.tuples(st.integers(1, 2), st.integers(1, 2))
_conv = st.builds(
    nodes.Convolution,
    filters=st.just(1),
    kernel_size=_pair,
    stride=_small,
    padding=st.sampled_from(("same", "valid", (1, 0))),
    dilation=_small,
)
_pool = st.builds(nodes.AveragePooling, kernel_size=_pair, stride=_small, padding=st.just("same"))
_keep = st.builds(nodes.Convolution, filters=st.just(1), kernel_size=_pair, dilation=_small)
_skip = st.builds(nodes.Skip, body=st.lists(_keep, min_size=1, max_size=2).map(tuple))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(_conv, _pool, _skip), min_size=1, max_size=4),
    st.floats(0, 0.999),
    st.floats(0, 0.999),
)
def test_an_output_sees_exactly_the_pixels_of_its_field(
    stack: list[Node], down: float, across: float
) -> None:
    network = network_of(*stack, nodes.Flatten(), nodes.Dense(units=10), image=(1, SIZE, SIZE))
    report = infer(network)
    assume(report.valid)
    last = report.nodes[network.stack[len(stack) - 1].id]
    assert last.field is not None
    assert last.output is not None
    place = (int(down * last.output[1]), int(across * last.output[2]))
    support = _support(network, place[0] * last.output[2] + place[1])
    window = [_window(last.field, axis, place[axis]) for axis in (0, 1)]
    inside = all(first >= 0 and final < SIZE for first, final in window)
    for seen, (first, final) in zip(support, window, strict=True):
        assert all(first <= pixel <= final for pixel in seen)
        if inside:  # else it partly sees padding
            assert (seen[0], seen[-1]) == (first, final)


def _support(network: Network, number: int) -> tuple[list[int], list[int]]:
    """The rows and columns of the image on which an element of the vector depends, with all weights one."""
    module = build(network, seed=0).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
        dense = module.layer("dense-1").weight
        dense.zero_()
        dense[0, number] = 1.0
    images = torch.ones(1, 1, SIZE, SIZE, dtype=torch.float64, requires_grad=True)
    module(images)[0, 0].backward()
    assert images.grad is not None
    seen = images.grad[0, 0] != 0
    return seen.any(1).nonzero().flatten().tolist(), seen.any(0).nonzero().flatten().tolist()


def test_the_shortcut_widens_nothing_and_the_body_counts() -> None:
    network = network_of(nodes.Skip(body=(nodes.Convolution(filters=1), nodes.Convolution(filters=1))))
    field = infer(network).nodes["skip-1"].field
    assert field == ReceptiveField(size=(5, 5), jump=(1, 1), start=(0, 0))


def test_rectangles_have_rectangular_fields() -> None:
    network = network_of(nodes.Convolution(kernel_size=(1, 7), stride=(1, 3), padding="valid"))
    field = infer(network).nodes["conv-1"].field
    assert field == ReceptiveField(size=(1, 7), jump=(1, 3), start=(0, 3))


@pytest.mark.parametrize("node", [nodes.GlobalAveragePooling(), nodes.Dense()])
def test_global_pooling_and_dense_see_everything(node: Node) -> None:
    stack = (nodes.Flatten(), node) if isinstance(node, nodes.Dense) else (node,)
    network = network_of(*stack, image=(1, 20, 30))
    field = infer(network).nodes[network.stack[-1].id].field
    assert field == ReceptiveField(size=(20, 30), jump=(0, 0), start=(9.5, 14.5))


def test_enlarging_makes_steps_a_fraction_of_a_pixel() -> None:
    network = network_of(nodes.Upsampling(), nodes.Convolution())
    field = infer(network).nodes["conv-1"].field
    assert field is not None
    assert field.jump == (0.5, 0.5)
    assert field.size == (2, 2)


def test_a_transposed_convolution_without_overlap_sees_one_pixel() -> None:
    field = infer(network_of(nodes.TransposedConvolution())).nodes["transposed-conv-1"].field
    assert field is not None
    assert field.size == (1, 1)
    assert field.jump == (0.5, 0.5)


def test_branches_that_step_differently_have_windows_large_enough_for_every_output() -> None:
    two = nodes.Convolution(id="conv-1", filters=1, kernel_size=(1, 1), stride=(2, 1), padding="valid")
    three = nodes.Convolution(id="conv-2", filters=1, kernel_size=(1, 1), stride=(3, 1), padding="same")
    network = network_of(nodes.Branches(id="branches-1", branches=((two,), (three,))), image=(1, 4, 3))
    field = infer(network).nodes["branches-1"].field
    assert field is not None
    # Row 1 of the output corresponds to row 2 of the image in one branch, and for row 3 in the other.
    assert _window(field, 0, 1) == (2, 3)


Seen: TypeAlias = list[tuple[int, int] | None]
"""The first and last pixel that each output along one dimension really sees; None in the padding."""

PICTURE = 24
_operations = st.one_of(
    st.tuples(st.just("window"), st.integers(1, 5), st.integers(1, 4), st.integers(0, 4), st.integers(1, 2)),
    st.tuples(
        st.just("transposed"), st.integers(1, 5), st.integers(1, 3), st.integers(0, 4), st.integers(1, 3)
    ),
    st.tuples(st.just("nearest"), st.integers(1, 4)),
    st.tuples(st.just("bilinear"), st.integers(1, 4)),
    st.tuples(st.just("skip"), st.integers(2, 3)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_operations, min_size=1, max_size=6))
def test_a_window_contains_all_that_an_output_sees_however_often_maps_are_enlarged(
    operations: list[tuple[Any, ...]],
) -> None:
    """Counted pixel by pixel along one dimension: strides, windows, enlarged maps, and merges of them."""
    seen: Seen = [(pixel, pixel) for pixel in range(PICTURE)]
    span = receptive.pixels()[0]
    for kind, *numbers in operations:
        seen, span = _through(kind, numbers, seen, span)
        if len(seen) > 300:
            break
    field = receptive.summary((span, span))
    for index, found in enumerate(seen):
        if found is not None:
            centre, half = field.start[0] + index * field.jump[0], (field.size[0] - 1) / 2
            assert floor(centre - half) <= found[0], index
            assert found[1] <= ceil(centre + half), index


def _through(kind: str, numbers: list[int], seen: Seen, span: receptive.Span) -> tuple[Seen, receptive.Span]:
    """An operation on the pixels seen and on the span. One that leaves no output is skipped."""
    if kind == "window":
        kernel, stride, before, dilation = numbers
        before = min(before, kernel - 1)
        outputs = _window_of(seen, kernel, stride, before, dilation)
        new = receptive.through_window(span, kernel, stride, before, dilation)
    elif kind == "transposed":
        kernel, stride, padding, dilation = (
            numbers[0],
            numbers[1],
            min(numbers[2], numbers[0] - 1),
            numbers[3],
        )
        outputs = _transposed_of(seen, kernel, stride, padding, dilation)
        new = receptive.through_transposed(span, kernel, stride, padding, dilation)
    elif kind == "skip":
        (scale,) = numbers
        outputs, new = _skip_of(seen, span, scale) if len(seen) % scale == 0 else (seen, span)
    else:
        (scale,) = numbers
        outputs = _enlarged(seen, scale, kind == "bilinear")
        new = receptive.through_upsampling(span, scale, kind == "bilinear")
    return (outputs, new) if outputs else (seen, span)


def _hull(parts: Seen) -> tuple[int, int] | None:
    there = [part for part in parts if part is not None]
    return (min(low for low, _ in there), max(high for _, high in there)) if there else None


def _window_of(seen: Seen, kernel: int, stride: int, before: int, dilation: int) -> Seen:
    count = (len(seen) + 2 * before - (dilation * (kernel - 1) + 1)) // stride + 1
    places = [[o * stride - before + k * dilation for k in range(kernel)] for o in range(max(count, 0))]
    return [_hull([seen[place] for place in row if 0 <= place < len(seen)]) for row in places]


def _transposed_of(seen: Seen, kernel: int, stride: int, padding: int, dilation: int) -> Seen:
    count = (len(seen) - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
    parts: list[Seen] = [[] for _ in range(max(count, 0))]
    for place, part in enumerate(seen):
        for k in range(kernel):
            output = place * stride - padding + k * dilation
            if 0 <= output < count:
                parts[output].append(part)
    return [_hull(each) for each in parts]


def _enlarged(seen: Seen, scale: int, bilinear: bool) -> Seen:
    if not bilinear:
        return [seen[output // scale] for output in range(len(seen) * scale)]
    found: Seen = []
    for output in range(len(seen) * scale):
        at = max((output + 0.5) / scale - 0.5, 0.0)
        first = int(at)
        second = min(first + 1, len(seen) - 1) if at > first else first
        found.append(_hull([seen[first], seen[second]]))
    return found


def _skip_of(seen: Seen, span: receptive.Span, scale: int) -> tuple[Seen, receptive.Span]:
    """Merged with two branches, enlarged again: windows of `scale`, and every `scale`-th pixel."""
    branches, spans = [seen], [span]
    for kernel in (scale, 1):
        branches.append(_enlarged(_window_of(seen, kernel, scale, 0, 1), scale, False))
        spans.append(
            receptive.through_upsampling(receptive.through_window(span, kernel, scale, 0), scale, False)
        )
    merged = receptive.union([(one, one) for one in spans], (len(seen), len(seen)))[0]
    return [_hull(list(parts)) for parts in zip(*branches, strict=True)], merged
