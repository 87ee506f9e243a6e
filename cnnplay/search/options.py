"""The samplers and pruners by name, with descriptions. Does not import Optuna.

Optuna's CMA-ES is left out: it unpickles data from the storage, which may be somebody else's.
"""

from typing import Literal, TypeAlias

Sampler: TypeAlias = Literal["random", "tpe", "grid"]
Pruner: TypeAlias = Literal["none", "median", "halving"]

SAMPLERS: dict[Sampler, str] = {
    "random": "Draws each trial independently, on the scale of each range: covers the whole space, but does "
    "not learn from earlier trials.",
    "tpe": "Samples more often where trials did well so far (Tree-structured Parzen Estimator); the first "
    "ten trials are random.",
    "grid": "Tries every combination once, in random order, with five evenly spaced values per range.",
}
PRUNERS: dict[Pruner, str] = {
    "none": "Every trial runs for all epochs.",
    "median": "After each epoch, prunes a trial that is worse than the median of the finished trials at that "
    "epoch. The first five trials run for all epochs.",
    "halving": "After 1, 3, 9, 27 … epochs, only the best third of the trials continues (asynchronous "
    "successive halving).",
}
GRID_STEPS = 5
"""Grid values per range."""
