"""The looking thread: the newest request wins, urgent ones come in between, errors become words."""

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
def looker(box: Mailbox) -> Iterator[PriorityWorker]:
    made = PriorityWorker(box)
    yield made
    made.stop()


def block(looker: PriorityWorker) -> threading.Event:
    """Keeps the thread busy until the event is set; returns once it is."""
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(WAIT)

    looker.ask("thumbnails", work)
    assert begun.wait(WAIT)
    return go


def replies(box: Mailbox, looker: PriorityWorker) -> list[Reply]:
    """All replies, once nothing is left to do."""
    done = threading.Event()
    looker.ask("judge", done.set)
    assert done.wait(WAIT)
    looker.stop()
    return [reply for reply in box.empty().letters if reply.kind != "judge"]


def test_the_newest_request_of_a_kind_replaces_the_one_that_waits(
    box: Mailbox, looker: PriorityWorker
) -> None:
    go = block(looker)
    for value in range(5):
        looker.ask("glance", lambda value=value: value)  # type: ignore[misc]
    go.set()
    found = [reply for reply in replies(box, looker) if reply.kind == "glance"]
    assert [(reply.value, reply.request) for reply in found] == [(4, 5)]


def test_what_is_urgent_comes_first(box: Mailbox, looker: PriorityWorker) -> None:
    go = block(looker)
    for kind in ("judge", "glance", "picture"):
        looker.ask(kind, lambda: None)
    go.set()
    looker.ask("judge", lambda: None)
    assert [reply.kind for reply in replies(box, looker)] == ["thumbnails", "picture", "glance"]


def test_long_work_lets_urgent_work_in_and_notices_that_it_is_given_up(
    box: Mailbox, looker: PriorityWorker
) -> None:
    begun, go = threading.Event(), threading.Event()
    outdated: list[bool] = []

    def work() -> str:
        begun.set()
        go.wait(WAIT)
        looker.breathe("thumbnails")
        outdated.append(looker.outdated("thumbnails", 1))
        return "long"

    looker.ask("thumbnails", work)
    assert begun.wait(WAIT)
    looker.ask("glance", lambda: "short")
    looker.forget("thumbnails")
    go.set()
    assert [reply.value for reply in replies(box, looker)] == ["short", "long"]
    assert outdated == [True]


def test_errors_become_words_and_the_thread_goes_on(box: Mailbox, looker: PriorityWorker) -> None:
    def fail(error: Exception) -> None:
        raise error

    go = block(looker)
    looker.ask("picture", lambda: fail(ValueError("it is no picture")))
    looker.ask("glance", lambda: fail(RuntimeError("out of memory\nat line 3")))
    go.set()
    found = {reply.kind: reply.error for reply in replies(box, looker)}
    assert found["picture"] == "it is no picture"
    assert found["glance"] == "this cannot be computed here: out of memory"


def test_stopping_gives_up_what_waits(box: Mailbox, looker: PriorityWorker) -> None:
    go = block(looker)
    looker.ask("glance", lambda: "never")
    stopper = threading.Thread(target=looker.stop)
    stopper.start()
    go.set()
    stopper.join(WAIT)
    assert "never" not in [reply.value for reply in box.empty().letters]
    assert not looker.busy
