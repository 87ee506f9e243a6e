"""Work beside the window: one thing after another, and an error that does not stop what comes behind it."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.tasks import Tasks


def refuse(error: Exception) -> None:
    raise error


def test_work_is_done_in_order_in_another_thread_and_delivered_in_this_one(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    here = threading.current_thread()
    worked: list[threading.Thread] = []
    told: list[tuple[int, threading.Thread]] = []

    def work(number: int) -> int:
        worked.append(threading.current_thread())
        return number

    for number in range(3):
        tasks.run(
            lambda number=number: work(number),  # type: ignore[misc]
            lambda result: told.append((result, threading.current_thread())),
            refuse,
        )
    assert not tasks.idle
    qtbot.waitUntil(lambda: tasks.idle)
    assert told == [(0, here), (1, here), (2, here)]
    assert here not in worked


def test_finish_waits_for_what_was_asked_for_and_for_what_that_asks_for(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    told: list[str] = []

    def more(result: str) -> None:
        told.append(result)
        tasks.run(lambda: "second", told.append, refuse)

    tasks.run(lambda: "first", more, refuse)
    tasks.finish()
    assert told == ["first", "second"]
    assert tasks.idle


def test_an_error_of_the_work_goes_to_failed(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    found: list[Exception] = []
    tasks.run(lambda: [][0], found.append, found.append)
    tasks.finish()
    (error,) = found
    assert isinstance(error, IndexError)


def test_an_error_in_the_answer_is_raised_and_what_waits_is_done_all_the_same(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    told: list[int] = []
    idle: list[bool] = []
    tasks.idle_changed.connect(lambda: idle.append(tasks.idle))
    tasks.run(lambda: 1, lambda _: refuse(KeyError("unforeseen")), refuse)
    tasks.run(lambda: 2, told.append, refuse)
    with pytest.raises(KeyError, match="unforeseen"):
        tasks.finish()
    assert told == [2]
    assert tasks.idle
    assert idle[-1] is True, "whoever shows that something is being done hears that it is over"
    assert not tasks._poller.active
