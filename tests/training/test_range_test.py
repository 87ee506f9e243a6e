"""The learning-rate range test: against quadratic problems whose stable limit is known, and on networks."""

import itertools
import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch

from cnnplay.data.images import ImageSet
from cnnplay.modules.build import build
from cnnplay.modules.weights import weights_of
from cnnplay.network.network import Network
from cnnplay.spec.events import Stepped
from cnnplay.spec.range_test import MAX_EPOCHS, RangeTest, range_test_problems
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import setup
from cnnplay.training.control import Control
from cnnplay.training.failures import SettingsError
from cnnplay.training.job import Job, Result
from cnnplay.training.range_test import (
    DIVERGED_FACTOR,
    Point,
    RangeTestResult,
    find_rate,
    steepest_rate,
    sweep,
)
from tests.training.conftest import Kept


def quadratic(*curvatures: float) -> Callable[[float], float]:
    """Gradient descent on ½ Σ λ·w² from w = 1: stable at rates below 2 / max λ."""
    slopes, place = np.array(curvatures), np.ones(len(curvatures))

    def step(rate: float) -> float:
        loss = float(0.5 * (slopes * place**2).sum())
        place[:] -= rate * slopes * place
        return loss

    return step


def run(step: Callable[[float], float], test: RangeTest | None = None) -> list[Point]:
    return list(sweep(test or RangeTest(), step, lambda: False))


def find(network: Network, images: ImageSet, config: TrainConfig, **more: object) -> RangeTestResult:
    test = more.pop("test", RangeTest())
    job = Job("", network, config, images, **more)  # type: ignore[arg-type]
    return find_rate(job, test, lambda _: None, Control())  # type: ignore[arg-type]


