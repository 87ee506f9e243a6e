"""The worker thread: the newest request wins, urgent ones come first, errors become messages."""

import threading
from collections.abc import Iterator

import pytest

from cnnplay.ui.kit.mailbox import Mailbox
from cnnplay.ui.kit.priority_worker import PriorityWorker, Reply

WAIT = 30


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def worker(box: Mailbox) -> Iterator[PriorityWorker]:
    made = PriorityWorker(box)
    yield made
    made.stop()


def block(worker: PriorityWorker) -> threading.Event:
    """Keeps the thread busy until the event is set; returns once it is."""
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(WAIT)

    worker.submit("thumbnails", work)
    assert begun.wait(WAIT)
    return go


def replies(box: Mailbox, worker: PriorityWorker) -> list[Reply]:
    """All replies, once nothing is left to do."""
    done = threading.Event()
    worker.submit("evaluate", done.set)
    assert done.wait(WAIT)
    worker.stop()
    return [reply for reply in box.drain().messages if reply.kind != "evaluate"]


def test_the_newest_request_of_a_kind_replaces_the_one_that_waits(
    box: Mailbox, worker: PriorityWorker
) -> None:
    go = block(worker)
    for value in range(5):
        worker.submit("probe", lambda value=value: value)  # type: ignore[misc]
    go.set()
    found = [reply for reply in replies(box, worker) if reply.kind == "probe"]
    assert [(reply.value, reply.request) for reply in found] == [(4, 5)]


def test_urgent_requests_come_first(box: Mailbox, worker: PriorityWorker) -> None:
    go = block(worker)
    for kind in ("evaluate", "probe", "image"):
        worker.submit(kind, lambda: None)
    go.set()
    worker.submit("evaluate", lambda: None)
    assert [reply.kind for reply in replies(box, worker)] == ["thumbnails", "image", "probe"]


def test_long_work_yields_to_urgent_work_and_notices_that_it_was_discarded(
    box: Mailbox, worker: PriorityWorker
) -> None:
    begun, go = threading.Event(), threading.Event()
    outdated: list[bool] = []

    def work() -> str:
        begun.set()
        go.wait(WAIT)
        worker.yield_to_urgent("thumbnails")
        outdated.append(worker.is_outdated("thumbnails", 1))
        return "long"

    worker.submit("thumbnails", work)
    assert begun.wait(WAIT)
    worker.submit("probe", lambda: "short")
    worker.discard("thumbnails")
    go.set()
    assert [reply.value for reply in replies(box, worker)] == ["short", "long"]
    assert outdated == [True]


def test_errors_become_messages_and_the_thread_continues(box: Mailbox, worker: PriorityWorker) -> None:
    def fail(error: Exception) -> None:
        raise error

    go = block(worker)
    worker.submit("image", lambda: fail(ValueError("it is not an image")))
    worker.submit("probe", lambda: fail(RuntimeError("out of memory\nat line 3")))
    go.set()
    found = {reply.kind: reply.error for reply in replies(box, worker)}
    assert found["image"] == "it is not an image"
    assert found["probe"] == "this cannot be computed here: out of memory"


def test_stopping_drops_waiting_requests(box: Mailbox, worker: PriorityWorker) -> None:
    go = block(worker)
    worker.submit("probe", lambda: "never")
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    go.set()
    stopper.join(WAIT)
    assert "never" not in [reply.value for reply in box.drain().messages]
    assert not worker.busy
