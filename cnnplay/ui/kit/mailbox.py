"""Carries results from a worker thread to the window: all messages, and the latest value under each key.

A worker puts things in and continues; it emits no signal and waits for nobody. A timer in the window's
thread drains the mailbox at most 30 times a second, and is stopped while no worker runs.
"""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Slot

PERIOD_MS = 33
"""Between two polls: at most 30 a second."""


class Mail(msgspec.Struct, frozen=True):
    """What was in the mailbox: all messages in the order of arrival, and the latest value under each key."""

    messages: tuple[Any, ...] = ()
    latest: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.messages or self.latest)


class Mailbox:
    """Any thread may fill or drain it. The lock is held only while a value is stored or taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Any] = []
        self._latest: dict[str, Any] = {}

    def put(self, message: Any) -> None:
        """Appends something that must not be lost: an event, a result."""
        with self._lock:
            self._messages.append(message)

    def post(self, key: str, value: Any) -> None:
        """Replaces the value under `key`: only the latest is worth showing."""
        with self._lock:
            self._latest[key] = value

    def drain(self) -> Mail:
        """Removes and returns everything in the mailbox."""
        with self._lock:
            messages, self._messages = self._messages, []
            latest, self._latest = self._latest, {}
        return Mail(tuple(messages), latest)


class MailboxPoller(QObject):
    """Delivers a mailbox's contents in the thread that this object lives in, at most 30 times a second.

    `deliver` is called there, and only when there is something to deliver. Polling begins with `start`.
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
        self._timer.timeout.connect(self.poll)

    @property
    def active(self) -> bool:
        return self._timer.isActive()

    def set_interval(self, period_ms: int) -> None:
        """Sets the time between two polls."""
        if period_ms != self._timer.interval():
            self._timer.setInterval(period_ms)

    def start(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Stops polling, after a last poll."""
        self._timer.stop()
        self.poll()

    @Slot()
    def poll(self) -> None:
        """Drains the mailbox once and delivers what was in it."""
        mail = self._box.drain()
        if mail:
            self._deliver(mail)
