"""Arithmetic written out as on a blackboard."""

import numpy as np
import pytest

from cnnplay.lessons.convolution import convolution_step
from cnnplay.lessons.lecture import IMAGE, VERTICAL_EDGE
from cnnplay.lessons.text import (
    average_text,
    compact,
    convolution_text,
    maximum_text,
    number,
    product,
    products_by_row,
    sum_over_channels,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"), (-10, "−10"), (2.0, "2"), (0.5, "0.50"), (-0.0417, "−0.042"), (123.456, "123.5"),
        (0.00012, "0.000"), (-0.0001, "0.000"), (1.5e9, "1.5e9"), (-0.0, "0"),
        (float("-inf"), "−∞"), (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_a_number_is_short_and_has_a_true_minus(value: float, text: str) -> None:
    assert number(value) == text


def test_a_negative_factor_is_in_parentheses() -> None:
    assert product(1, -1) == "1·(−1)"
    assert product(-2, 3) == "(−2)·3"


def test_the_first_window_of_the_lecture_is_written_as_on_its_slide() -> None:
    step = convolution_step(IMAGE, VERTICAL_EDGE)
    text = convolution_text(step.patch[0], VERTICAL_EDGE[0], step.total, most=4)
    assert text == "3·1 + 0·0 + 1·(−1) + … + 2·(−1) = −5"
    assert products_by_row(step.patch[0], VERTICAL_EDGE[0])[1] == ("1·1", "5·0", "8·(−1)")


def test_the_sum_over_channels_is_written_out() -> None:
    assert sum_over_channels([1, -2, 3], 0.5, 2.5) == "sum over 3 channels + bias: 1 + (−2) + 3 + 0.50 = 2.50"
    assert sum_over_channels([-5], 0, -5) == "sum + bias: −5 + 0 = −5"
    assert sum_over_channels([-5], None, -5) == "sum = −5"
    assert sum_over_channels([1, -2], None, -1) == "sum over 2 channels: 1 + (−2) = −1"
    assert sum_over_channels([1] * 9, 0, 9, most=3).startswith(
        "sum over 9 channels + bias: 1 + 1 + … + 1 + 0"
    )


def test_pools_are_written_out() -> None:
    window = np.array([[3, 0], [1, 5]])
    assert maximum_text(window, 5) == "max(3, 0, 1, 5) = 5"
    assert average_text(window, 2.25) == "(3 + 0 + 1 + 5) / 4 = 2.25"
    assert average_text(-window, -2.25) == "(−3 + 0 + (−1) + (−5)) / 4 = −2.25"
    assert maximum_text(np.arange(16).reshape(4, 4), 15, most=4) == "max(0, 1, 2, …, 15) = 15"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (-0.25, "−.25"), (0.004, ".00"), (1.234, "1.23"), (-12.34, "−12.3"), (float("-inf"), "−∞")],
)
def test_a_number_in_a_cell_is_as_short_as_possible(value: float, text: str) -> None:
    assert compact(value) == text
