"""The forecast's view model: computed beside the window, of the newest question, in words."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.training.forecast import Forecast
from cnnplay.training.forecast import forecast as real_forecast
from cnnplay.ui.train.forecast import SETTLE_MS
from tests.train_bench import WAIT, bench

assert torch.__version__  # forecasts are made once somebody has imported it


def test_a_forecast_comes_by_itself_and_names_time_and_memory(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        assert " an epoch, " in one.forecast.words
        assert " in all; " in one.forecast.words
        assert one.forecast.words.endswith("free")
        assert one.forecast.advice == ""
        assert one.forecast.mend_label == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.01, "about 0.1 s an epoch, 0.2 s in all"),
        (0.55, "about 0.6 s an epoch, 11 s in all"),
        (14.2, "about 14 s an epoch, 4 min 44 s in all"),
    ],
)
def test_what_epochs_take_can_be_reckoned_with(qtbot: QtBot, seconds: float, said: str) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        assert one.forecast.forecast is not None
        one.settings.set("epochs", 20)
        one.forecast.forecast = replace(one.forecast.forecast, seconds_per_epoch=seconds)
        assert one.forecast.words.startswith(f"{said}; ")


def test_a_change_makes_a_new_forecast_and_a_fault_none(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        first = one.forecast.forecast
        one.settings.set("batch_size", 100)
        qtbot.waitUntil(lambda: one.forecast.forecast is not first, timeout=WAIT)
        one.settings.set("batch_size", 0)
        qtbot.waitUntil(lambda: one.forecast.forecast is None, timeout=WAIT)
        assert one.forecast.words == ""
        assert one.forecast.fits


def test_a_network_that_can_never_fit_is_told_with_the_largest_batch(qtbot: QtBot) -> None:
    with bench() as one:
        one.settings.set("batch_size", 60_000)
        one.editor.set_input(channels=1, height=2048, width=2048)
        assert one.editor.report.valid
        qtbot.waitUntil(lambda: not one.forecast.fits, timeout=WAIT)
        assert one.forecast.advice.startswith("batch 60,000 needs ")
        if one.forecast.mend_label:
            largest = one.forecast.forecast.largest_batch if one.forecast.forecast else None
            one.forecast.mend()
            assert one.settings.config.batch_size == largest


def test_the_largest_batch_is_a_power_of_two_that_the_training_part_fills(qtbot: QtBot) -> None:
    with bench() as one:
        assert one.forecast.largest_label == "", "nothing is known yet"
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        assert one.forecast.largest_batch == 64, "of 120 pictures"
        assert one.forecast.largest_label == "largest batch: 64"
        assert "120 pictures are there to learn from" in one.forecast.largest_hint
        one.forecast.use_largest()
        assert one.settings.config.batch_size == 64
        assert one.forecast.largest_label == "", "the settings have it"


def test_where_memory_is_the_limit_the_largest_batch_leaves_some_room(qtbot: QtBot) -> None:
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        assert one.forecast.forecast is not None
        one.forecast.forecast = replace(one.forecast.forecast, largest_batch=50)
        assert one.forecast.largest_label == "largest batch: 32"
        assert "50 would just fit" in one.forecast.largest_hint
        one.forecast.forecast = replace(one.forecast.forecast, fits=False, largest_batch=10)
        assert one.forecast.largest_label == "", "the mend says it then"
        assert one.forecast.mend_label == "use batch 10"


def stand_in(monkeypatch: pytest.MonkeyPatch, *sure: bool) -> list[float]:
    """Forecasts of 1, 2, 3 … seconds an epoch that are as sure as said, the last ones always; the list of
    those for which layers were to be tried."""
    asked: list[float] = []

    def forecast(*arguments: Any, timed: bool, **more: Any) -> Forecast:
        found = real_forecast(*arguments, **more, timed=False)
        if not timed:
            return found
        asked.append(float(len(asked) + 1))
        return replace(found, seconds_per_epoch=asked[-1], sure=sure[min(len(asked), len(sure)) - 1])

    monkeypatch.setattr("cnnplay.training.forecast.forecast", forecast)
    return asked


def test_a_forecast_that_was_disturbed_is_made_again_until_it_was_not(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.ui.train.forecast.AGAIN_MS", (5,) * 5)
    asked = stand_in(monkeypatch, False, False, True)
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.words.startswith("about 3.0 s an epoch"), timeout=WAIT)
        qtbot.wait(50)
        assert len(asked) == 3


def test_where_it_is_always_disturbed_it_stays_as_it_is_until_something_changes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.ui.train.forecast.AGAIN_MS", (5, 5))
    asked = stand_in(monkeypatch, False)
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.words.startswith("about 3.0 s an epoch"), timeout=WAIT)
        qtbot.wait(50)
        assert len(asked) == 3
        one.settings.set("batch_size", 10)
        qtbot.waitUntil(lambda: one.forecast.words.startswith("about 6.0 s an epoch"), timeout=WAIT)


def test_nothing_is_tried_while_it_is_held(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnplay.ui.train.forecast.RELEASE_MS", 5)
    asked = stand_in(monkeypatch, True)
    with bench() as one:
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        before = one.forecast.forecast
        one.forecast.hold(True)
        qtbot.wait(SETTLE_MS + 100)
        assert one.forecast.forecast is before, "it holds for what is on"
        one.settings.set("batch_size", 10)
        qtbot.waitUntil(lambda: one.forecast.forecast is not before, timeout=WAIT)
        assert one.forecast.words.endswith("free")
        assert "epoch" not in one.forecast.words, "its memory is foreseen all the same"
        assert len(asked) == 1
        one.settings.set("batch_size", 0)
        qtbot.waitUntil(lambda: one.forecast.forecast is None, timeout=WAIT)
        one.settings.set("batch_size", 10)
        one.forecast.hold(False)
        qtbot.waitUntil(lambda: one.forecast.words.startswith("about 2.0 s an epoch"), timeout=WAIT)


def test_one_that_is_being_made_is_broken_off_when_it_is_held(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in that takes as long as nobody has enough: without that it would never end."""
    monkeypatch.setattr("cnnplay.ui.train.forecast.RELEASE_MS", 5)
    asked: list[str] = []

    def forecast(*arguments: Any, timed: bool, enough: Callable[[], bool]) -> Forecast:
        asked.append("timed" if timed else "untimed")
        if len(asked) == 1:
            while not enough():
                time.sleep(0.001)
            asked.append("ended")
        return replace(real_forecast(*arguments, timed=False), seconds_per_epoch=1.0 if timed else 0.0)

    monkeypatch.setattr("cnnplay.training.forecast.forecast", forecast)
    with bench() as one:
        qtbot.waitUntil(lambda: asked == ["timed"], timeout=WAIT)
        one.forecast.hold(True)
        qtbot.waitUntil(lambda: one.forecast.forecast is not None, timeout=WAIT)
        assert asked == ["timed", "ended", "untimed"], "half of one says nothing"
        assert "epoch" not in one.forecast.words
        one.forecast.hold(False)
        qtbot.waitUntil(lambda: "epoch" in one.forecast.words, timeout=WAIT)
