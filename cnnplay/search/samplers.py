"""Samplers and pruners, and the grid."""

from collections.abc import Callable, Sequence
from itertools import chain
from math import floor
from typing import Any

import numpy as np
from optuna import Study, Trial
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from cnnplay.search.options import GRID_STEPS, Pruner, Sampler
from cnnplay.search.space import Choices, Value
from cnnplay.search.variables import Variable

STARTUP = 5
"""Finished trials that the median pruner needs."""
THIRD = 3


class PerTrialSampler(BaseSampler):
    """Wraps a sampler that is created for each trial, seeded with the search's seed and the trial's number.

    So trial 7 draws the same values in any process, at once or after a pause, and two workers with the same
    seed never draw the same trial.
    """

    def __init__(self, seed: int, make: Callable[[int], BaseSampler]) -> None:
        self._seed, self._make = seed, make
        self._sampler = make(seed)
        self._number = -1

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            state = np.random.SeedSequence((self._seed, trial.number)).generate_state(1)
            self._sampler, self._number = self._make(int(state[0])), trial.number
        return self._sampler

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._of(trial).before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._of(trial).after_trial(study, trial, state, values)


class Grid(GridSampler):
    """All grid points in an order given by the seed. Unlike Optuna's, it does not stop the study when all are
    used: the engine does."""

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Does nothing; Optuna's GridSampler would stop the study."""


def make_sampler(name: Sampler, seed: int, variables: Sequence[Variable]) -> BaseSampler:
    match name:
        case "random":
            return PerTrialSampler(seed, lambda trial_seed: RandomSampler(seed=trial_seed))
        case "tpe":
            return PerTrialSampler(seed, lambda trial_seed: TPESampler(seed=trial_seed))
        case "grid":
            return Grid({variable.name: list(points(variable)) for variable in variables}, seed=seed)


def make_pruner(name: Pruner) -> BasePruner:
    """The pruner of that name. It gets the best value so far after each epoch."""
    match name:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=STARTUP)
        case "halving":
            return SuccessiveHalvingPruner(min_resource=1, reduction_factor=THIRD)


def grid_size(variables: Sequence[Variable]) -> int:
    """The number of grid points."""
    size = 1
    for variable in variables:
        size *= len(points(variable))
    return size


def point_count(variables: Sequence[Variable]) -> int | None:
    """The number of possible trials; None if a variable is continuous."""
    count = 1
    for variable in variables:
        entry = variable.entry
        if isinstance(entry, Choices) or entry.step is not None:
            count *= len(points(variable))
        elif variable.whole:
            count *= int(entry.high) - int(entry.low) + 1
        else:
            return None
    return count


def points(variable: Variable) -> tuple[Value, ...]:
    """A variable's grid values: all choices, all steps, or five values evenly spaced on the range's scale."""
    entry = variable.entry
    if isinstance(entry, Choices):
        return entry.choices
    if entry.step is not None:
        steps = floor((entry.high - entry.low) / entry.step + 1e-9)
        return tuple(entry.low + number * entry.step for number in range(steps + 1))
    spaced = np.geomspace if entry.log else np.linspace
    # The ends are taken from the range: geomspace may be off in the last digit.
    inner = spaced(entry.low, entry.high, GRID_STEPS)[1:-1].tolist()
    found = chain([entry.low], inner, [entry.high])
    if variable.whole:
        return tuple(dict.fromkeys(round(value) for value in found))
    return tuple(float(value) for value in found)


def draw_value(trial: Trial, variable: Variable) -> Value:
    """Draws a variable's value for a trial."""
    name, entry = variable.name, variable.entry
    if isinstance(entry, Choices):
        value: Value = trial.suggest_categorical(name, entry.choices)  # type: ignore[assignment]
        return value
    low, high, step = entry.low, entry.high, entry.step
    if step is not None:  # end at the last step
        high = low + floor((high - low) / step + 1e-9) * step
    if variable.whole:
        return trial.suggest_int(name, int(low), int(high), log=entry.log, step=int(step or 1))
    return trial.suggest_float(name, float(low), float(high), log=entry.log, step=step)
