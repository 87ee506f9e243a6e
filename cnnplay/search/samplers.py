"""How the next values are drawn, and which trials are given up early."""

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
"""So many finished trials are needed before the median of them says anything."""
THIRD = 3


class Numbered(BaseSampler):
    """Another sampler, made anew for each trial from the seed and the trial's number.

    So trial 7 draws the same whoever runs it: one process or several, at once or after a break. Two workers
    with one seed never draw the same trial twice.
    """

    def __init__(self, seed: int, make: Callable[[int], BaseSampler]) -> None:
        self._seed, self._make = seed, make
        self._sampler = make(seed)
        self._number = -1

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            words = np.random.SeedSequence((self._seed, trial.number)).generate_state(1)
            self._sampler, self._number = self._make(int(words[0])), trial.number
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
    """All points in an order that the seed decides. Whoever searches ends when they are used up: the
    sampler itself stops nothing."""

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Nothing."""


def make_sampler(name: Sampler, seed: int, variables: Sequence[Variable]) -> BaseSampler:
    """The sampler of that name."""
    match name:
        case "random":
            return Numbered(seed, lambda drawn: RandomSampler(seed=drawn))
        case "tpe":
            return Numbered(seed, lambda drawn: TPESampler(seed=drawn))
        case "grid":
            return Grid({variable.name: list(points(variable)) for variable in variables}, seed=seed)


def make_pruner(name: Pruner) -> BasePruner:
    """The pruner of that name; it is told the best validation accuracy so far, after each epoch."""
    match name:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=STARTUP)
        case "halving":
            return SuccessiveHalvingPruner(min_resource=1, reduction_factor=THIRD)


def grid_size(variables: Sequence[Variable]) -> int:
    """How many points the grid has."""
    size = 1
    for variable in variables:
        size *= len(points(variable))
    return size


def point_count(variables: Sequence[Variable]) -> int | None:
    """How many different trials there are; None where a number may be anything within a range."""
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
    """A variable's values on the grid: all choices, each step, or five values evenly on the range's scale."""
    entry = variable.entry
    if isinstance(entry, Choices):
        return entry.choices
    if entry.step is not None:
        steps = floor((entry.high - entry.low) / entry.step + 1e-9)
        return tuple(entry.low + number * entry.step for number in range(steps + 1))
    spaced = np.geomspace if entry.log else np.linspace
    # The ends are the range's own: a power of ten need not come back to the last digit.
    inner = spaced(entry.low, entry.high, GRID_STEPS)[1:-1].tolist()
    found = chain([entry.low], inner, [entry.high])
    if variable.whole:
        return tuple(dict.fromkeys(round(value) for value in found))
    return tuple(float(value) for value in found)


def drawn(trial: Trial, variable: Variable) -> Value:
    """The trial's value of a variable."""
    name, entry = variable.name, variable.entry
    if isinstance(entry, Choices):
        value: Value = trial.suggest_categorical(name, entry.choices)  # type: ignore[assignment]
        return value
    low, high, step = entry.low, entry.high, entry.step
    if step is not None:  # the end is the last step
        high = low + floor((high - low) / step + 1e-9) * step
    if variable.whole:
        return trial.suggest_int(name, int(low), int(high), log=entry.log, step=int(step or 1))
    return trial.suggest_float(name, float(low), float(high), log=entry.log, step=step)
