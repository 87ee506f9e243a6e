"""The curve of a learning-rate range test, as it is drawn: losses over the rate's logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cnnplay.spec.range_test import RangeTest
from cnnplay.ui.train.history import NO_CURVE, Curve

if TYPE_CHECKING:
    from cnnplay.training.range_test import Point

HEADROOM = 0.35
"""The axis goes on above the highest smoothed loss before the lowest, by this part of the fall: that it
shoots up behind it is seen, and how far is of no interest."""
MOST = 4.0
LEAST_SPAN = 0.05


class RateDrawing(msgspec.Struct, frozen=True):
    """`left` and `right` are logarithms to base 10, and so are the curves' x; losses reach beyond `top`."""

    left: float
    right: float
    bottom: float
    top: float
    losses: Curve = NO_CURVE
    smoothed: Curve = NO_CURVE

    def rate_at(self, part: float) -> float:
        """The rate at this part of the axis, 0 at the left; two figures are enough for a rate."""
        part = min(max(part, 0.0), 1.0)
        return rounded(10 ** (self.left + part * (self.right - self.left)))

    def part_of(self, rate: float) -> float:
        """Where a rate lies on the axis, from 0 to 1 where it is on it."""
        return (math.log10(rate) - self.left) / (self.right - self.left)

    def loss_at(self, rate: float) -> float | None:
        """The smoothed loss at a rate; None beyond what was tried."""
        x, curve = math.log10(rate), self.smoothed
        if not len(curve) or not curve.x[0] - 0.05 <= x <= curve.x[-1] + 0.05:
            return None
        return float(np.interp(x, curve.x, curve.y))


def draw(test: RangeTest, points: Sequence[Point]) -> RateDrawing:
    """The picture of what was tried so far, over the whole range."""
    left, right = math.log10(test.low), math.log10(test.high)
    if not points:
        return RateDrawing(left, right, 0.0, 1.0)
    from cnnplay.training.range_test import centred  # torch is there once something was tried

    # Whatever a loss is once training has broken, it is far above the picture; 10^30 would spoil every mean.
    most = MOST * max(point.smoothed for point in points[: 1 + _lowest(points)])
    x = np.array([math.log10(point.rate) for point in points])
    losses = np.array([min(point.loss, most) for point in points])
    smoothed = np.array(centred(losses.tolist()))
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
    """``0.0021``."""
    return float(f"{rate:.2g}")
