"""The steps of a run in bounded memory: recent ones complete, older ones thinned, with their means.

Older steps are grouped into stretches of equal length (1 to 8, 9 to 16, …). Each stretch keeps the steps with
the lowest and the highest loss and primary metric, so that a plot covers the same pixels, and the sums over
all of its steps, so that smoothing uses the mean of all of them. What is kept depends on the step numbers
alone, not on how the steps arrived: a history that was saved and read again keeps the same.
"""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from cnnplay.ui.plot.decimation import extremes, group_starts
from cnnplay.ui.plot.series import Floats, Indices, Series

NEWEST = 2**15
"""At least this many of the last steps are complete, and fewer than twice as many."""
STRETCHES = 2**12
"""If there are more stretches, each is merged with its neighbor."""
SHORTEST = 8
"""The initial length of a stretch, in steps."""
KEPT = 6
"""The most rows kept per stretch: the lowest, the highest and one NaN, of loss and of primary metric."""
MOST = 2 * NEWEST + KEPT * STRETCHES + 1
"""The most rows, however long the run is."""
COLUMNS = ("x", "step", "epoch", "loss", "primary", "images")
"""`primary`: the primary metric of the run's task."""
_SUMS = ("x", "first", "last", "steps", "loss", "loss known", "primary", "primary known")
_METRICS = ("loss", "primary")
_NOTHING: Floats = np.empty(0)