def test_rates_grow_by_the_same_factor_from_low_to_high() -> None:
    test = RangeTest(1e-4, 1.0, 41)
    rates = [test.rate(step) for step in range(test.steps)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[-1] == pytest.approx(1.0)
    assert [b / a for a, b in itertools.pairwise(rates)] == pytest.approx([10 ** (1 / 10)] * 40)


@pytest.mark.parametrize("curvature", [0.3, 1.0, 20.0, 500.0])
def test_on_one_parabola_the_loss_falls_just_up_to_two_over_its_curvature(curvature: float) -> None:
    points = run(quadratic(curvature), RangeTest(1e-5, 100.0, 200))
    limit = 2 / curvature
    for one, after in itertools.pairwise(points):
        assert (after.loss < one.loss) == (one.rate < limit), f"at {one.rate:g}, the limit is {limit:g}"


@pytest.mark.parametrize("largest", [1.0, 30.0, 400.0])
def test_on_many_curvatures_it_ends_behind_the_stable_limit_and_suggests_a_rate_below(largest: float) -> None:
    points = run(quadratic(*np.geomspace(largest / 1000, largest, 20)), RangeTest(1e-6 / largest, 100.0, 150))
    limit = 2 / largest
    assert points[-1].smoothed > DIVERGED_FACTOR * min(point.smoothed for point in points)
    assert limit < points[-1].rate < 20 * limit
    rate = steepest_rate(points)
    assert rate is not None
    assert limit / 1000 < rate < limit


def test_smoothing_begins_without_a_bias_and_forgets() -> None:
    points = run(_given([3.0] + [1.0] * 99))
    assert points[0].smoothed == pytest.approx(3.0)
    assert points[1].smoothed == pytest.approx((0.9 * 3 + 1) / 1.9)
    assert points[-1].smoothed == pytest.approx(1.0, abs=1e-3)


def test_nothing_is_suggested_where_the_loss_never_falls() -> None:
    assert steepest_rate(run(_given([2.0] * 100))) is None
    rising = [2.0 + 0.01 * number for number in range(100)]
    assert steepest_rate(run(_given(rising))) is None
    rng = np.random.default_rng(0)
    for _ in range(50):
        noise = (2.3 + 0.1 * rng.standard_normal(100)).tolist()
        assert steepest_rate(run(_given(noise))) is None, "batches that differ are no fall"


def test_a_fall_in_noise_is_found_where_it_is() -> None:
    rng = np.random.default_rng(1)
    test = RangeTest()
    losses = [
        2.3 - 1.6 / (1 + math.exp(-(number - 50) / 3)) + 0.05 * rng.standard_normal() for number in range(100)
    ]
    rate = steepest_rate(run(_given(losses), test))
    assert rate is not None
    assert test.rate(38) <= rate <= test.rate(56)


def test_a_loss_that_is_no_number_ends_it_and_is_no_point() -> None:
    points = run(_given([2.0] * 30 + [math.nan] + [2.0] * 69))
    assert len(points) == 30
    assert len(run(_given([2.0] * 10 + [math.inf] * 90))) == 10
    assert steepest_rate([]) is None


@pytest.mark.parametrize(
    ("low", "high", "steps", "text"),
    [
        (0.0, 1.0, 100, "lowest LR must be more than 0; got 0"),
        (math.nan, 1.0, 100, "lowest LR must be a number from 0 to 1,000"),
        (0.1, 0.1, 100, "highest LR must be more than the lowest, 0.1; got 0.1"),
        (0.1, math.inf, 100, "highest LR must be"),
        (0.1, 1.0, 19, "steps must be 20 or more; got 19"),
    ],
)
def test_what_is_no_range_is_reported_with_a_message(low: float, high: float, steps: int, text: str) -> None:
    (problem,) = range_test_problems(RangeTest(low, high, steps))
    assert text in problem.message


def test_the_same_test_has_the_same_outcome(few: ImageSet, small: Network, config: TrainConfig) -> None:
    varied = msgspec.structs.replace(config, shift=2, optimizer="momentum")
    first, second = (find(small, few, varied) for _ in range(2))
    assert first.points == second.points
    assert first.suggested == second.suggested
    other = find(small, few, msgspec.structs.replace(varied, seed=1))
    assert other.points != first.points


@pytest.mark.parametrize("more", [{}, {"shift": 4, "rotate": 20.0, "mixup": 0.4}], ids=str)
def test_the_first_loss_is_that_of_the_weights_a_run_would_begin_with(
    more: dict[str, float],
    few: ImageSet,
    small: Network,
    config: TrainConfig,
    trained: Callable[..., Result],
    kept: Kept,
) -> None:
    """And of the images as the run would vary them."""
    found = find(small, few, msgspec.structs.replace(config, **more))
    trained(epochs=1, **more)
    first = kept.of(Stepped)[0]
    assert found.points[0].loss == pytest.approx(first.loss)


def test_nothing_of_the_job_moves(few: ImageSet, small: Network, config: TrainConfig) -> None:
    weights = weights_of(build(small, seed=7))
    before = {key: tensor.clone() for key, tensor in weights.items()}
    dice, threads = torch.get_rng_state(), torch.get_num_threads()
    found = find(small, few, config, initial=weights)
    assert found.points
    assert all(torch.equal(weights[key], before[key]) for key in before)
    assert torch.equal(torch.get_rng_state(), dice)
    assert torch.get_num_threads() == threads


def test_it_begins_with_the_weights_it_is_given(few: ImageSet, small: Network, config: TrainConfig) -> None:
    fresh = find(small, few, config)
    given = find(small, few, config, initial=weights_of(build(small, seed=7)))
    assert fresh.points[0].loss != given.points[0].loss


def test_few_images_are_not_seen_more_often_than_in_some_epochs(
    few: ImageSet, small: Network, config: TrainConfig
) -> None:
    # 200 images by 32 are 7 batches: the last 8 are one of their own.
    found = find(small, few, config, test=RangeTest(1e-6, 1e-4, 500))
    assert len(found.points) == MAX_EPOCHS * 7
    assert found.points[-1].rate == pytest.approx(1e-4), "the whole range all the same"
    assert found.ended == "done"


def test_far_too_large_a_rate_ends_it_early(few: ImageSet, small: Network, config: TrainConfig) -> None:
    sgd = msgspec.structs.replace(config, optimizer="sgd")
    found = find(small, few, sgd, test=RangeTest(1e-3, 999.0, 35))
    assert found.ended == "diverged"
    assert len(found.points) < 35


def test_it_stops_between_two_batches(few: ImageSet, small: Network, config: TrainConfig) -> None:
    control, points = Control(), []

    def sink(point: Point) -> None:
        points.append(point)
        if len(points) == 5:
            control.stop()

    found = find_rate(Job("", small, config, few), RangeTest(), sink, control)
    assert found.ended == "stopped"
    assert found.points == tuple(points)
    assert len(points) == 5


def test_a_slow_step_is_broken_off(
    few: ImageSet, small: Network, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "INTERRUPTIBLE_OPERATIONS", 1.0)  # every step counts as slow
    control, points = Control(), []

    # Asked once before each step, and by every layer within it: the third of these is in the third step.
    asked = iter(range(10_000))
    third = lambda _: len(points) == 2 and next(asked) > 2  # noqa: E731 - a property's
    monkeypatch.setattr(Control, "stopping", property(third))
    found = find_rate(Job("", small, config, few), RangeTest(), points.append, control)
    assert found.ended == "stopped"
    assert len(found.points) == 2
    assert next(asked) < 20, "and at once"


def test_a_range_that_is_none_is_refused(few: ImageSet, small: Network, config: TrainConfig) -> None:
    with pytest.raises(SettingsError, match="highest LR must be more than the lowest"):
        find(small, few, config, test=RangeTest(1.0, 0.1))


def test_settings_that_break_their_limits_are_refused(
    few: ImageSet, small: Network, config: TrainConfig
) -> None:
    with pytest.raises(SettingsError, match="momentum"):
        find(small, few, msgspec.structs.replace(config, momentum=2.0))


def _given(losses: list[float]) -> Callable[[float], float]:
    rest = iter(losses)
    return lambda _: next(rest)
