"""Receptive windows against gradients: nothing outside the window may have a say in an output."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnplay.modules.build import build
from cnnplay.modules.module import NetworkModule, Plan, _Merged
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.probing.receptive import receptive_window
from cnnplay.shapes.infer import infer
from tests.strategies import networks


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.data())
def test_an_output_depends_on_nothing_outside_its_window(network: Network, data: st.DataObject) -> None:
    report = infer(network)
    node_id = data.draw(st.sampled_from([name for name, node in report.nodes.items() if node.output]))
    shape = report.nodes[node_id].output
    assert shape is not None
    row = data.draw(st.integers(0, shape[1] - 1)) if len(shape) == 3 else 0
    column = data.draw(st.integers(0, shape[2] - 1)) if len(shape) == 3 else 0
    module = build(network, seed=0).eval()
    x = torch.randn(1, *network.input.shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    found: list[torch.Tensor] = []
    _output(module._plan, x, node_id, found)
    (found[0][..., row, column] if len(shape) == 3 else found[0]).sum().backward()
    assert x.grad is not None
    # In floats a place just on a pixel is a little beside it, and its neighbour gets next to nothing.
    seen = x.grad[0].abs().sum(0) > 1e-6
    window = receptive_window(report, node_id, row, column)
    if window is not None:
        top, left, bottom, right = window
        seen[top:bottom, left:right] = False
    assert not seen.any()


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize(("stride", "scale"), [(3, 3), (4, 4), (5, 2), (2, 5), (2, 2)])
def test_upsampling_after_a_stride_wider_than_the_window_keeps_the_receptive_field(
    stride: int, scale: int, mode: Any
) -> None:
    network = _behind_a_stride(stride, nodes.Upsampling(id="upsample", scale=(scale, scale), mode=mode))
    report, module = infer(network), build(network, seed=0).eval()
    shape = report.nodes["upsample"].output
    assert shape is not None
    for place in range(shape[1]):
        # In floats a place just on a pixel is a little beside it, and its neighbour gets next to nothing.
        rows = (_sensitivity(module, "upsample", place, 0) > 1e-6).nonzero().flatten().tolist()
        window = receptive_window(report, "upsample", place, 0)
        assert window is not None
        assert window[0] <= min(rows)
        assert max(rows) < window[2]


_NEAREST, _BACK = "nearest", "transposed"


@pytest.mark.parametrize(
    ("stride", "steps"),
    [
        (8, ((_NEAREST, 2), (_NEAREST, 2), (_NEAREST, 2))),
        (6, ((_NEAREST, 3), (_BACK, 2))),
        (6, ((_BACK, 2), (_BACK, 2))),
        (5, (("bilinear", 2), (_BACK, 3), (_NEAREST, 2))),
        (2, ((_NEAREST, 2), (_BACK, 3), ("stride", 2), (_NEAREST, 3))),
    ],
)
def test_maps_that_are_enlarged_again_and_again_see_what_they_saw(
    stride: int, steps: tuple[tuple[str, int], ...]
) -> None:
    """How far a window lies beside what is seen adds up."""
    network = _behind_a_stride(stride, *(_step(f"step-{n}", *step) for n, step in enumerate(steps)))
    report, module = infer(network), build(network, seed=0).eval()
    last = f"step-{len(steps) - 1}"
    shape = report.nodes[last].output
    assert shape is not None
    for place in range(shape[1]):
        seen = _sensitivity(module, last, place, 0) > 1e-6
        window = receptive_window(report, last, place, 0)
        if window is not None:
            seen[window[0] : window[2]] = False
        assert not seen.any(), place


def _step(name: str, kind: str, by: int) -> nodes.Node:
    if kind == "stride":
        return nodes.Convolution(id=name, filters=1, kernel_size=(1, 1), stride=(by, by), padding="valid")
    if kind == _BACK:
        return nodes.TransposedConvolution(
            id=name, filters=1, kernel_size=(by, by), stride=(by, by), padding=(by // 2, 0)
        )
    return nodes.Upsampling(id=name, scale=(by, by), mode=kind)  # type: ignore[arg-type]


def _behind_a_stride(stride: int, *layers: nodes.Node) -> Network:
    """After a convolution that sees one pixel in each direction of every `stride`."""
    stack = (
        nodes.Convolution(id="conv", filters=1, kernel_size=(1, 1), stride=(stride, stride), padding="valid"),
        *layers,
        nodes.Flatten(id="flatten"),
        nodes.Dense(id="dense", units=2),
    )
    return Network(name="n", input=Input(1, 16, 16), task=Classification(2), stack=stack)


def _sensitivity(module: NetworkModule, node_id: str, row: int, column: int) -> torch.Tensor:
    """How much the one pixel of a node's only map changes with each row of an image of ones."""
    x = torch.ones(1, 1, 16, 16, requires_grad=True)
    found: list[torch.Tensor] = []
    _output(module._plan, x, node_id, found)
    found[0][0, 0, row, column].backward()
    assert x.grad is not None
    return x.grad[0, 0].abs().sum(1)


def _output(plan: Plan, x: torch.Tensor, node_id: str, found: list[torch.Tensor]) -> torch.Tensor:
    """Puts the node's output into `found`, with its gradient's way back (a trace's copies have none)."""
    for name, step in plan:
        if isinstance(step, _Merged):
            x = step.merge([_output(inner, x, node_id, found) for inner in step.plans])
        else:
            x = step(x)
        if name == node_id:
            found.append(x)
    return x


def test_the_lectures_window_at_the_border_is_clipped_to_the_image() -> None:
    network = Network(
        name="n",
        input=Input(1, 6, 8),
        task=Classification(2),
        stack=(
            nodes.Convolution(id="conv-1", filters=1, kernel_size=(3, 3)),
            nodes.Convolution(id="conv-2", filters=1, kernel_size=(3, 3), stride=(2, 2), padding="valid"),
            nodes.Flatten(id="flatten-1"),
            nodes.Dense(id="dense-1", units=2),
        ),
    )
    report = infer(network)
    assert receptive_window(report, "conv-1", 0, 0) == (0, 0, 2, 2)
    assert receptive_window(report, "conv-1", 3, 4) == (2, 3, 5, 6)
    assert receptive_window(report, "conv-2", 1, 1) == (1, 1, 6, 6)
    assert receptive_window(report, "dense-1", 0, 0) == (0, 0, 6, 8)


@pytest.mark.parametrize(
    ("stride", "kernel", "back"), [(3, 3, 3), (4, 2, 2), (4, 3, 2), (2, 5, 3), (2, 2, 2)]
)
def test_transposed_convolutions_after_a_stride_wider_than_the_window_keep_the_receptive_field(
    stride: int, kernel: int, back: int
) -> None:
    network = _behind_a_stride(
        stride,
        nodes.TransposedConvolution(id="back", filters=1, kernel_size=(kernel, kernel), stride=(back, back)),
    )
    report, module = infer(network), build(network, seed=0).eval()
    shape = report.nodes["back"].output
    assert shape is not None
    for place in range(shape[1]):
        seen = _sensitivity(module, "back", place, place) > 0
        window = receptive_window(report, "back", place, place)
        if window is not None:
            seen[window[0] : window[2]] = False
        assert not seen.any(), place
