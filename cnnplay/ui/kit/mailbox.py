"""Between a worker thread and the window: scalars are kept without loss, pictures are latest-wins.

The worker drops things in and goes on; it sends no signal and waits for nobody. A timer in the window's
thread empties the box at most 30 times a second, and sleeps while nobody works.
"""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Slot

PERIOD_MS = 33
"""Between two drains: at most 30 a second."""


class Mail(msgspec.Struct, frozen=True):
    """What lay in the box: the letters in the order they came, and the newest picture under each key."""

    letters: tuple[Any, ...] = ()
    pictures: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.letters or self.pictures)


class Mailbox:
    """A box that any thread may fill and any may empty. The lock is held for an append, never longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: list[Any] = []
        self._pictures: dict[str, Any] = {}

    def put(self, letter: Any) -> None:
        """Adds what must not be lost: an event, a result."""
        with self._lock:
            self._letters.append(letter)

    def post(self, key: str, picture: Any) -> None:
        """Replaces what lies under `key`: only the newest is worth showing."""
        with self._lock:
            self._pictures[key] = picture

    def empty(self) -> Mail:
        """Takes all that lies in the box."""
        with self._lock:
            letters, self._letters = self._letters, []
            pictures, self._pictures = self._pictures, {}
        return Mail(tuple(letters), pictures)


class MailboxPoller(QObject):
    """Carries a box's mail into the thread that he lives in, at most 30 times a second.

    `deliver` is called there, and only when there is mail. He rests until `work` is called.
    """

    def __init__(
        self,
        box: Mailbox,
        deliver: Callable[[Mail], None],
        parent: QObject | None = None,
        period_ms: int = PERIOD_MS,
    ) -> None:
        super().__init__(parent)
        self._box = box
        self._deliver = deliver
        self._timer = QTimer(self, interval=period_ms, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.carry)

    @property
    def working(self) -> bool:
        return self._timer.isActive()

    def every(self, period_ms: int) -> None:
        """So long lies between two rounds from now on."""
        if period_ms != self._timer.interval():
            self._timer.setInterval(period_ms)

    def work(self) -> None:
        """Starts the rounds."""
        if not self._timer.isActive():
            self._timer.start()

    def rest(self) -> None:
        """Ends the rounds; what still lies in the box is delivered first."""
        self._timer.stop()
        self.carry()

    @Slot()
    def carry(self) -> None:
        """One round."""
        mail = self._box.empty()
        if mail:
            self._deliver(mail)
