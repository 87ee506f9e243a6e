"""The worker thread: the newest request wins, urgent ones come first, errors become messages."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import begin_close, close_jobs
from cnnplay.ui.kit.priority_worker import PriorityWorker, Request

WAIT = 30


class Bench:
    """A worker, and what it delivered, in order."""

    def __init__(self) -> None:
        self.parent = QObject()
        self.worker = PriorityWorker(self.parent)
        self.heard: list[tuple[str, Any]] = []

    def submit(self, kind: str, work: Callable[[Request], Any], keep: bool = False) -> None:
        def hear(value: Any) -> None:
            self.heard.append((kind, value))

        self.worker.submit(kind, work, hear, hear, hear, keep)

    def block(self) -> threading.Event:
        """Keeps the thread busy until the event is set; returns once it is."""
        begun, go = threading.Event(), threading.Event()

        def work(_: Request) -> str:
            begun.set()
            go.wait(WAIT)
            return "blocked"

        self.submit("thumbnails", work)
        assert begun.wait(WAIT)
        return go


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    made = Bench()
    yield made
    close_jobs(made.parent)


def all_done(qtbot: QtBot, bench: Bench) -> None:
    qtbot.waitUntil(lambda: not bench.worker.busy)


def test_the_newest_request_of_a_kind_replaces_the_one_that_waits(bench: Bench, qtbot: QtBot) -> None:
    go = bench.block()
    done: list[int] = []
    for value in range(5):
        bench.submit("probe", lambda _, value=value: done.append(value))  # type: ignore[misc]
    go.set()
    all_done(qtbot, bench)
    assert done == [4]


def test_urgent_requests_come_first(bench: Bench, qtbot: QtBot) -> None:
    go = bench.block()
    for kind in ("evaluate", "probe", "image"):
        bench.submit(kind, lambda _: None)
    go.set()
    all_done(qtbot, bench)
    assert [kind for kind, _ in bench.heard] == ["thumbnails", "image", "probe", "evaluate"]


@pytest.mark.parametrize("keep", [False, True])
def test_long_work_yields_to_urgent_work_and_notices_that_it_was_discarded(
    bench: Bench, qtbot: QtBot, keep: bool
) -> None:
    begun, go = threading.Event(), threading.Event()
    outdated: list[bool] = []

    def work(request: Request) -> str:
        begun.set()
        go.wait(WAIT)
        request.yield_to_urgent()
        outdated.append(request.outdated)
        request.report("progress")
        return "long"

    bench.submit("thumbnails", work, keep)
    assert begun.wait(WAIT)
    bench.submit("probe", lambda _: "short")
    bench.worker.discard("thumbnails")
    go.set()
    all_done(qtbot, bench)
    assert outdated == [True]
    assert bench.heard == [("probe", "short"), ("thumbnails", "long")][: 1 + keep]


def test_only_the_latest_progress_is_delivered(bench: Bench, qtbot: QtBot) -> None:
    def work(request: Request) -> str:
        for done in range(100):
            request.report(done)
        return "result"

    bench.submit("evaluate", work)
    all_done(qtbot, bench)
    assert bench.heard == [("evaluate", 99), ("evaluate", "result")]


def test_errors_become_messages_and_the_thread_continues(bench: Bench, qtbot: QtBot) -> None:
    def fail(error: Exception) -> None:
        raise error

    go = bench.block()
    bench.submit("image", lambda _: fail(ValueError("it is not an image")))
    bench.submit("probe", lambda _: fail(RuntimeError("out of memory\nat line 3")))
    go.set()
    all_done(qtbot, bench)
    found = dict(bench.heard)
    assert found["image"] == "it is not an image"
    assert found["probe"] == "this cannot be computed here: out of memory"


def test_closing_drops_all_requests(bench: Bench, qtbot: QtBot) -> None:
    go = bench.block()
    bench.submit("probe", lambda _: "never")
    begin_close(bench.parent)
    go.set()
    close_jobs(bench.parent)
    bench.submit("probe", lambda _: "too late")
    qtbot.wait(50)
    assert bench.heard == []
    assert not bench.worker.busy
