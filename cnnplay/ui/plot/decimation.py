"""Thins curves to what a given number of pixels can show, without losing an extreme."""

import numpy as np

from cnnplay.ui.plot.series import Floats, Indices


def decimate(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Floats, Floats]:
    """The points of an ascending `x` between `left` and `right`, thinned to at most four per pixel column.

    Each column keeps its first, smallest, largest and last point, so that the thinned line covers the same
    pixels as the full one. The neighbors just outside are kept, so that the line enters and leaves the plot.
    Values that are not finite break the line and are kept as one gap per column.
    """
    first, last = _inside(x, left, right, columns)
    x, y = x[first:last], y[first:last]
    if len(x) <= 4 * columns:
        return x, y
    keep, _ = _thinned(x, y, left, right, columns)
    return x[keep], y[keep]


class Thinner:
    """Thins a growing curve repeatedly for the same plot: completed columns are thinned only once."""

    def __init__(self) -> None:
        self._view: tuple[object, float, float, int] = (None, 0.0, 0.0, 0)
        self._points: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
        self._done = 0

    def thin(
        self, x: Floats, y: Floats, mark: object, left: float, right: float, columns: int
    ) -> tuple[Floats, Floats]:
        """Like `decimate`. `mark` is the same object as long as points are only appended to the curve."""
        first, last = _inside(x, left, right, columns)
        if last - first <= 4 * columns:
            return x[first:last], y[first:last]
        view = (mark, left, right, columns)
        if mark is None or view[0] is not self._view[0] or view[1:] != self._view[1:]:
            self._view, self._done, self._points = view, first, (np.empty(0), np.empty(0))
        x, y = x[self._done : last], y[self._done : last]
        keep, start = _thinned(x, y, left, right, columns)
        full, open_ = keep[keep < start], keep[keep >= start]
        self._points = np.append(self._points[0], x[full]), np.append(self._points[1], y[full])
        self._done += start
        return np.append(self._points[0], x[open_]), np.append(self._points[1], y[open_])


def _inside(x: Floats, left: float, right: float, columns: int) -> tuple[int, int]:
    """The first index and the one after the last, neighbors included."""
    if len(x) == 0 or columns < 1 or not right > left:
        return 0, 0
    first, last = np.searchsorted(x, left, side="left"), np.searchsorted(x, right, side="right")
    return max(int(first) - 1, 0), min(int(last) + 1, len(x))


def _thinned(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Indices, int]:
    """The indices to keep, and the first index of the last column, which later points may still extend."""
    column = ((x - left) * (columns / (right - left))).astype(np.intp)
    column[0] = -1 if x[0] < left else column[0]
    column[-1] = columns if x[-1] > right else column[-1]
    starts = group_starts(column)
    keep = np.unique(np.concatenate([starts, np.append(starts[1:], len(x)) - 1, extremes(y, starts)]))
    return keep, int(starts[-1])


def group_starts(groups: Indices) -> Indices:
    """The start of each run of equal numbers."""
    return np.append(0, np.flatnonzero(groups[1:] != groups[:-1]) + 1)


def extremes(y: Floats, starts: Indices) -> Indices:
    """For each group (beginning at `starts`), the indices of the first minimum and the first maximum, and of
    the first value that is not finite, if there is one."""
    finite = np.isfinite(y)
    if finite.all():
        return np.concatenate([_first(y, starts, np.minimum), _first(y, starts, np.maximum)])
    lows, highs = np.where(finite, y, np.inf), np.where(finite, y, -np.inf)
    gaps = np.flatnonzero(~finite)
    groups = np.searchsorted(starts, gaps, side="right")
    return np.concatenate(
        [_first(lows, starts, np.minimum), _first(highs, starts, np.maximum), gaps[group_starts(groups)]]
    )


def _first(y: Floats, starts: Indices, which: np.ufunc) -> Indices:
    """The first index of the minimum or the maximum of each group."""
    lengths = np.diff(starts, append=len(y))
    found = np.flatnonzero(y == np.repeat(which.reduceat(y, starts), lengths))
    return found[group_starts(np.searchsorted(starts, found, side="right"))]
