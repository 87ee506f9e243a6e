"""One call for many requests: after the first of them, or after the last."""

import time

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.throttle import Throttle


def stream(qtbot: QtBot, throttle: Throttle, seconds: float) -> None:
    """Requests every few milliseconds for some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        throttle.request()
        qtbot.wait(2)


def test_a_steady_stream_is_acted_on_at_intervals(qtbot: QtBot) -> None:
    parent, calls = QObject(), list[float]()
    throttle = Throttle(lambda: calls.append(time.monotonic()), 40, parent)
    stream(qtbot, throttle, 0.5)
    assert 2 <= len(calls) <= 12
    count = len(calls)
    qtbot.waitUntil(lambda: not throttle.isActive())
    qtbot.wait(100)
    assert len(calls) <= count + 1, "and not without a request"


def test_settling_waits_for_a_pause(qtbot: QtBot) -> None:
    parent, calls = QObject(), list[float]()
    throttle = Throttle(lambda: calls.append(time.monotonic()), 2000, parent, "settle")
    stream(qtbot, throttle, 0.2)
    assert calls == []
    assert throttle.remainingTime() > 1700, "each request postpones it"


def test_the_interval_may_be_asked_for_at_each_request(qtbot: QtBot) -> None:
    parent, calls = QObject(), list[int]()
    left = iter([5, 300])
    throttle = Throttle(lambda: calls.append(1), lambda: next(left), parent)
    throttle.request()
    qtbot.waitUntil(lambda: calls == [1])
    throttle.request()
    assert throttle.interval() == 300
