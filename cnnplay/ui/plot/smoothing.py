"""Smoothing of a noisy curve: an exponential moving average that is unbiased from step 0 on."""

from functools import lru_cache

import numpy as np

from cnnplay.ui.plot.series import Floats

BLOCK = 128
"""The values averaged in one matrix product; only the carry between blocks is a loop."""


class Smoother:
    """The exponential moving average over about `steps` steps (1 / the newest's weight), value by value.

    With β = 1 − 1/steps: s_t = β·s_{t−1} + (1 − β)·x_t from s_0 = 0, divided by 1 − β^t (the bias correction
    of Adam, Kingma & Ba 2015), so that the first smoothed value is the first value itself. With one step or
    less nothing is smoothed. Values that are not finite are skipped: their step repeats the last average.
    """

    def __init__(self, steps: float) -> None:
        self._beta = 1.0 - 1.0 / max(steps, 1.0)
        self._carry = 0.0
        self._known = 0
        self._last = np.nan

    def extend(self, values: Floats, each: int = 1) -> Floats:
        """The averages at the next values. Each value is the mean of `each` steps and has their weight."""
        if self._beta == 0.0 or len(values) == 0:
            return values.copy()
        finite = np.isfinite(values)
        all_finite = bool(finite.all())
        averages = self._averages(values if all_finite else values[finite], each)
        # Steps before the first finite value have no average to repeat.
        result: Floats = averages if all_finite else np.append(self._last, averages)[np.cumsum(finite)]
        self._last = float(result[-1])
        return result

    def _averages(self, known: Floats, each: int) -> Floats:
        averages = np.empty(len(known))
        kernel, decay = _kernel(self._beta**each)
        for start in range(0, len(known), BLOCK):
            part = known[start : start + BLOCK]
            length = len(part)
            averages[start : start + length] = kernel[:length, :length] @ part + decay[:length] * self._carry
            self._carry = float(averages[start + length - 1])
        steps = self._known + each * np.arange(1, len(known) + 1)
        self._known += each * len(known)
        corrected: Floats = averages / -np.expm1(steps * np.log(self._beta))
        return corrected


def smooth(values: Floats, steps: float) -> Floats:
    """Smooths all values at once, each of one step."""
    return Smoother(steps).extend(values)


@lru_cache(maxsize=32)
def _kernel(beta: float) -> tuple[Floats, Floats]:
    ages = np.arange(BLOCK)[:, None] - np.arange(BLOCK)[None, :]
    kernel: Floats = np.where(ages >= 0, (1.0 - beta) * beta ** np.maximum(ages, 0), 0.0)
    decay: Floats = beta ** np.arange(1, BLOCK + 1, dtype=np.float64)
    return kernel, decay


def smoothing_text(steps: float) -> str:
    """The text beside a curve's title: ``smoothed over 14 steps``."""
    return f"smoothed over {steps:.0f} steps" if steps > 1 else "not smoothed"
