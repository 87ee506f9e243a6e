"""A smoothed curve that grows with its run, without recomputing earlier points."""

import numpy as np

from cnnplay.ui.plot.series import Floats, Series
from cnnplay.ui.plot.smoothing import Smoother
from cnnplay.ui.train.steps import Known, Steps


class Smoothed:
    """One metric, averaged over about `steps` steps.

    Where steps were thinned out, it uses the means of their stretches, which include all steps. In a history
    read from a file these means are unknown; there it uses each epoch's own mean, because the kept steps are
    extremes, whose average would be meaningless.
    """

    def __init__(self, name: str, steps: float) -> None:
        self._name, self._steps = name, steps
        self._made_of: tuple[object, int, int] | None = None
        self._points = Series(("x", "y"))
        self._smoother = Smoother(steps)
        self._taken = 0
        self.mark = object()
        """Replaced whenever points were not only appended."""

    def points(self, steps: Steps, epochs: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """x and y. `epochs` are the ends of the epochs and their means, as far as known."""
        known = steps.known(self._name)
        if not known.complete:
            if not len(epochs[0]):
                return steps["x"], steps[self._name]
            if len(steps) - known.row + known.each * len(known.x) < self._steps:
                return epochs
        made_of = (steps.mark, known.row, 0 if known.complete else len(epochs[0]))
        if made_of != self._made_of:
            self._made_of = made_of
            self._begin(steps, known, epochs)
        x, y = steps["x"][self._taken :], steps[self._name][self._taken :]
        self._points.append(np.stack([x, self._smoother.extend(y)]))
        self._taken = len(steps)
        return self._points["x"], self._points["y"]

    def _begin(self, steps: Steps, known: Known, epochs: tuple[Floats, Floats]) -> None:
        self.mark = object()
        self._points, self._smoother, self._taken = Series(("x", "y")), Smoother(self._steps), known.row
        if not known.complete:
            first = known.x[0] if len(known.x) else steps["x"][known.row]
            before = epochs[0] <= first
            self._points.append(np.stack([epochs[0][before], epochs[1][before]]))
        self._points.append(np.stack([known.x, self._smoother.extend(known.means, known.each)]))
