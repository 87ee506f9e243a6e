"""Background tasks: one after another, and an error does not stop those after it."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.tasks import Tasks


def fail(error: Exception) -> None:
    raise error


def test_work_is_done_in_order_in_another_thread_and_delivered_in_this_one(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    here = threading.current_thread()
    worked: list[threading.Thread] = []
    delivered: list[tuple[int, threading.Thread]] = []

    def work(number: int) -> int:
        worked.append(threading.current_thread())
        return number

    for number in range(3):
        tasks.run(
            lambda number=number: work(number),  # type: ignore[misc]
            lambda result: delivered.append((result, threading.current_thread())),
            fail,
        )
    assert not tasks.idle
    qtbot.waitUntil(lambda: tasks.idle)
    assert delivered == [(0, here), (1, here), (2, here)]
    assert here not in worked


def test_finish_waits_for_all_tasks_and_for_those_that_they_start(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    delivered: list[str] = []

    def more(result: str) -> None:
        delivered.append(result)
        tasks.run(lambda: "second", delivered.append, fail)

    tasks.run(lambda: "first", more, fail)
    tasks.finish()
    assert delivered == ["first", "second"]
    assert tasks.idle


def test_an_error_in_a_task_goes_to_failed(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    found: list[Exception] = []
    tasks.run(lambda: [][0], found.append, found.append)
    tasks.finish()
    (error,) = found
    assert isinstance(error, IndexError)


def test_an_error_in_a_callback_is_raised_and_waiting_tasks_are_still_done(qtbot: QtBot) -> None:
    tasks = Tasks("test")
    delivered: list[int] = []
    idle: list[bool] = []
    tasks.idle_changed.connect(lambda: idle.append(tasks.idle))
    tasks.run(lambda: 1, lambda _: fail(KeyError("unexpected")), fail)
    tasks.run(lambda: 2, delivered.append, fail)
    with pytest.raises(KeyError, match="unexpected"):
        tasks.finish()
    assert delivered == [2]
    assert tasks.idle
    assert idle[-1] is True, "a busy indicator must hear that all tasks are done"
    assert not tasks._poller.active
