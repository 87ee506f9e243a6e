"""The estimate's model: computed in the background, for the newest request, with a text."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.training.estimate import Estimate
from cnnplay.training.estimate import estimate as real_estimate
from cnnplay.ui.train.estimate import SETTLE_MS
from tests.train_bench import WAIT, bench, blobs

assert torch.__version__  # estimates are made once it is imported


def test_an_estimate_comes_by_itself_and_names_time_and_memory(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        assert " per epoch, " in one.estimate.text
        assert " in total; " in one.estimate.text
        assert one.estimate.text.endswith("free")
        assert one.estimate.advice == ""
        assert one.estimate.fix_label == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.01, "about 0.1 s per epoch, 0.2 s in total"),
        (0.55, "about 0.6 s per epoch, 11 s in total"),
        (14.2, "about 14 s per epoch, 4 min 44 s in total"),
    ],
)
def test_short_epochs_have_a_decimal(qtbot: QtBot, seconds: float, said: str) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        assert one.estimate.estimate is not None
        one.settings.set("epochs", 20)
        one.estimate._estimate = replace(one.estimate.estimate, seconds_per_epoch=seconds)
        assert one.estimate.text.startswith(f"{said}; ")


def test_a_change_makes_a_new_estimate_and_a_problem_none(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        first = one.estimate.estimate
        one.settings.set("batch_size", 100)
        qtbot.waitUntil(lambda: one.estimate.estimate is not first, timeout=WAIT)
        one.settings.set("batch_size", 0)
        qtbot.waitUntil(lambda: one.estimate.estimate is None, timeout=WAIT)
        assert one.estimate.text == ""
        assert one.estimate.fits


def test_an_estimate_of_another_network_or_data_set_is_not_shown(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        for change in (one.edit, lambda: one.data.use(blobs(80))):
            with qtbot.waitSignal(one.estimate.changed):
                change()
            assert one.estimate.estimate is None
            assert "estimating" in one.estimate.text
            qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)


def test_undo_brings_the_estimate_back_at_once(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        before = one.estimate.text
        one.edit()
        with qtbot.waitSignal(one.estimate.changed):
            one.editor.undo_stack.undo()
        assert one.estimate.text == before


def test_a_network_that_does_not_fit_is_reported_with_the_largest_batch(qtbot: QtBot) -> None:
    with bench() as one:
        one.settings.set("batch_size", 60_000)
        one.editor.set_input(channels=1, height=2048, width=2048)
        assert one.editor.report.valid
        qtbot.waitUntil(lambda: not one.estimate.fits, timeout=WAIT)
        assert one.estimate.advice.startswith("batch size 60,000 needs ")
        if one.estimate.fix_label:
            largest = one.estimate.estimate.largest_batch if one.estimate.estimate else None
            one.estimate.fix()
            assert one.settings.config.batch_size == largest


def test_the_largest_batch_is_a_power_of_two_that_the_training_split_fills(qtbot: QtBot) -> None:
    with bench() as one:
        assert one.estimate.largest_label == "", "nothing is known yet"
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        assert one.estimate.largest_batch == 64, "of 120 images"
        assert one.estimate.largest_label == "largest batch: 64"
        assert "120 training images" in one.estimate.largest_hint
        one.estimate.use_largest()
        assert one.settings.config.batch_size == 64
        assert one.estimate.largest_label == "", "the settings have it"


def test_where_memory_is_the_limit_the_largest_batch_leaves_some_room(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        assert one.estimate.estimate is not None
        one.estimate._estimate = replace(one.estimate.estimate, largest_batch=50)
        assert one.estimate.largest_label == "largest batch: 32"
        assert "50 would just fit" in one.estimate.largest_hint
        one.estimate._estimate = replace(one.estimate.estimate, fits=False, largest_batch=10)
        assert one.estimate.largest_label == "", "the fix says it then"
        assert one.estimate.fix_label.casefold() == "use batch size 10"


def stand_in(monkeypatch: pytest.MonkeyPatch, *sure: bool) -> list[float]:
    """Stand-in estimates of 1, 2, 3 … seconds per epoch with the given reliability; returns the list of those
    for which layers were timed."""
    asked: list[float] = []

    def estimate(*arguments: Any, timed: bool, **more: Any) -> Estimate:
        found = real_estimate(*arguments, **more, timed=False)
        if not timed:
            return found
        asked.append(float(len(asked) + 1))
        return replace(found, seconds_per_epoch=asked[-1], reliable=sure[min(len(asked), len(sure)) - 1])

    monkeypatch.setattr("cnnplay.training.estimate.estimate", estimate)
    return asked


def test_a_disturbed_estimate_is_repeated_until_it_is_reliable(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.ui.train.estimate.AGAIN_MS", (5,) * 5)
    asked = stand_in(monkeypatch, False, False, True)
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.text.startswith("about 3.0 s per epoch"), timeout=WAIT)
        qtbot.wait(50)
        assert len(asked) == 3


def test_an_estimate_that_is_always_disturbed_stays_until_something_changes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.ui.train.estimate.AGAIN_MS", (5, 5))
    asked = stand_in(monkeypatch, False)
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.text.startswith("about 3.0 s per epoch"), timeout=WAIT)
        qtbot.wait(50)
        assert len(asked) == 3
        one.settings.set("batch_size", 10)
        qtbot.waitUntil(lambda: one.estimate.text.startswith("about 6.0 s per epoch"), timeout=WAIT)


def test_layers_are_not_timed_while_it_is_held(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnplay.ui.train.estimate.RELEASE_MS", 5)
    asked = stand_in(monkeypatch, True)
    with bench() as one:
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        before = one.estimate.estimate
        one.estimate.hold(True)
        qtbot.wait(SETTLE_MS + 100)
        assert one.estimate.estimate is before, "an estimate that is there stays"
        one.settings.set("batch_size", 10)
        qtbot.waitUntil(lambda: one.estimate.estimate is not before, timeout=WAIT)
        assert one.estimate.text.endswith("free")
        assert "epoch" not in one.estimate.text, "its memory is estimated all the same"
        assert len(asked) == 1
        one.settings.set("batch_size", 0)
        qtbot.waitUntil(lambda: one.estimate.estimate is None, timeout=WAIT)
        one.settings.set("batch_size", 10)
        one.estimate.hold(False)
        qtbot.waitUntil(lambda: one.estimate.text.startswith("about 2.0 s per epoch"), timeout=WAIT)


def test_a_pending_estimate_is_cancelled_when_it_is_held(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in runs until it is cancelled: without that it would never end."""
    monkeypatch.setattr("cnnplay.ui.train.estimate.RELEASE_MS", 5)
    asked: list[str] = []

    def estimate(*arguments: Any, timed: bool, stop_timing: Callable[[], bool]) -> Estimate:
        asked.append("timed" if timed else "untimed")
        if len(asked) == 1:
            while not stop_timing():
                time.sleep(0.001)
            asked.append("ended")
        return replace(real_estimate(*arguments, timed=False), seconds_per_epoch=1.0 if timed else 0.0)

    monkeypatch.setattr("cnnplay.training.estimate.estimate", estimate)
    with bench() as one:
        qtbot.waitUntil(lambda: asked == ["timed"], timeout=WAIT)
        one.estimate.hold(True)
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        assert asked == ["timed", "ended", "untimed"], "the cancelled one is not shown"
        assert "epoch" not in one.estimate.text
        one.estimate.hold(False)
        qtbot.waitUntil(lambda: "epoch" in one.estimate.text, timeout=WAIT)
