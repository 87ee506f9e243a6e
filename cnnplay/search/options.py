"""The ways to draw values and to give trials up, by name, each in a sentence. Imports no Optuna.

Optuna's CMA-ES is none of them: it unpickles what it finds in the storage, which may be a stranger's.
"""

from typing import Literal, TypeAlias

Sampler: TypeAlias = Literal["random", "tpe", "grid"]
Pruner: TypeAlias = Literal["none", "median", "halving"]

SAMPLERS: dict[Sampler, str] = {
    "random": "Each trial draws anew, on the scale of each range: nothing is learned from those before, and "
    "nothing of the space is left out.",
    "tpe": "Draws more often where trials went well so far (Tree-structured Parzen Estimator); the first ten "
    "are random.",
    "grid": "Every combination once, in a random order: five values of each range, evenly on its scale.",
}
PRUNERS: dict[Pruner, str] = {
    "none": "Every trial has all its epochs.",
    "median": "After each epoch a trial that is worse than half of the finished ones were then is given up; "
    "the first five have all their epochs.",
    "halving": "After 1, 3, 9, 27 … epochs a third of the trials may go on: those that validate best "
    "(asynchronous successive halving).",
}
GRID_STEPS = 5
"""So many values of a range make its grid."""
