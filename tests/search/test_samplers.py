"""What is drawn: within its limits, evenly on its scale, the same for the same seed and number."""

import math
from collections.abc import Callable
from typing import get_args

import optuna
import pytest
from optuna import Trial

from cnnplay.network.network import Network
from cnnplay.search.options import Sampler
from cnnplay.search.samplers import draw_value, grid_size, make_sampler, point_count, points
from cnnplay.search.space import Choices, Range, Space, Value
from cnnplay.search.variables import Variable, variables

SPACE = Space(
    {
        "learning_rate": Range(1e-5, 1e-1, log=True),
        "momentum": Range(0.5, 0.9),
        "label_smoothing": Range(0, 0.25, step=0.1),
        "batch_size": Range(8, 64, log=True),
        "epochs": Range(1, 10, step=4),
        "optimizer": Choices(("sgd", "adam")),
        "flip": Choices((False, True)),
        "conv-1.padding": Choices(("same", 1)),
    }
)


@pytest.fixture
def varied(small: Network) -> tuple[Variable, ...]:
    return variables(SPACE, small, "f")


Draw = Callable[..., list[dict[str, Value]]]


@pytest.fixture
def draw(varied: tuple[Variable, ...]) -> Draw:
    """The values of some trials, whose objective is the learning rate alone."""

    def make(
        sampler: Sampler, count: int, seed: int = 0, study: optuna.Study | None = None
    ) -> list[dict[str, Value]]:
        study = study or optuna.create_study(direction="maximize")
        study.sampler = make_sampler(sampler, seed, varied)
        found: list[dict[str, Value]] = []

        def objective(trial: Trial) -> float:
            found.append({variable.name: draw_value(trial, variable) for variable in varied})
            return -float(found[-1]["learning_rate"])

        study.optimize(objective, n_trials=count)
        return found

    return make


@pytest.mark.parametrize("sampler", ["random", "tpe", "grid"])
def test_everything_drawn_is_of_its_type_and_within_its_limits(draw: Draw, sampler: Sampler) -> None:
    for values in draw(sampler, 30):
        assert 1e-5 <= values["learning_rate"] <= 1e-1  # type: ignore[operator]
        assert 0.5 <= values["momentum"] <= 0.9  # type: ignore[operator]
        assert any(math.isclose(values["label_smoothing"], one, abs_tol=1e-9) for one in (0, 0.1, 0.2))  # type: ignore[arg-type]
        assert isinstance(values["batch_size"], int)
        assert 8 <= values["batch_size"] <= 64
        assert values["epochs"] in (1, 5, 9)
        assert values["optimizer"] in ("sgd", "adam")
        assert isinstance(values["flip"], bool)
        assert values["conv-1.padding"] in ("same", 1)


def test_on_a_logarithmic_scale_each_power_of_ten_is_as_likely(draw: Draw) -> None:
    rates = [float(values["learning_rate"]) for values in draw("random", 400)]
    places = sorted((math.log10(rate) + 5) / 4 for rate in rates)
    # Kolmogorov and Smirnov: of 400 uniform numbers the distance is below 0.0815 in 99 of 100 cases.
    distance = max(abs(place - (rank + 0.5) / len(places)) for rank, place in enumerate(places))
    assert distance < 0.0815
    assert sum(rate < 1e-3 for rate in rates) == pytest.approx(200, abs=40)


@pytest.mark.parametrize("sampler", ["random", "tpe", "grid"])
def test_the_same_seed_draws_the_same_trials_and_another_seed_others(draw: Draw, sampler: Sampler) -> None:
    assert draw(sampler, 5, seed=3) == draw(sampler, 5, seed=3)
    assert draw(sampler, 5, seed=3) != draw(sampler, 5, seed=4)


def test_a_resumed_search_draws_what_an_uninterrupted_one_would(draw: Draw) -> None:
    study = optuna.create_study(direction="maximize")
    assert draw("random", 2, study=study) + draw("random", 3, study=study) == draw("random", 5)


def test_the_grid_has_every_combination_once(small: Network) -> None:
    varied = variables(
        Space({"learning_rate": Range(1e-3, 1e-1, log=True), "optimizer": Choices(("sgd", "adam"))}),
        small,
        "f",
    )
    assert points(varied[0]) == pytest.approx((1e-3, 10**-2.5, 1e-2, 10**-1.5, 1e-1))
    assert grid_size(varied) == 10
    study = optuna.create_study(direction="maximize")
    study.sampler = make_sampler("grid", 1, varied)
    found = set()

    def objective(trial: Trial) -> float:
        found.add(tuple(draw_value(trial, variable) for variable in varied))
        return 0.0

    study.optimize(objective, n_trials=10)
    assert len(found) == 10


def test_the_points_of_a_space_are_counted_where_they_can_be(small: Network) -> None:
    def count(space: dict[str, Range | Choices]) -> int | None:
        return point_count(variables(Space(space), small, "f"))

    finite = {
        "optimizer": Choices(("sgd", "adam")),
        "label_smoothing": Range(0, 0.25, step=0.1),
        "epochs": Range(1, 5),
    }
    assert count(finite) == 2 * 3 * 5
    assert count({"optimizer": Choices(("sgd",))}) == 1
    assert count({**finite, "learning_rate": Range(1e-5, 1e-1, log=True)}) is None


def test_tpe_goes_where_it_went_well(draw: Draw) -> None:
    rates = [math.log10(float(values["learning_rate"])) for values in draw("tpe", 40)]
    assert sum(rates[25:]) / 15 < sum(rates[:10]) / 10 - 0.5


def test_every_sampler_that_is_offered_draws(draw: Draw) -> None:
    for sampler in get_args(Sampler):
        assert len(draw(sampler, 3)) == 3
