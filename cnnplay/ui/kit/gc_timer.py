"""Collects Python's cyclic garbage in the window's thread only.

Automatic collection runs in whichever thread happens to allocate. If that is the training or a worker
thread, Qt objects that it finds in a cycle (a closed dialog, a replaced model) are destroyed there while
their events are being delivered in the window's thread, and the process crashes. pyqtgraph's garbage
collector does the same as this one, but would cost the import of pyqtgraph before the first paint.
"""

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

PERIOD_MS = 1000
"""Between two collections."""


class GcTimer(QObject):
    """Replaces automatic garbage collection from its creation until `stop`. Lives in the thread that made it.

    `settled` says whether the imports at start are done: their objects live until the end, so they are
    frozen (excluded from collection). Nothing is collected before, so the little garbage of the start stays
    too. With torch's 340,000 objects a full collection takes 120 ms, without them 1 ms.
    """

    def __init__(self, settled: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settled = settled
        self._frozen = False
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(self.collect)
        gc.disable()
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """Collects the oldest generation whose threshold is exceeded."""
        if not self._frozen:
            if not self._settled():
                return
            self._frozen = True
            gc.freeze()
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [generation for generation in range(3) if counts[generation] > thresholds[generation]]
        if due:
            gc.collect(due[-1])

    @Slot()
    def stop(self) -> None:
        """Turns automatic collection on again, after a last full collection."""
        self._timer.stop()
        gc.collect()
        gc.unfreeze()
        gc.enable()
