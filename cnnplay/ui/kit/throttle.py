"""One call for many requests: so that a steady stream of changes does not redraw or compute as often."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Slot


class Throttle(QTimer):
    """Calls `act` once, `interval` milliseconds after `request`.

    "coalesce": after the first request, so that a steady stream cannot postpone it forever. "settle": after
    the last one, once the stream pauses.
    """

    def __init__(
        self,
        act: Callable[[], None],
        interval: int | Callable[[], int],
        parent: QObject,
        mode: Literal["coalesce", "settle"] = "coalesce",
    ) -> None:
        super().__init__(parent, singleShot=True)
        self.timeout.connect(act)
        self._next_interval = interval if callable(interval) else lambda: interval
        self._mode = mode

    @Slot()
    def request(self) -> None:
        """Makes the call due."""
        if self._mode == "settle" or not self.isActive():
            self.start(self._next_interval())
