"""Steps in bounded memory: extremes and means of all of them, whatever their number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.project.history import MOST_STEPS
from cnnplay.ui.plot.smoothing import Smoother, smooth
from cnnplay.ui.train import steps as module
from cnnplay.ui.train.steps import KEPT, MOST, Range, Steps


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEWEST", 64)
    monkeypatch.setattr(module, "STRETCHES", 16)


BOUND = 2 * 64 + KEPT * 16 + 1


def rows(losses: np.ndarray, first: int = 1, steps: int = 100) -> list[tuple[float, ...]]:
    numbers = range(first, first + len(losses))
    return [
        (n / steps, n, (n - 1) // steps + 1, loss, n % 7 / 7, 64)
        for n, loss in zip(numbers, losses.tolist(), strict=True)
    ]


Losses = st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1, max_size=1_200)


@given(Losses, st.integers(1, 500))
def test_rows_are_bounded_the_newest_whole_and_every_extreme_is_there(losses: list[float], part: int) -> None:
    y, steps = np.asarray(losses), Steps()
    for start in range(0, len(y), part):
        steps.extend(rows(y[start : start + part], start + 1))
        assert len(steps) <= BOUND
    newest = y[-min(64, len(y)) :]
    assert np.array_equal(steps["loss"][-len(newest) :], newest, equal_nan=True)
    assert steps["step"][0] == 1
    finite = y[np.isfinite(y)]
    if len(finite):
        assert np.nanmax(steps["loss"]) == finite.max() == steps.range("loss").highest
        assert np.nanmin(steps["loss"]) == finite.min() == steps.range("loss").lowest
    kept = steps["step"].astype(int) - 1
    assert (np.diff(kept) > 0).all()
    assert np.array_equal(steps["loss"], y[kept], equal_nan=True)
    gaps = np.flatnonzero(np.diff(kept) > 1)
    assert steps.whole_from == (gaps[-1] + 1 if len(gaps) else 0)


@given(Losses, st.integers(1, 500))
def test_each_mean_is_that_of_all_the_steps_of_its_stretch(losses: list[float], part: int) -> None:
    y, steps = np.asarray(losses), Steps()
    for start in range(0, len(y), part):
        steps.extend(rows(y[start : start + part], start + 1))
    known = steps.known("loss")
    assert known.complete
    first = 0
    for x, mean in zip(known.x, known.means, strict=True):
        last = round(100 * x)
        stretch = y[first:last]
        finite = stretch[np.isfinite(stretch)]
        wanted = finite.mean() if len(finite) else np.nan
        assert mean == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)
        first = last
    assert first == (steps["step"][known.row] - 1 if len(known.x) else 0)


@given(Losses, st.integers(0, 1_200), st.integers(1, 600))
def test_what_was_cut_off_leaves_no_trace(losses: list[float], cut: int, more: int) -> None:
    y, steps = np.asarray(losses), Steps()
    steps.extend(rows(y))
    length = int(np.searchsorted(steps["step"], min(cut, len(y)), side="right"))
    last = int(steps["step"][length - 1]) if length else 0
    steps.cut(length)
    assert len(steps) == length
    steps.extend(rows(np.full(more, 5e3), last + 1))
    assert len(steps) <= 2 * BOUND
    assert steps["step"][-1] == last + more
    known = steps.known("loss")
    newest = np.append(known.means[-1:], steps["loss"][known.row :])
    assert newest[-1] == 5e3
    assert (known.means < 1e4).all() or np.isnan(known.means).any()


def test_where_a_step_is_missing_nothing_before_it_is_averaged() -> None:
    steps = Steps()
    steps.extend([row for row in rows(np.ones(300)) if row[1] != 10])
    known = steps.known("loss")
    assert not known.complete
    assert known.x[0] > 0.1
    steps.extend(rows(np.ones(20), 302))
    known = steps.known("loss")
    assert (len(known.x), known.complete) == (0, False)
    assert steps["step"][known.row] == 302


def test_a_column_given_out_before_stays_as_it_was() -> None:
    steps = Steps()
    steps.extend(rows(np.arange(100.0)))
    before = steps["loss"]
    copy = before.copy()
    steps.extend(rows(np.arange(5_000.0), 101))
    steps.cut(10)
    assert np.array_equal(before, copy)


def test_a_range_knows_the_lowest_above_zero_and_steps_over_what_is_not_finite() -> None:
    found = Range()
    found.take(np.arange(5.0), np.array([-2.0, np.nan, 0.5, np.inf, 3.0]))
    assert (found.lowest, found.lowest_positive, found.highest, found.highest_x) == (-2.0, 0.5, 3.0, 4.0)
    joined = found.joined(np.array([9.0]), np.array([7.0]))
    assert (joined.highest, joined.highest_x, found.highest) == (7.0, 9.0, 3.0)


@given(st.lists(st.floats(-100, 100) | st.just(float("nan")), max_size=500), st.integers(1, 200))
def test_smoothing_in_parts_is_smoothing_at_once(values: list[float], part: int) -> None:
    y, smoother = np.asarray(values), Smoother(14)
    parts = [smoother.extend(y[start : start + part]) for start in range(0, len(y), part)]
    found = np.concatenate([*parts, np.empty(0)])
    assert found == pytest.approx(smooth(y, 14), rel=1e-9, abs=1e-9, nan_ok=True)


def test_a_mean_weighs_as_much_as_the_steps_that_it_stands_for() -> None:
    levels = np.array([1.0, 3.0, 2.0])
    each = Smoother(14).extend(levels, 8)
    assert each == pytest.approx(smooth(np.repeat(levels, 8), 14)[7::8])


def test_a_project_keeps_all_steps_that_a_history_does() -> None:
    assert MOST <= MOST_STEPS
