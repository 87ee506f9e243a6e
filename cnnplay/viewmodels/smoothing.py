"""Smoothing of a noisy curve: a moving average that forgets exponentially and starts right at step 0."""

from functools import lru_cache

import numpy as np

from cnnplay.viewmodels.series import Floats

BLOCK = 128
"""So many values are averaged in one matrix product; only the carry between blocks is a loop."""


def smooth(values: Floats, steps: float) -> Floats:
    """The exponential moving average of `values` over about `steps` steps (1 / the newest's weight).

    With β = 1 − 1/steps: s_t = β·s_{t−1} + (1 − β)·x_t from s_0 = 0, divided by 1 − β^t (the bias correction
    of Adam, Kingma & Ba 2015), so that the first smoothed value is the first value itself. One step or less
    smooths nothing. Values that are not finite are left out: their step repeats the average before.
    """
    if steps <= 1 or len(values) == 0:
        return values.copy()
    finite = np.isfinite(values)
    known = values[finite]
    beta = 1.0 - 1.0 / steps
    averages = np.empty(len(known))
    carry = 0.0
    kernel, decay = _kernel(beta)
    for start in range(0, len(known), BLOCK):
        part = known[start : start + BLOCK]
        length = len(part)
        averages[start : start + length] = kernel[:length, :length] @ part + decay[:length] * carry
        carry = float(averages[start + length - 1])
    averages /= -np.expm1(np.arange(1, len(known) + 1) * np.log(beta))
    if finite.all():
        return averages
    # Steps before the first finite value have nothing to repeat.
    filled = np.concatenate(([np.nan], averages))
    result: Floats = filled[np.cumsum(finite)]
    return result


@lru_cache(maxsize=8)
def _kernel(beta: float) -> tuple[Floats, Floats]:
    ages = np.arange(BLOCK)[:, None] - np.arange(BLOCK)[None, :]
    kernel: Floats = np.where(ages >= 0, (1.0 - beta) * beta ** np.maximum(ages, 0), 0.0)
    decay: Floats = beta ** np.arange(1, BLOCK + 1, dtype=np.float64)
    return kernel, decay


def smoothing_words(steps: float) -> str:
    """What a panel says about its curve: ``smoothed over 14 steps``."""
    return f"smoothed over {steps:.0f} steps" if steps > 1 else "not smoothed"
