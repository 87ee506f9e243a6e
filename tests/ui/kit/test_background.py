"""Background jobs: in order or only the latest, delivered in this thread, and ended in their own way."""

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import Background, Job, begin_close, close_jobs, finish_jobs

WAIT = 30


def fail(error: Exception) -> None:
    raise error


def until_cancelled(job: Job) -> str:
    """Work that ends only once it is cancelled."""
    while not job.cancelled():
        time.sleep(0.001)
    return "cancelled"


def test_work_is_done_in_order_in_another_thread_and_delivered_in_this_one(qtbot: QtBot) -> None:
    jobs = Background("test")
    here = threading.current_thread()
    worked: list[threading.Thread] = []
    delivered: list[tuple[int, threading.Thread]] = []

    def work(number: int) -> int:
        worked.append(threading.current_thread())
        return number

    for number in range(3):
        jobs.queue(
            lambda number=number: work(number),  # type: ignore[misc]
            lambda result: delivered.append((result, threading.current_thread())),
            fail,
        )
    assert not jobs.idle
    qtbot.waitUntil(lambda: jobs.idle)
    assert delivered == [(0, here), (1, here), (2, here)]
    assert here not in worked
    assert {thread.name for thread in worked} == {"cnnplay-test"}


def test_finish_waits_for_all_jobs_and_for_those_that_they_start(qtbot: QtBot) -> None:
    parent = QObject()
    jobs = Background("test", parent)
    delivered: list[str] = []

    def more(result: str) -> None:
        delivered.append(result)
        jobs.queue(lambda: "second", delivered.append, fail)

    jobs.queue(lambda: "first", more, fail)
    finish_jobs(parent)
    assert delivered == ["first", "second"]
    assert jobs.idle


def test_an_error_in_a_job_goes_to_failed(qtbot: QtBot) -> None:
    jobs = Background("test")
    found: list[Exception] = []
    jobs.queue(lambda: [][0], found.append, found.append)
    jobs.finish()
    (error,) = found
    assert isinstance(error, IndexError)


def test_an_error_in_a_callback_is_raised_and_waiting_jobs_are_still_done(qtbot: QtBot) -> None:
    jobs = Background("test")
    delivered: list[int] = []
    idle: list[bool] = []
    jobs.idle_changed.connect(lambda: idle.append(jobs.idle))
    jobs.queue(lambda: 1, lambda _: fail(KeyError("unexpected")), fail)
    jobs.queue(lambda: 2, delivered.append, fail)
    with pytest.raises(KeyError, match="unexpected"):
        jobs.finish()
    assert delivered == [2]
    assert jobs.idle
    assert idle[-1] is True, "a busy indicator must hear that all jobs are done"


def test_progress_arrives_before_the_result_and_none_that_was_put_is_lost(qtbot: QtBot) -> None:
    jobs = Background("test")
    heard: list[object] = []

    def work(job: Job) -> str:
        for number in range(100):
            job.put(number)
            job.post("latest", number)
        return "done"

    jobs.replace(work, heard.append, fail, lambda mail: heard.extend((*mail.messages, mail.latest)))
    qtbot.waitUntil(lambda: jobs.idle)
    assert [one for one in heard if isinstance(one, int)] == list(range(100))
    assert heard[-2:] == [{"latest": 99}, "done"]


def test_a_job_that_is_replaced_or_cancelled_ends_and_is_not_heard_of_again(qtbot: QtBot) -> None:
    parent = QObject()
    jobs = Background("test", parent)
    heard: list[object] = []
    stopped: list[str] = []

    def work(job: Job) -> str:
        job.put("progress")
        return until_cancelled(job)

    def start(work: Callable[[Job], str]) -> None:
        jobs.replace(work, heard.append, fail, heard.append, on_cancel=lambda: stopped.append("told"))

    start(work)
    start(lambda _: "second")
    assert stopped == ["told"]
    qtbot.waitUntil(lambda: jobs.idle)
    assert heard == ["second"]
    start(work)
    jobs.cancel()
    assert jobs.idle, "whoever cancels need not wait"
    qtbot.wait(100)
    close_jobs(parent)
    assert heard == ["second"]


def test_a_cancelled_job_does_not_keep_the_object_that_waited_for_it(qtbot: QtBot) -> None:
    """Or its thread would delete it, with its timers: Qt cannot bear that."""

    class Model(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.jobs = Background("test", self)

        def hear(self, _: object) -> None:
            raise AssertionError("it was cancelled")

    model, go = Model(), threading.Event()
    gone: list[threading.Thread] = []
    weakref.finalize(model, lambda: gone.append(threading.current_thread()))
    model.jobs.replace(lambda _: go.wait(WAIT), model.hear, model.hear, model.hear)
    model.jobs.cancel()
    del model
    gc.collect()
    assert gone == [threading.current_thread()]
    go.set()


def test_progress_that_cancels_the_job_drops_its_result(qtbot: QtBot) -> None:
    jobs = Background("test")
    heard: list[str] = []

    def work(job: Job) -> str:
        job.put("progress")
        return "result"

    jobs.replace(work, heard.append, fail, lambda _: jobs.cancel())
    qtbot.wait(100)
    assert jobs.idle
    assert heard == []


def test_closing_tells_all_before_it_waits_and_finishes_only_what_must_be(qtbot: QtBot) -> None:
    parent = QObject()
    written: list[str] = []
    cancelled = [Background(f"test-{number}", parent) for number in range(2)]
    threads: list[threading.Thread] = []
    ended = threading.Event()

    def work(job: Job) -> None:
        threads.append(threading.current_thread())
        until_cancelled(job)

    for jobs in cancelled:
        jobs.replace(work, written.append, fail)
        jobs.queue(lambda: "never", written.append, fail)
    files = Background("test-files", parent, "finish")
    # It is done only once the others were told to end: whoever waits for it first, waits forever.
    files.queue(lambda: ended.wait(WAIT), lambda done: written.append(f"written: {done}"), fail)
    last = Background("test-last", parent)
    last.replace(until_cancelled, fail, fail, on_cancel=ended.set)
    qtbot.waitUntil(lambda: len(threads) == 2)
    close_jobs(parent)
    assert written == ["written: True"]
    assert not any(thread.is_alive() for thread in threads)
    for jobs in (*cancelled, files):
        jobs.queue(lambda: "too late", written.append, fail)
        assert jobs.idle
    assert written == ["written: True"]


def test_closing_does_not_wait_for_what_is_left_behind(qtbot: QtBot) -> None:
    parent, go = QObject(), threading.Event()
    jobs = Background("test", parent, "abandon")
    jobs.replace(lambda _: go.wait(WAIT), fail, fail)
    close_jobs(parent)
    left = [thread for thread in threading.enumerate() if thread.name == "cnnplay-test"]
    assert len(left) == 1
    assert left[0].daemon, "it must not keep the program alive"
    go.set()


def test_an_error_while_closing_does_not_keep_others_from_being_waited_for(qtbot: QtBot) -> None:
    parent = QObject()
    written: list[str] = []
    for number in range(3):
        jobs = Background("test", parent, "finish")
        jobs.queue(lambda: "done", written.append if number != 1 else lambda _: fail(KeyError("bad")), fail)
    begin_close(parent)
    with pytest.raises(KeyError, match="bad"):
        close_jobs(parent)
    assert written == ["done", "done"]
