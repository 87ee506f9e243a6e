"""How often live views are redrawn during a run: as often as people can follow, without slowing the run.

Drawing holds the lock (the GIL) that the training thread needs between its steps, so the time that the
window's thread spends is lost to the run. Its processor time is measured, and views are slowed down until it
is a small share.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

SHARE = 0.0125
"""The share of the elapsed time that the window's thread may use during a run, about."""
SHORTEST_S, INITIAL_S, LONGEST_S = 0.2, 0.5, 1.6
"""Seconds between two redraws of a live view: at least, before anything is measured, and at most."""
CURVES_MS = 50
"""Added to the interval for curves and numbers."""
WATCH_MS = 500
POLL_MS, SLOWEST_POLL_MS = 100, 300
"""Between two polls of the mailbox: while something waits for an answer, and at most otherwise."""


class RedrawRate(QObject):
    """`interval_s` is the time between two redraws of a live view. Started and stopped with the run."""

    def __init__(
        self,
        parent: QObject | None = None,
        spent: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self.interval_s = INITIAL_S
        self._spent, self._clock = spent, clock
        self._before = (0.0, 0.0)
        self._timer = QTimer(self, interval=WATCH_MS)
        self._timer.timeout.connect(self.adjust)

    def interval_ms(self) -> int:
        """Milliseconds between two redraws of curves and numbers, which change more slowly than images."""
        return round(1000 * self.interval_s) + CURVES_MS

    def start(self) -> None:
        """Starts measuring, with the interval of the last run."""
        self._before = (self._spent(), self._clock())
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def poll_ms(self, relaxed: bool) -> int:
        """Milliseconds between two polls of the run's mailbox. `relaxed`: nothing waits for an answer.

        Each poll makes many views check whether they changed, and there are four polls to a redraw.
        """
        return min(max(round(250 * self.interval_s), POLL_MS), SLOWEST_POLL_MS) if relaxed else POLL_MS

    @Slot()
    def adjust(self) -> None:
        """Slows the views down if the last half second cost too much, else speeds them up again."""
        spent, now = self._spent(), self._clock()
        share = (spent - self._before[0]) / max(now - self._before[1], 1e-6)
        self._before = (spent, now)
        wanted = self.interval_s * share / SHARE
        # Half way to the interval that would keep the share: single costly moments (a click, a menu) pass.
        self.interval_s = min(max((self.interval_s + wanted) / 2, SHORTEST_S), LONGEST_S)
