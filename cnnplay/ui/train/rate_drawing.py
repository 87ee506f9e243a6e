"""The curve of a learning rate range test for drawing: loss over the logarithm of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cnnplay.spec.range_test import RangeTest
from cnnplay.ui.plot.curve import NO_CURVE, Curve

if TYPE_CHECKING:
    from cnnplay.training.range_test import Point

HEADROOM = 0.35
"""The axis extends above the highest smoothed loss before the minimum, by this fraction of the fall: enough
to show that the loss diverges after it."""
MOST = 4.0
LEAST_SPAN = 0.05


class RateDrawing(msgspec.Struct, frozen=True):
    """`left`, `right` and the x of the curves are base-10 logarithms; losses may exceed `top`."""

    left: float
    right: float
    bottom: float
    top: float
    losses: Curve = NO_CURVE
    smoothed: Curve = NO_CURVE

    def rate_at(self, x: float) -> float:
        """The learning rate at this place of the axis, or at its nearer end, rounded to two digits."""
        return rounded(10 ** min(max(x, self.left), self.right))

    def place_of(self, rate: float) -> float | None:
        """The place of a learning rate on the axis; None outside of it."""
        place = math.log10(rate)
        return place if self.left <= place <= self.right else None

    def loss_at(self, rate: float) -> float | None:
        """The smoothed loss at a learning rate; None outside the tested range."""
        x, curve = math.log10(rate), self.smoothed
        if not len(curve) or not curve.x[0] - 0.05 <= x <= curve.x[-1] + 0.05:
            return None
        return float(np.interp(x, curve.x, curve.y))


def draw(test: RangeTest, points: Sequence[Point]) -> RateDrawing:
    """The curve so far, over the whole range."""
    left, right = math.log10(test.low), math.log10(test.high)
    if not points:
        return RateDrawing(left, right, 0.0, 1.0)
    from cnnplay.training.range_test import centered_average  # torch is imported once something was tested

    # Once training has diverged, the loss is far above the plot; 10^30 would spoil every mean.
    most = MOST * max(point.smoothed for point in points[: 1 + _lowest(points)])
    x = np.array([math.log10(point.rate) for point in points])
    losses = np.array([min(point.loss, most) for point in points])
    smoothed = np.array(centered_average(losses.tolist()))
    lowest = int(smoothed.argmin())
    bottom, high = float(smoothed[lowest]), float(smoothed[: lowest + 1].max())
    span = max(high - bottom, LEAST_SPAN * max(high, 1e-12))
    return RateDrawing(
        left,
        right,
        max(bottom - HEADROOM * span, min(0.0, bottom)),
        high + HEADROOM * span,
        Curve(x, losses),
        Curve(x, smoothed),
    )


def _lowest(points: Sequence[Point]) -> int:
    return min(range(len(points)), key=lambda index: points[index].smoothed)


def rounded(rate: float) -> float:
    """Rounded to two digits: ``0.0021``."""
    return float(f"{rate:.2g}")
