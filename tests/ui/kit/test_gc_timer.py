"""Qt objects in cycles are destroyed in the window's thread, whichever thread allocates."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.gc_timer import GcTimer


@pytest.fixture
def usual_collection() -> Iterator[None]:
    """Automatic collection, as at the start of a process, for one test."""
    gc.enable()
    yield
    gc.disable()


class Cycle:
    """Garbage that reference counting does not free; records the thread that frees it."""

    def __init__(self, ends: list[str]) -> None:
        self.me = self
        self.object = QObject()
        weakref.finalize(self, lambda: ends.append(threading.current_thread().name))


def allocate_much() -> None:
    for _ in range(30):
        _ = [[] for _ in range(1000)]  # far past the threshold of the youngest generation


def in_a_thread(work: object) -> None:
    thread = threading.Thread(target=work, name="somebody")  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_without_the_timer_a_busy_thread_destroys_the_windows_objects(usual_collection: None) -> None:
    ends: list[str] = []
    Cycle(ends)
    in_a_thread(allocate_much)
    assert ends == ["somebody"]


def test_with_the_timer_the_windows_thread_destroys_them(qtbot: QtBot, usual_collection: None) -> None:
    ends: list[str] = []
    timer = GcTimer(lambda: True)
    timer.collect()
    Cycle(ends)
    in_a_thread(allocate_much)
    assert ends == []
    kept: list[list[int]] = []

    def allocated_until_collected() -> bool:
        kept.extend([] for _ in range(1000))  # what others free meanwhile counts against them
        return bool(ends)

    qtbot.waitUntil(allocated_until_collected, timeout=5000)
    assert ends == [threading.current_thread().name]
    timer.stop()
    assert gc.isenabled()
    gc.freeze()  # as the suite began


def test_objects_of_the_start_are_frozen_once_settled(qtbot: QtBot, usual_collection: None) -> None:
    settled = [False]
    before = gc.get_freeze_count()
    timer = GcTimer(lambda: settled[0])
    lasting = [[] for _ in range(10)]
    ends: list[str] = []
    Cycle(ends)
    allocate_much()
    timer.collect()
    assert gc.get_freeze_count() <= before, "objects frozen before may have been freed meanwhile"
    assert ends == [], "nothing is collected before"
    settled[0] = True
    qtbot.waitUntil(lambda: gc.get_freeze_count() > before + len(lasting), timeout=5000)
    timer.stop()
    gc.freeze()  # as the suite began
