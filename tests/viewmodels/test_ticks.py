"""Axes are labelled with round numbers, as many as fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.viewmodels.ticks import log_ticks, percent_ticks, ticks


def test_round_numbers_with_as_many_digits_as_they_need() -> None:
    assert [tick.text for tick in ticks(0, 1.5, 4)] == ["0.0", "0.5", "1.0", "1.5"]
    assert [tick.text for tick in ticks(0, 20, 5)] == ["0", "5", "10", "15", "20"]
    assert [tick.text for tick in ticks(-0.02, 0.021, 5)] == ["−0.02", "−0.01", "0.00", "0.01", "0.02"]


def test_what_is_counted_has_no_fractions() -> None:
    assert [tick.text for tick in ticks(0, 2, 10, smallest=1)] == ["0", "1", "2"]


def test_fractions_read_as_percent() -> None:
    assert [tick.text for tick in percent_ticks(0.8, 1.0, 5)] == ["80 %", "85 %", "90 %", "95 %", "100 %"]


def test_a_logarithmic_axis_names_decades_and_round_numbers_between() -> None:
    assert [tick.text for tick in log_ticks(-2, 1, 5)] == ["0.01", "0.1", "1", "10"]
    assert [tick.text for tick in log_ticks(math.log10(1.1), math.log10(1.9), 5)] == [
        "1.2",
        "1.4",
        "1.6",
        "1.8",
    ]
    assert len(log_ticks(-30, 30, 5)) <= 5


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_lie_inside_and_are_no_more_than_asked_for(low: float, size: float, most: int) -> None:
    found = ticks(low, low + size, most)
    assert len(found) <= most
    slack = 1e-5 * size + 1e-9
    assert all(low - slack <= tick.at <= low + size + slack for tick in found)


@pytest.mark.parametrize("ends", [(0.0, 0.0), (1.0, 0.0), (0.0, float("nan")), (0.0, float("inf"))])
def test_an_axis_without_extent_has_no_labels(ends: tuple[float, float]) -> None:
    assert ticks(*ends, 5) == []
    assert log_ticks(*ends, 5) == []


def test_the_last_step_tried_is_checked_too() -> None:
    assert len(ticks(63.0, 64.1, 11)) <= 11
