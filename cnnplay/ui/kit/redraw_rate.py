"""How often live views are redrawn while a run is on: as people can follow, and never at its expense.

Drawing holds the lock that the training thread needs between its steps, so what the window's thread spends is
lost to the run. Its processor time is watched, and the views are slowed down until it is a small share.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

SHARE = 0.0125
"""Of the time that passes, the window's thread may take about this part while a run is on."""
SHORTEST_S, INITIAL_S, LONGEST_S = 0.2, 0.5, 1.6
"""Seconds between two redraws of a live view: at least, before anything is known, and at most."""
WATCH_MS = 500
POLL_MS, SLOWEST_POLL_MS = 100, 300
"""Between two rounds of the post: when somebody waits for an answer, and at most while a run goes its way."""


class RedrawRate(QObject):
    """`seconds` lie between two redraws of a live view. Begun and ended with the run."""

    def __init__(
        self,
        parent: QObject | None = None,
        spent: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self.seconds = INITIAL_S
        self._spent, self._clock = spent, clock
        self._before = (0.0, 0.0)
        self._timer = QTimer(self, interval=WATCH_MS)
        self._timer.timeout.connect(self.watch)

    def begin(self) -> None:
        """A run begins: watching starts, at the pace that was found before."""
        self._before = (self._spent(), self._clock())
        self._timer.start()

    def end(self) -> None:
        self._timer.stop()

    def rounds_ms(self, calm: bool) -> int:
        """Milliseconds between two rounds of the run's post, `calm` while it goes its way: each has many
        views look whether they changed, and there are four to a redraw."""
        return min(max(round(250 * self.seconds), POLL_MS), SLOWEST_POLL_MS) if calm else POLL_MS

    @Slot()
    def watch(self) -> None:
        """Slows the views down where the last half second cost too much, else quickens them again."""
        spent, now = self._spent(), self._clock()
        share = (spent - self._before[0]) / max(now - self._before[1], 1e-6)
        self._before = (spent, now)
        wanted = self.seconds * share / SHARE
        # Half way to what would keep the share: single costly moments (a click, a menu) pass.
        self.seconds = min(max((self.seconds + wanted) / 2, SHORTEST_S), LONGEST_S)
