"""Axes have round numbers as labels, as many as fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.ui.plot.ticks import log_ticks, percent_ticks, ticks


def test_round_numbers_with_as_many_digits_as_they_need() -> None:
    assert [tick.text for tick in ticks(0, 1.5, 4)] == ["0.0", "0.5", "1.0", "1.5"]
    assert [tick.text for tick in ticks(0, 20, 5)] == ["0", "5", "10", "15", "20"]
    assert [tick.text for tick in ticks(-0.02, 0.021, 5)] == ["−0.02", "−0.01", "0.00", "0.01", "0.02"]


def test_large_and_tiny_numbers_have_a_unit() -> None:
    assert [tick.text for tick in ticks(0, 2e6, 2)] == ["0", "2 M"]
    assert [tick.text for tick in ticks(0, 1.5e6, 4)] == ["0", "0.5 M", "1.0 M", "1.5 M"]
    assert [tick.text for tick in ticks(-5e9, 5e9, 3)] == ["−5 G", "0", "5 G"]
    assert [tick.text for tick in ticks(0, 1.2e25, 4)] == ["0", "0.5·10²⁵", "1.0·10²⁵"]
    assert [tick.text for tick in ticks(0, 4e-7, 3)] == ["0", "2·10⁻⁷", "4·10⁻⁷"]
    assert [tick.text for tick in ticks(0, 400_000, 3)] == ["0", "200,000", "400,000"]
    assert log_ticks(24.2, 25.8, 9)[-1].text == "5·10²⁵"


@given(st.floats(0, 1e30), st.integers(2, 8))
def test_labels_of_an_axis_are_short_and_distinct(high: float, most: int) -> None:
    texts = [tick.text for tick in ticks(0, high, most)]
    assert all(len(text) <= 12 for text in texts)
    assert len(set(texts)) == len(texts)


def test_counts_have_no_fractions() -> None:
    assert [tick.text for tick in ticks(0, 2, 10, smallest=1)] == ["0", "1", "2"]


def test_fractions_read_as_percent() -> None:
    assert [tick.text for tick in percent_ticks(0.8, 1.0, 5)] == ["80 %", "85 %", "90 %", "95 %", "100 %"]


def test_a_log_scale_has_decades_and_round_numbers_between_them() -> None:
    assert [tick.text for tick in log_ticks(-2, 1, 5)] == ["0.01", "0.1", "1", "10"]
    assert [tick.text for tick in log_ticks(math.log10(1.1), math.log10(1.9), 5)] == [
        "1.2",
        "1.4",
        "1.6",
        "1.8",
    ]
    assert len(log_ticks(-30, 30, 5)) <= 5


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_inside_and_no_more_than_requested(low: float, size: float, most: int) -> None:
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
