"""A curve: points from left to right, thinned to the pixels that show it."""

import math
from collections.abc import Hashable, Iterable

import msgspec
import numpy as np

from cnnplay.ui.plot.decimation import Thinner, decimate
from cnnplay.ui.plot.series import Floats


class Curve(msgspec.Struct, frozen=True):
    """Points from left to right."""

    x: Floats
    y: Floats
    mark: object = None
    """The same object as long as points are only appended to the curve; None if unknown."""

    def __len__(self) -> int:
        return len(self.x)

    def between(self, left: float, right: float, columns: int) -> "Curve":
        """The curve thinned to `columns` pixel columns, extremes included."""
        return Curve(*decimate(self.x, self.y, left, right, columns))

    def nearest(self, x: float) -> tuple[int, float, float]:
        """The point nearest to `x`, of at least one: its index, x and y."""
        index = int(np.searchsorted(self.x, x))
        if index == len(self.x) or (index and x - self.x[index - 1] < self.x[index] - x):
            index -= 1
        return index, float(self.x[index]), float(self.y[index])

    def last(self, right: float) -> tuple[float, float] | None:
        """The last point up to `right`; None without one, or if its y is not finite."""
        inside = int(np.searchsorted(self.x, right, side="right"))
        if not inside or not math.isfinite(self.y[inside - 1]):
            return None
        return float(self.x[inside - 1]), float(self.y[inside - 1])


class ThinnedCurves:
    """The curves of a plot, thinned to its pixels each time it is drawn: completed columns only once."""

    def __init__(self) -> None:
        self._thinners: dict[Hashable, Thinner] = {}

    def thin(self, key: Hashable, curve: Curve, left: float, right: float, columns: int) -> Curve:
        """Like `Curve.between`. `key` says which of the plot's curves it is."""
        thinner = self._thinners.setdefault(key, Thinner())
        return Curve(*thinner.thin(curve.x, curve.y, curve.mark, left, right, columns))

    def keep(self, keys: Iterable[Hashable]) -> None:
        """Forgets all other curves."""
        self._thinners = {key: self._thinners[key] for key in keys if key in self._thinners}


NO_CURVE = Curve(np.empty(0), np.empty(0))
