"""Which of the things that vary mattered: Optuna's PED-ANOVA, which needs no other library."""

import warnings

from optuna import Study
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

LEAST = 4
"""Of fewer finished trials nothing is said."""


def importances(study: Study) -> dict[str, float]:
    """Shares that add up to 1, the largest first; nothing where too few trials are there, or all are alike.

    PED-ANOVA asks how much a variable alone tells the best tenth of the trials from all others.
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
