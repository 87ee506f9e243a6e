"""The writer in the background: what it writes, in which order, and how it spares who trains."""

import threading
import time
from collections.abc import Callable

import pytest

from cnnplay.runs import writer as writers
from cnnplay.runs.writer import Writer


def _writer(failed: Callable[[str, Exception], None] = lambda name, error: None) -> Writer:
    return Writer(("a", "b"), failed)


def _busy(seconds: float) -> Callable[[], None]:
    """A write that computes for so long."""

    def write() -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return write


def test_the_order_is_that_of_the_names_and_the_newest_of_one_name_counts() -> None:
    done: list[str] = []
    begun, gate, writer = threading.Event(), threading.Event(), _writer()

    def first() -> None:
        begun.set()
        gate.wait(10)
        done.append("first")

    writer.put({"a": first})
    begun.wait(10)
    for number in (1, 2):
        writer.put({"b": lambda n=number: done.append(f"b{n}"), "a": lambda n=number: done.append(f"a{n}")})
    gate.set()
    writer.wait()
    assert done == ["first", "a2", "b2"]
    assert writer.idle


def test_a_failing_write_is_reported_and_the_next_is_performed() -> None:
    told: list[str] = []
    done: list[str] = []
    writer = _writer(lambda name, error: told.append(f"{name}: {error}"))

    def fails() -> None:
        raise OSError("full")

    writer.put({"a": fails, "b": lambda: done.append("b")})
    writer.wait()
    assert (told, done) == (["a: full"], ["b"])


def test_after_much_writing_it_rests_and_then_writes_what_came_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writers, "LONGEST", 0.3)
    done: list[float] = []
    writer = _writer()
    writer.put({"a": _busy(writers.CREDIT + 0.05)})
    while not writer.resting:
        time.sleep(0.001)
    resting = time.monotonic()
    assert writer.idle
    writer.put({"a": lambda: done.append(time.monotonic())})
    assert not writer.idle
    while not done:
        time.sleep(0.001)
    assert done[0] - resting > 0.2


@pytest.mark.parametrize("hurry", ["wait", "soon"])
def test_who_waits_for_the_end_waits_for_no_rest(hurry: str) -> None:
    done: list[str] = []
    writer = _writer()
    writer.put({"a": _busy(writers.CREDIT + 0.05)})  # five seconds of rest
    while not writer.resting:
        time.sleep(0.001)
    start = time.monotonic()
    writer.put({"a": lambda: done.append("a")}, soon=hurry == "soon")
    if hurry == "wait":
        writer.wait()
    while not writer.idle:
        time.sleep(0.001)
    assert done == ["a"]
    assert time.monotonic() - start < 3


def test_little_writing_is_done_at_once() -> None:
    writer = _writer()
    for _ in range(5):
        writer.put({"a": lambda: None})
        writer.wait()
    assert not writer.resting
