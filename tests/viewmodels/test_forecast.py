"""The forecast's view model: computed beside the window, of the newest question, in words."""

import torch
from pytestqt.qtbot import QtBot

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
