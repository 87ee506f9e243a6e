"""Python's cyclic garbage is collected in the window's thread alone.

Automatic collection runs in whatever thread happens to allocate. Where that is the thread that trains or
looks, the Qt objects that it finds in a cycle (a closed dialog, a model that was replaced) are destroyed
there, while their events are being delivered in the window's thread: the process dies. pyqtgraph's garbage
collector does the same as this one, and would cost the import of pyqtgraph before the first paint.
"""

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

PERIOD_MS = 1000
"""Between two rounds."""


class GcTimer(QObject):
    """Takes garbage collection over from its making until `finish`. Lives in the thread it is made in.

    `settled` says whether the imports of the start are over: what they left stays for good, so it is taken
    out of all rounds. None comes before, so the little garbage of the start stays too. With torch's 340,000
    objects a full round takes 120 ms, without them 1 ms.
    """

    def __init__(self, settled: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settled = settled
        self._frozen = False
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(self.sweep)
        gc.disable()
        self._timer.start()

    @Slot()
    def sweep(self) -> None:
        """One round: collects the oldest generation whose threshold is passed."""
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
    def finish(self) -> None:
        """Gives collection back to Python, after a last full round."""
        self._timer.stop()
        gc.collect()
        gc.unfreeze()
        gc.enable()
