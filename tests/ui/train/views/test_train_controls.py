"""The header's controls with real clicks and keys, the engine behind them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.ui.train.views.controls import TrainControls
from cnnplay.ui.train.views.data_picker import DataPicker, DevicePicker
from tests.train_bench import ENDLESS, WAIT, Bench, bench, until

# The offscreen platform says so of every window with a minimum size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton


def window(qtbot: QtBot, one: Bench) -> tuple[QWidget, TrainControls]:
    page = QWidget()
    controls = TrainControls(one.run)
    QVBoxLayout(page).addWidget(controls)
    qtbot.addWidget(page)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page, controls


def test_a_click_on_train_runs_to_the_end_and_then_offers_to_resume_or_start_from_scratch(
    qtbot: QtBot,
) -> None:
    with bench() as one:
        _, controls = window(qtbot, one)
        assert controls.train_button.text() == "Train"
        assert not controls.from_scratch_button.isVisible()
        QTest.mouseClick(controls.train_button, LEFT)
        until(qtbot, one.run, "idle")
        assert controls.train_button.text() == "Resume"
        assert controls.progress.position == "2 epochs"
        assert controls.progress.remaining.startswith("best ")
        assert controls.progress.fraction == 1.0
        QTest.mouseClick(controls.train_button, LEFT)
        until(qtbot, one.run, "idle")
        assert len(one.run.history.epochs) == 4
        QTest.mouseClick(controls.from_scratch_button, LEFT)
        until(qtbot, one.run, "idle")
        assert len(one.run.history.epochs) == 2
        assert one.run.recorder.previous is not None


def test_the_keys_train_pause_step_and_stop(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        page, controls = window(qtbot, one)
        QTest.keyClick(page, Qt.Key.Key_F5)
        until(qtbot, one.run, "running")
        assert controls.pause_button.isVisible()
        assert controls.sparkline.isVisible()
        QTest.keyClick(page, Qt.Key.Key_F6)
        until(qtbot, one.run, "paused")
        assert "paused" in controls.progress.remaining
        assert controls.train_button.text() == "Resume"
        before = len(one.run.history)
        QTest.keyClick(page, Qt.Key.Key_F7)
        qtbot.waitUntil(lambda: len(one.run.history) == before + 1, timeout=WAIT)
        QTest.keyClick(page, Qt.Key.Key_F6)
        until(qtbot, one.run, "running")
        qtbot.waitUntil(lambda: "epoch" in controls.progress.position, timeout=WAIT)
        QTest.keyClick(page, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
        until(qtbot, one.run, "idle")


def test_a_double_click_on_train_does_not_pause_the_run_that_it_started(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        _, controls = window(qtbot, one)
        QTest.mouseClick(controls.train_button, LEFT)
        QTest.mouseClick(controls.pause_button, LEFT)
        until(qtbot, one.run, "running")
        assert not one.run.pausing


def test_unavailable_controls_say_why(qtbot: QtBot) -> None:
    with bench() as one:
        _, controls = window(qtbot, one)
        assert not controls.stop_button.isEnabled()
        assert "Unavailable: no run is in progress" in controls.stop_button.toolTip()
        one.settings.set("learning_rate", 0.0)
        assert not controls.train_button.isEnabled()
        assert "learning rate must be" in controls.train_button.toolTip()
        assert "(F5)" in controls.train_button.toolTip()


def test_the_key_of_an_unavailable_action_answers_with_the_reason(qtbot: QtBot) -> None:
    with bench() as one:
        page, controls = window(qtbot, one)
        with qtbot.waitSignal(controls.pause.refused) as refused:
            QTest.keyClick(page, Qt.Key.Key_F6)
        assert refused.args == ["Pause: no run is in progress"]
        one.settings.set("learning_rate", 0.0)
        with qtbot.waitSignal(controls.train.refused) as refused:
            QTest.keyClick(page, Qt.Key.Key_F5)
        assert "learning rate must be" in refused.args[0]
        one.settings.set("learning_rate", 0.01)
        QTest.keyClick(page, Qt.Key.Key_F5)
        until(qtbot, one.run, "idle")
        assert len(one.run.history.epochs) == 2


def test_every_control_has_a_name_a_tooltip_and_a_key(qtbot: QtBot) -> None:
    with bench() as one:
        _, controls = window(qtbot, one)
        for action in controls.commands:
            assert action.text()
            assert action.toolTip()
            assert not action.shortcut().isEmpty()


def test_the_data_picker_loads_a_folder_and_shows_its_counts(qtbot: QtBot, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    with bench() as one:
        picker = DataPicker(one.data, ask_folder=lambda: str(tmp_path / "pets"))
        qtbot.addWidget(picker)
        picker.show()
        assert picker.detail.text() == "120 + 40"
        picker.choice_menu.aboutToShow.emit()
        folder = next(a for a in picker.choice_menu.actions() if a.text().startswith("Folder"))
        with qtbot.waitSignal(one.data.changed):
            folder.trigger()
        assert picker.choice.text() == "pets"
        assert picker.detail.text() == "8 + 2"
        Image.new("RGB", (8, 8), "red").save(tmp_path / "pets" / "cats" / "late.png")
        picker.choice_menu.aboutToShow.emit()
        ticked = next(a for a in picker.choice_menu.actions() if a.isChecked())
        assert "Reads the folder again" in ticked.toolTip()
        with qtbot.waitSignal(one.data.changed):
            ticked.trigger()
        assert picker.detail.text() == "9 + 2"
        picker.choice_menu.aboutToShow.emit()
        sample = next(a for a in picker.choice_menu.actions() if a.text().startswith("mnist-sample"))
        with qtbot.waitSignal(one.data.changed):
            sample.trigger()
        assert picker.detail.text() == "4,000 + 1,000"


def test_an_invalid_folder_is_named_in_the_tooltip_and_the_data_stay(qtbot: QtBot, tmp_path: Path) -> None:
    with bench() as one:
        picker = DataPicker(one.data)
        qtbot.addWidget(picker)
        one.data.choose_folder(tmp_path)
        qtbot.waitUntil(lambda: one.data.state == "ready")
        assert "expected two or more subfolders" in picker.toolTip().replace("\n", " ")
        assert picker.choice.text() == "blobs"


def test_the_device_picker_is_disabled_during_a_run(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        picker = DevicePicker(one.settings, one.run)
        qtbot.addWidget(picker)
        assert picker.choice.text() == "cpu"
        picker.choice_menu.aboutToShow.emit()
        cpu = next(action for action in picker.choice_menu.actions() if action.text() == "cpu")
        cpu.trigger()
        assert one.settings.config.device == "cpu"
        one.run.start()
        assert not picker.isEnabled()
        assert "stop the run" in picker.toolTip()


def test_a_key_goes_back_to_the_best_epoch_and_another_to_the_last(qtbot: QtBot) -> None:
    with bench() as one:
        page, controls = window(qtbot, one)
        QTest.mouseClick(controls.train_button, LEFT)
        until(qtbot, one.run, "idle")
        trained = one.run.weights_cache.trained
        assert trained is not None
        weights = replace(trained.weights, best=dict(trained.weights.last), best_epoch=1)
        one.run.adopt(replace(trained, weights=weights))
        QTest.keyClick(page, Qt.Key.Key_F5, Qt.KeyboardModifier.AltModifier)
        assert controls.progress.position == "1 epoch"
        QTest.keyClick(
            page, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
        assert controls.progress.position == "2 epochs"
