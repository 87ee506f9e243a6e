"""The final test: once, on the test split, with real clicks."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnplay.data.images import ImageSet
from cnnplay.training.evaluate import Evaluation, evaluate
from cnnplay.ui.train.final_test import FinalTest, final_test_disabled_reason
from cnnplay.ui.train.views.final_test import FinalTestDialog
from tests.train_bench import WAIT, Bench, bench, blobs, until


def _with_a_test_part() -> ImageSet:
    whole = blobs(200)
    assert whole.array is not None
    return ImageSet(
        key="blobs", title="blobs", classes=whole.classes, images=whole.array, labels=whole.labels,
        train=np.arange(120), validation=np.arange(120, 160), test=np.arange(160, 200),
        shape=whole.shape, channels=1,
    )  # fmt: skip


def _trained(qtbot: QtBot, one: Bench) -> ImageSet:
    images = _with_a_test_part()
    one.data.use(images)
    one.run.start()
    until(qtbot, one.run, "idle")
    return images


def test_a_click_evaluates_the_best_weights_on_the_test_split(qtbot: QtBot) -> None:
    with bench(epochs=2) as one:
        images = _trained(qtbot, one)
        dialog = FinalTestDialog(FinalTest(one.run.weights_cache, one.data))
        qtbot.addWidget(dialog)
        dialog.open()
        assert "40 test images" in dialog.question.text()
        qtbot.mouseClick(dialog.evaluate_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "Test accuracy" in dialog.outcome.text(), timeout=WAIT)
        assert one.run.weights_cache.trained is not None
        weights = one.run.weights_cache.trained.weights
        assert weights.best is not None
        own = evaluate(weights.network, weights.best, images, "test", facts=weights.facts)
        right = round(own.metrics["accuracy"] * 40)
        assert f"{right} of 40 correct" in dialog.outcome.text()
        assert "Validation accuracy" in dialog.outcome.text()
        assert not dialog.evaluate_button.isEnabled(), "it is evaluated once"
        qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)


def _held_until_closed(*given: Any, interrupted: Callable[[], bool], **more: Any) -> Evaluation:
    """So few images would be evaluated before anybody closes the dialog."""
    end = time.monotonic() + WAIT / 1000
    while not interrupted() and time.monotonic() < end:
        time.sleep(0.001)
    return evaluate(*given, interrupted=interrupted, **more)


def test_closing_cancels_the_evaluation(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench(epochs=1) as one:
        _trained(qtbot, one)
        monkeypatch.setattr("cnnplay.training.evaluate.evaluate", _held_until_closed)
        dialog = FinalTestDialog(FinalTest(one.run.weights_cache, one.data))
        qtbot.addWidget(dialog)
        dialog.open()
        qtbot.mouseClick(dialog.evaluate_button, Qt.MouseButton.LeftButton)
        dialog.reject()
        assert "Test accuracy" not in dialog.outcome.text()


def test_if_the_test_is_unavailable_it_says_why(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        assert final_test_disabled_reason(one.run, one.data) == "blobs has no test split"
        one.data.use(_with_a_test_part())
        assert "has not been trained" in final_test_disabled_reason(one.run, one.data)
        one.run.start()
        assert "run is in progress" in final_test_disabled_reason(one.run, one.data)
        until(qtbot, one.run, "idle")
        assert final_test_disabled_reason(one.run, one.data) == ""