class Steps:
    """Rows in ascending order of `x` and of `step`, the number of the step in the whole history.

    Appending takes amortized constant time.
    """

    def __init__(self) -> None:
        self._rows = Series(COLUMNS)
        self._sums = Series(_SUMS)
        self._length = SHORTEST
        self._settled = 0
        """Steps up to this number are in stretches."""
        self.mark = object()
        """Replaced whenever rows were not only appended."""
        self.whole_from = 0
        """The index from which on no step is missing."""
        self._ranges = {name: Range() for name in _METRICS}
        self._known: dict[str, tuple[tuple[object, int, bool], Known]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> Floats:
        """A column of the kept rows. Later appends do not change it."""
        return self._rows[name]

    @property
    def thinned(self) -> int:
        """How many of the rows belong to thinned stretches; the others are complete."""
        return int(np.searchsorted(self._rows["step"], self._settled, side="right"))

    def range(self, name: str) -> "Range":
        """The extremes of all values, thinned ones included."""
        return self._ranges[name]

    def extend(self, rows: Sequence[Sequence[float]]) -> None:
        # In parts, so that many rows at once need no more memory.
        for start in range(0, len(rows), NEWEST):
            before = max(len(self._rows) - 1, 0)
            self._rows.extend(rows[start : start + NEWEST])
            self._look_for_gaps(before)
            for name in _METRICS:
                self._ranges[name].take(self._rows["x"][before:], self._rows[name][before:])
            settled = (int(self._rows["step"][-1]) // NEWEST - 1) * NEWEST
            if settled > self._settled:
                self._settle(settled)

    def cut(self, length: int) -> None:
        """Keeps only the first `length` rows."""
        if length >= len(self._rows):
            return
        self.mark = object()
        last = self._rows["step"][length - 1] if length else 0.0
        self._rows.cut(length)
        # A stretch that was cut has no mean any more: some of its steps are unknown.
        self._sums.cut(int(np.searchsorted(self._sums["last"], last, side="right")))
        self._settled = min(self._settled, int(self._sums["last"][-1]) if len(self._sums) else 0)
        self.whole_from = 0
        self._look_for_gaps(0)
        for name in _METRICS:
            self._ranges[name] = Range()
            self._ranges[name].take(self._rows["x"], self._rows[name])

    def known(self, name: str) -> "Known":
        """From where on every step is known, older ones by the means of their stretches."""
        key = (self.mark, self.whole_from, self.thinned < len(self._rows))
        if name not in self._known or self._known[name][0] != key:
            self._known[name] = (key, self._find_known(name))
        return self._known[name][1]

    def _find_known(self, name: str) -> "Known":
        sums, numbers, row = self._sums, self._rows["step"], self.thinned
        # A history from a file may know only the epochs of its beginning.
        beginning = not len(numbers) or numbers[0] <= 1
        if self.whole_from > row or row == len(numbers) or not len(sums):
            row = max(self.whole_from, row)
            return Known(_NOTHING, _NOTHING, self._length, row, row == 0 and beginning)
        ends = np.append(sums["first"][1:], numbers[row])
        whole = (sums["last"] - sums["first"] + 1 == sums["steps"]) & (sums["last"] + 1 == ends)
        gaps = np.flatnonzero(~whole)
        start = int(gaps[-1]) + 1 if len(gaps) else 0
        count = sums[f"{name} known"][start:]
        means = np.where(count > 0, sums[name][start:] / np.maximum(count, 1.0), np.nan)
        return Known(sums["x"][start:], means, self._length, row, start == 0 and beginning)

    def _look_for_gaps(self, first: int) -> None:
        gaps = np.flatnonzero(np.diff(self._rows["step"][first:]) > 1)
        if len(gaps):
            self.whole_from = first + int(gaps[-1]) + 1

    def _settle(self, settled: int) -> None:
        """Thins the rows up to step `settled`. Rows thinned before may go into longer stretches."""
        self.mark = object()
        old = self.thinned
        self._settled = settled
        while settled > STRETCHES * self._length:
            self._length *= 2
        table = self._rows.columns
        count = self.thinned
        self._join(table[:, old:count])
        starts = group_starts(self._stretch(table[1, :count]))
        picks = [extremes(table[COLUMNS.index(name), :count], starts) for name in _METRICS]
        # The very first row is where the curve begins.
        keep = np.unique(np.concatenate([[0], *picks, np.arange(count, table.shape[1])]))
        self._rows.replace(table[:, keep])
        self.whole_from = 0
        self._look_for_gaps(0)

    def _join(self, rows: Floats) -> None:
        """Adds rows to the sums of their stretches, at their current length."""
        loss, primary = rows[3], rows[4]
        known = [np.isfinite(values) for values in (loss, primary)]
        new = [rows[0], rows[1], rows[1], np.ones(rows.shape[1])]
        for values, finite in zip((loss, primary), known, strict=True):
            new += [np.where(finite, values, 0.0), finite.astype(np.float64)]
        table = np.concatenate([self._sums.columns, np.stack(new)], axis=1)
        starts = group_starts(self._stretch(table[2]))
        joined = np.add.reduceat(table, starts, axis=1)
        ends = np.append(starts[1:], table.shape[1]) - 1
        joined[[0, 2]] = table[[0, 2]][:, ends]
        joined[1] = table[1][starts]
        self._sums.replace(joined)

    def _stretch(self, numbers: Floats) -> Indices:
        return ((numbers - 1) // self._length).astype(np.intp)


class Known(NamedTuple):
    """The end of each stretch (`x`) and its mean; each covers `each` steps. Complete rows follow from index
    `row` on. `complete`: no step before them is missing, from the first of the run on."""

    x: Floats
    means: Floats
    each: int
    row: int
    complete: bool


class Range:
    """The lowest and highest finite values so far, and the lowest above 0; infinities before any."""

    def __init__(self) -> None:
        self.lowest = self.lowest_positive = np.inf
        self.highest, self.highest_x = -np.inf, 0.0

    def joined(self, x: Floats, y: Floats) -> "Range":
        """A copy that includes these values."""
        both = copy(self)
        both.take(x, y)
        return both

    def take(self, x: Floats, y: Floats) -> None:
        """Includes these values."""
        finite = np.isfinite(y)
        if not finite.all():
            x, y = x[finite], y[finite]
        if not len(y):
            return
        lowest = float(y.min())
        self.lowest = min(self.lowest, lowest)
        positive = lowest if lowest > 0 else float(y.min(where=y > 0, initial=np.inf))
        self.lowest_positive = min(self.lowest_positive, positive)
        top = int(y.argmax())
        if y[top] > self.highest:
            self.highest, self.highest_x = float(y[top]), float(x[top])
