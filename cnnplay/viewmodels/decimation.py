"""Fewer points than were measured, without losing an extreme: what a screen of so many pixels can show."""

import numpy as np

from cnnplay.viewmodels.series import Floats, Indices


def decimate(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Floats, Floats]:
    """The points of an ascending `x` between `left` and `right`, thinned to four a pixel column at most.

    Each column keeps its first, smallest, largest and last point, so that the line drawn through what is
    left covers the same pixels as the line through all. The neighbours just outside stay, for the line to
    enter and leave the picture. Values that are not finite break the line and are kept as one gap a column.
    """
    if len(x) == 0 or columns < 1 or not right > left:
        return x[:0], y[:0]
    first = max(int(np.searchsorted(x, left, side="left")) - 1, 0)
    last = min(int(np.searchsorted(x, right, side="right")) + 1, len(x))
    x, y = x[first:last], y[first:last]
    if len(x) <= 4 * columns:
        return x, y
    keep = _extremes(x, y, left, right, columns)
    return x[keep], y[keep]


def _extremes(x: Floats, y: Floats, left: float, right: float, columns: int) -> Indices:
    column = np.clip(((x - left) * (columns / (right - left))).astype(np.intp), -1, columns)
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    ends = np.append(starts[1:], len(x))
    finite = np.isfinite(y)
    lows = np.where(finite, y, np.inf)
    highs = np.where(finite, y, -np.inf)
    low, high = np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)
    of = np.repeat(np.arange(len(starts)), ends - starts)
    picks = [
        starts,
        ends - 1,
        _first_of_each(np.flatnonzero(lows == low[of]), of),
        _first_of_each(np.flatnonzero(highs == high[of]), of),
        _first_of_each(np.flatnonzero(~finite), of),
    ]
    return np.unique(np.concatenate(picks))


def _first_of_each(indices: Indices, of: Indices) -> Indices:
    """The first index in each column."""
    _, where = np.unique(of[indices], return_index=True)
    return indices[where]
