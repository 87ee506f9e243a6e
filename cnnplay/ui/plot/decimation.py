"""Fewer points than were measured, without losing an extreme: what a screen of so many pixels can show."""

import numpy as np

from cnnplay.ui.plot.series import Floats, Indices


def decimate(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Floats, Floats]:
    """The points of an ascending `x` between `left` and `right`, thinned to four a pixel column at most.

    Each column keeps its first, smallest, largest and last point, so that the line drawn through what is
    left covers the same pixels as the line through all. The neighbours just outside stay, for the line to
    enter and leave the picture. Values that are not finite break the line and are kept as one gap a column.
    """
    first, last = _inside(x, left, right, columns)
    x, y = x[first:last], y[first:last]
    if len(x) <= 4 * columns:
        return x, y
    keep, _ = _thinned(x, y, left, right, columns)
    return x[keep], y[keep]


class Thinner:
    """Thins a curve that grows for one picture, again and again: columns that are full are done once."""

    def __init__(self) -> None:
        self._picture: tuple[object, float, float, int] = (None, 0.0, 0.0, 0)
        self._points: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
        self._done = 0

    def thin(
        self, x: Floats, y: Floats, mark: object, left: float, right: float, columns: int
    ) -> tuple[Floats, Floats]:
        """As `decimate`. `mark` is the same object as long as points are only added to the curve."""
        first, last = _inside(x, left, right, columns)
        if last - first <= 4 * columns:
            return x[first:last], y[first:last]
        picture = (mark, left, right, columns)
        if mark is None or picture[0] is not self._picture[0] or picture[1:] != self._picture[1:]:
            self._picture, self._done, self._points = picture, first, (np.empty(0), np.empty(0))
        x, y = x[self._done : last], y[self._done : last]
        keep, start = _thinned(x, y, left, right, columns)
        full, open_ = keep[keep < start], keep[keep >= start]
        self._points = np.append(self._points[0], x[full]), np.append(self._points[1], y[full])
        self._done += start
        return np.append(self._points[0], x[open_]), np.append(self._points[1], y[open_])


def _inside(x: Floats, left: float, right: float, columns: int) -> tuple[int, int]:
    """The first index and that behind the last, neighbours included."""
    if len(x) == 0 or columns < 1 or not right > left:
        return 0, 0
    first, last = np.searchsorted(x, left, side="left"), np.searchsorted(x, right, side="right")
    return max(int(first) - 1, 0), min(int(last) + 1, len(x))


def _thinned(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Indices, int]:
    """The indices to keep, and the first of the last column, which later points may still fill."""
    column = ((x - left) * (columns / (right - left))).astype(np.intp)
    column[0] = -1 if x[0] < left else column[0]
    column[-1] = columns if x[-1] > right else column[-1]
    starts = group_starts(column)
    keep = np.unique(np.concatenate([starts, np.append(starts[1:], len(x)) - 1, extremes(y, starts)]))
    return keep, int(starts[-1])


def group_starts(groups: Indices) -> Indices:
    """Where each stretch of equal numbers begins."""
    return np.append(0, np.flatnonzero(groups[1:] != groups[:-1]) + 1)


def extremes(y: Floats, starts: Indices) -> Indices:
    """Of each stretch that begins at one of `starts` the first lowest and the first highest value, and the
    first that is not finite, where it has one."""
    finite = np.isfinite(y)
    if finite.all():
        return np.concatenate([_first(y, starts, np.minimum), _first(y, starts, np.maximum)])
    lows, highs = np.where(finite, y, np.inf), np.where(finite, y, -np.inf)
    gaps = np.flatnonzero(~finite)
    of = np.searchsorted(starts, gaps, side="right")
    return np.concatenate(
        [_first(lows, starts, np.minimum), _first(highs, starts, np.maximum), gaps[group_starts(of)]]
    )


def _first(y: Floats, starts: Indices, which: np.ufunc) -> Indices:
    """The first index of the lowest or the highest value of each stretch."""
    lengths = np.diff(starts, append=len(y))
    found = np.flatnonzero(y == np.repeat(which.reduceat(y, starts), lengths))
    return found[group_starts(np.searchsorted(starts, found, side="right"))]
