"""The convolution's steps against the lecture's hand-worked numbers and against torch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnplay.lessons.convolution import convolution, convolution_step
from cnnplay.lessons.lecture import IMAGE, VERTICAL_EDGE
from cnnplay.lessons.sliding import Sliding, pads_of

WORKED = [[-5, -4, 0, 8], [-10, -2, 2, 3], [0, -2, -4, -7], [-3, -2, -3, -16]]


def test_the_lectures_example_gives_its_worked_output() -> None:
    assert convolution(IMAGE, VERTICAL_EDGE).tolist() == WORKED


def test_the_lectures_example_with_stride_2_gives_its_worked_output() -> None:
    assert convolution(IMAGE, VERTICAL_EDGE, stride=(2, 2)).tolist() == [[-5, 0], [0, -4]]


def test_each_step_of_the_lectures_example_gives_its_cell() -> None:
    for row in range(4):
        steps = [convolution_step(IMAGE, VERTICAL_EDGE, row=row, column=column) for column in range(4)]
        assert [step.total for step in steps] == WORKED[row]


def test_the_first_step_shows_the_products_worked_by_hand() -> None:
    step = convolution_step(IMAGE, VERTICAL_EDGE)
    assert step.products[0].tolist() == [[3, 0, -1], [1, 0, -8], [2, 0, -2]]
    assert step.rows == (0, 1, 2)
    assert step.columns == (0, 1, 2)
    assert step.total == -5


def test_a_padded_window_names_cells_outside_the_image_and_counts_them_as_zero() -> None:
    step = convolution_step(IMAGE, VERTICAL_EDGE, padding=(1, 1))
    assert step.rows == (-1, 0, 1)
    assert step.columns == (-1, 0, 1)
    assert step.inside.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    assert step.patch[0].tolist() == [[0, 0, 0], [0, 3, 0], [0, 1, 5]]
    assert step.total == -5


def test_a_position_outside_the_output_is_refused_with_the_output_size() -> None:
    with pytest.raises(IndexError, match="the output is 4 × 4; it has no cell in row 4, column 0"):
        convolution_step(IMAGE, VERTICAL_EDGE, row=4)


def test_maps_and_kernel_with_different_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="equal channels"):
        convolution(IMAGE, np.ones((2, 3, 3)))


def test_same_padding_puts_an_odd_pixel_at_the_bottom_and_the_right() -> None:
    assert pads_of("same", (4, 3)) == (1, 2, 1, 1)
    assert pads_of("same", (2, 5), dilation=(3, 2)) == (1, 2, 4, 4)


def test_a_kernel_larger_than_the_map_has_no_output() -> None:
    sliding = Sliding(size=(2, 2), kernel=(3, 3))
    assert sliding.output == (0, 0)
    assert convolution(np.ones((1, 2, 2)), np.ones((1, 3, 3))).size == 0


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    def pair(least: int, most: int) -> tuple[int, int]:
        return draw(st.integers(least, most)), draw(st.integers(least, most))

    return {
        "channels": draw(st.integers(1, 4)),
        "size": pair(1, 9),
        "kernel": pair(1, 4),
        "stride": pair(1, 3),
        "padding": pair(0, 3),
        "dilation": pair(1, 3),
        "seed": draw(st.integers(0, 1000)),
    }


@settings(max_examples=100, deadline=None)
@given(layers())
def test_whole_output_and_every_step_agree_with_torch(layer: dict[str, Any]) -> None:
    rng = np.random.default_rng(layer["seed"])
    maps = rng.normal(size=(layer["channels"], *layer["size"]))
    kernel = rng.normal(size=(layer["channels"], *layer["kernel"]))
    options = {name: layer[name] for name in ("stride", "padding", "dilation")}
    sliding = Sliding(
        size=layer["size"],
        kernel=layer["kernel"],
        stride=layer["stride"],
        dilation=layer["dilation"],
        pads=pads_of(layer["padding"], layer["kernel"]),
    )
    if not sliding.steps:
        return
    x, w = torch.from_numpy(maps)[None], torch.from_numpy(kernel)[None]
    bias = torch.tensor([0.5], dtype=torch.float64)
    truth = torch.nn.functional.conv2d(x, w, bias, **options)[0, 0].numpy()
    assert convolution(maps, kernel, 0.5, **options) == pytest.approx(truth)
    for index in range(sliding.steps):
        row, column = sliding.place(index)
        step = convolution_step(maps, kernel, 0.5, **options, row=row, column=column)
        assert step.total == pytest.approx(truth[row, column])
        assert step.sums.sum() + step.bias == pytest.approx(step.total)
