"""Hyperparameter importance: Optuna's PED-ANOVA, which needs no other library."""

import warnings

from optuna import Study
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

LEAST = 4
"""The fewest complete trials for an estimate."""


def importances(study: Study) -> dict[str, float]:
    """Shares that sum to 1, the largest first; empty with too few trials, or if all have the same value.

    PED-ANOVA measures how well each variable alone separates the best tenth of the trials from the others.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < LEAST or len({trial.value for trial in complete}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError, ZeroDivisionError):
            return {}
    total = sum(found.values())
    return found if total > 0 and total == total else {}
