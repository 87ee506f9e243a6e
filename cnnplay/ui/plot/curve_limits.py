"""The range in which curves are drawn: an outlier must not flatten all other values."""

import math

import msgspec
import numpy as np

from cnnplay.ui.plot.series import Floats

SPIKE, TIMES_PERCENTILE, TIMES_FIRST = 100.0, 20.0, 3.0
"""A spike is above 100 times the median, 20 times the 90th percentile and 3 times the first values …"""
USUAL_START = 10.0
"""… which count as at most this: ln 22,000, the loss of guessing among as many classes."""
FLOOR_STEP = 0.05
SAMPLE = 2_000
"""Statistics of long series are computed from about this many values."""


class Bounds(msgspec.Struct, frozen=True):
    """The rectangle to show. `cut`: the highest point if it is outside, because it would flatten the rest."""

    left: float
    right: float
    bottom: float
    top: float
    cut: tuple[float, float] | None = None


def percent_floor(share: float) -> float:
    """The start of an axis in percent that shows this value: a multiple of FLOOR_STEP, below 100 %."""
    steps = math.floor(share / FLOOR_STEP + 1e-9)
    return min(max(steps, 0) * FLOOR_STEP, 1.0 - FLOOR_STEP)


def top_without_spikes(values: Floats) -> float:
    """The largest finite value, except for spikes so high that they would flatten everything else."""
    values = values[np.isfinite(values)]
    top, some = float(values.max()), evenly_sampled(values)
    if top <= SPIKE * float(np.median(some)):
        return top
    first = min(float(values[:5].min()), USUAL_START)
    most = max(TIMES_PERCENTILE * float(np.percentile(some, 90)), TIMES_FIRST * first)
    return float(values[values <= most].max()) if top > most else top


def evenly_sampled(values: Floats) -> Floats:
    """About SAMPLE evenly spaced values."""
    return values[:: len(values) // SAMPLE + 1]
