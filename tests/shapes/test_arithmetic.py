"""The formulas, by hand and against brute force."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from cnnplay.shapes import arithmetic


def test_a_convolution_without_padding_shrinks_by_the_kernel_minus_one() -> None:
    assert arithmetic.windows((32, 32), (5, 5), (1, 1), "valid") == (28, 28)


def test_the_lectures_six_by_six_example_gives_four_by_four_and_two_by_two_at_stride_two() -> None:
    assert arithmetic.windows((6, 6), (3, 3), (1, 1), "valid") == (4, 4)
    assert arithmetic.windows((6, 6), (3, 3), (2, 2), "valid") == (2, 2)


def test_alexnets_first_convolution_gives_55() -> None:
    assert arithmetic.windows((227, 227), (11, 11), (4, 4), "valid") == (55, 55)


def test_resnets_first_convolution_gives_112() -> None:
    assert arithmetic.windows((224, 224), (7, 7), (2, 2), (3, 3)) == (112, 112)


def test_same_padding_puts_the_odd_pixel_at_the_end() -> None:
    assert arithmetic.same_padding(4) == (1, 2)
    assert arithmetic.same_padding(3, 2) == (2, 2)
    assert arithmetic.same_padding(2, 3) == (1, 2)


@given(st.integers(1, 300), st.integers(1, 30), st.integers(1, 9), st.integers(1, 5))
def test_same_padding_gives_the_size_over_the_stride_rounded_up(n: int, f: int, s: int, d: int) -> None:
    (size, _) = arithmetic.windows((n, n), (f, f), (s, s), "same", (d, d))
    assert size == ceil(n / s)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))
def test_the_window_count_is_that_of_windows_laid_one_by_one(n: int, f: int, s: int, p: int, d: int) -> None:
    reach = arithmetic.effective_kernel(f, d)
    laid = len(range(0, n + 2 * p - reach + 1, s)) if n + 2 * p >= reach else 0
    assert max(0, arithmetic.window_count(n, f, s, (p, p), d)) == laid


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_a_transposed_convolution_undoes_the_size_of_a_convolution(
    n: int, f: int, s: int, p: int, d: int
) -> None:
    size = arithmetic.window_count(n, f, s, (p, p), d)
    if size >= 1:
        left_over = (n + 2 * p - arithmetic.effective_kernel(f, d)) % s
        assert arithmetic.transposed_count(size, f, s, p, left_over, d) == n


@given(st.integers(1, 200), st.integers(1, 200))
def test_stride_between_finds_the_smallest_stride_or_none(n: int, target: int) -> None:
    every = [s for s in range(1, n + 1) if ceil(n / s) == target]
    assert arithmetic.stride_between(n, target) == (min(every) if every else None)


def test_costs_of_lenets_second_convolution() -> None:
    assert arithmetic.convolution_parameters(6, 16, (5, 5), 1, True) == 2_416
    assert arithmetic.convolution_multiply_adds(6, (16, 10, 10), (5, 5), 1) == 240_000


def test_groups_divide_weights_and_work() -> None:
    assert arithmetic.convolution_parameters(8, 8, (3, 3), 8, False) == 72
    assert arithmetic.convolution_multiply_adds(8, (8, 5, 5), (3, 3), 8) == 1_800
