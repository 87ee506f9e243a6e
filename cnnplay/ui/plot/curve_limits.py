"""Between which values curves are drawn: an outlier must not press all others flat."""

import math

import msgspec
import numpy as np

from cnnplay.ui.plot.series import Floats

SPIKE, CALM, SEVERAL = 100.0, 20.0, 3.0
"""A loss above 100 medians, 20 times what nine in ten values stay below, and 3 times the first ones …"""
USUAL_START = 10.0
"""… of which no more than this is taken for usual: it is ln 22,000, guessing among as many classes."""
STEP_OF_FLOOR = 0.05
SAMPLE = 2_000
"""What is usual among very many values is judged by so many of them."""


class Bounds(msgspec.Struct, frozen=True):
    """The rectangle to show. `cut`: the highest point, where it lies above it and would hide the rest."""

    left: float
    right: float
    bottom: float
    top: float
    cut: tuple[float, float] | None = None


def accuracy_floor(accuracy: float) -> float:
    """Where an axis of accuracies begins that shows this one: at a multiple of STEP_OF_FLOOR, below 100 %."""
    steps = math.floor(accuracy / STEP_OF_FLOOR + 1e-9)
    return min(max(steps, 0) * STEP_OF_FLOOR, 1.0 - STEP_OF_FLOOR)


def top_without_spikes(values: Floats) -> float:
    """The largest finite value, but for a spike so high that nothing else would be seen below it."""
    values = values[np.isfinite(values)]
    top, some = float(values.max()), evenly_sampled(values)
    if top <= SPIKE * float(np.median(some)):
        return top
    first = min(float(values[:5].min()), USUAL_START)
    most = max(CALM * float(np.percentile(some, 90)), SEVERAL * first)
    return float(values[values <= most].max()) if top > most else top


def evenly_sampled(values: Floats) -> Floats:
    """Evenly chosen ones of very many."""
    return values[:: len(values) // SAMPLE + 1]
