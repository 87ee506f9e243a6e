"""The Train workspace with real events: settings, notices, estimate, layout, closing during training."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from cnnplay.training.estimate import Estimate
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.views.settings import SettingsPanel
from cnnplay.ui.train.views.train import TrainWorkspace
from tests.train_bench import ENDLESS, WAIT, Bench, bench, notices_of, until

# The offscreen platform says so of every window with a minimum size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton


def workspace(qtbot: QtBot, one: Bench) -> TrainWorkspace:
    made = TrainWorkspace(one.run, one.settings, one.estimate, CurvesModel(), one.augmentation)
    for give in (made.set_filters, made.set_maps, made.set_top_losses):
        give(QLabel("a view"))
    qtbot.addWidget(made)
    made.resize(960, 680)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_run_draws_curves(qtbot: QtBot) -> None:
    with bench(epochs=3) as one:
        made = workspace(qtbot, one)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert made.loss.plot.isVisible()
        assert made.primary.plot.isVisible()
        assert all(count > 0 for count in made.redraws.values())
        assert "best" in made.primary.muted()


def test_the_empty_curve_does_not_ask_to_press_train_during_a_run(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        made = workspace(qtbot, one)
        assert "Press Train" in made.loss.empty.label.text()
        one.run.start()
        assert "Press Train" not in made.loss.empty.label.text()
        assert "starting" in made.loss.empty.label.text()
        one.run.stop()
        until(qtbot, one.run, "idle")


def test_the_estimate_of_the_next_run_is_hidden_during_a_run(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        made = workspace(qtbot, one)
        qtbot.waitUntil(made.settings.estimate_line.isVisible, timeout=WAIT)
        one.run.start()
        until(qtbot, one.run, "running")
        assert not made.settings.estimate_line.isVisible()
        one.run.stop()
        until(qtbot, one.run, "idle")
        qtbot.waitUntil(made.settings.estimate_line.isVisible, timeout=WAIT)


def test_settings_are_in_two_columns_again_when_large_text_is_reset(qtbot: QtBot) -> None:
    with bench() as one:
        made = SettingsPanel(one.settings, one.run, one.estimate, one.augmentation)
        qtbot.addWidget(made)
        made.resize(467, 320)
        made.show()
        qtbot.waitUntil(lambda: made.page.columns == 2)
        try:
            theme().install("dark", 1.75)
            qtbot.waitUntil(lambda: made.page.columns == 1)
        finally:
            theme().install("dark")
        qtbot.waitUntil(lambda: made.page.columns == 2)


def test_settings_are_typed_and_a_wrong_one_says_so_where_it_is(qtbot: QtBot) -> None:
    with bench() as one:
        made = workspace(qtbot, one)
        line = made.settings.editors["learning_rate"].inputs()[0]
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(line, "5e-4")
        assert one.settings.config.learning_rate == 5e-4
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(line, "0")
        assert "learning rate must be" in line.toolTip()
        assert line.property("fault") == "true"
        assert one.run.disabled_reason("train")


def test_during_a_run_what_acts_between_two_batches_can_be_typed(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS, optimizer="momentum") as one:
        made = workspace(qtbot, one)
        one.run.start()
        until(qtbot, one.run, "running")
        free = [name for name, editor in made.settings.editors.items() if editor.isEnabled()]
        assert {"learning_rate", "epochs", "schedule"} < set(free)
        assert not {"batch_size", "optimizer", "seed"} & set(free)
        assert "stop the run" in made.settings.editors["seed"].inputs()[0].toolTip()
        line = made.settings.editors["learning_rate"].inputs()[0]
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(line, "0.0002")
        qtbot.waitUntil(lambda: bool(one.run.history.changes), timeout=WAIT)
        qtbot.waitUntil(lambda: one.run.history.changes[-1][1].value == 0.0002, timeout=WAIT)


def test_a_failure_names_the_cause_and_a_click_applies_the_fix(qtbot: QtBot) -> None:
    with bench(optimizer="sgd", learning_rate=999.0) as one:
        notices = notices_of(qtbot, one)
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        notice = notices.failure
        assert notice.isVisible()
        assert "learning rate of 999" in notice.label.text()
        fix = notice.buttons[0]
        assert fix.text().casefold().startswith("use learning rate ")
        QTest.mouseClick(fix, LEFT)
        assert one.settings.config.learning_rate < 1.0
        assert not fix.isVisible()
        one.run.start()
        assert not notice.isVisible()
        until(qtbot, one.run, "idle")
        assert one.run.failure is None


def test_an_edit_during_the_run_shows_a_notice_and_a_click_trains_it(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        notices = notices_of(qtbot, one)
        one.run.start()
        until(qtbot, one.run, "running")
        assert not notices.isVisible()
        one.edit()
        assert notices.stale.isVisible()
        QTest.mouseClick(notices.stale.buttons[0], LEFT)
        qtbot.waitUntil(lambda: one.run.network == one.editor.network, timeout=WAIT)
        assert not notices.stale.isVisible()


def test_a_note_can_be_dismissed_and_the_next_one_shows(qtbot: QtBot) -> None:
    with bench(epochs=1) as one:
        notices = notices_of(qtbot, one)

        def broken(observation: object) -> None:
            raise RuntimeError("no such layer")

        one.run.probes.add(broken)
        one.run.start()
        until(qtbot, one.run, "idle")
        assert "no such layer" in notices.note.label.text()
        QTest.mouseClick(notices.note.buttons[0], LEFT)
        assert not notices.note.isVisible()


def test_an_estimate_that_does_not_fit_offers_the_largest_batch(qtbot: QtBot) -> None:
    with bench() as one:
        made = workspace(qtbot, one)
        qtbot.waitUntil(lambda: one.estimate.estimate is not None, timeout=WAIT)
        line = made.settings.estimate_line
        assert line.label.text() == one.estimate.memory_text
        assert line.label.text().endswith(" free")
        assert not line.fix.isVisible()
        big = Estimate(
            bytes=31_000_000_000,
            network_bytes=0,
            data_bytes=0,
            available_bytes=20_000_000_000,
            seconds_per_epoch=1.0,
            fits=False,
            largest_batch=10,
            summary="",
            advice="",
        )
        one.estimate._estimate = big
        one.estimate.changed.emit()
        assert line.label.text() == (
            "batch size 16 needs 31 GB; 20 GB are free. The largest batch size that fits is 10"
        )
        QTest.mouseClick(line.fix, LEFT)
        assert one.settings.config.batch_size == 10
        qtbot.waitUntil(lambda: one.estimate.estimate is not big, timeout=WAIT)
        assert one.estimate.fits


def test_sizes_are_remembered_and_reset(qtbot: QtBot) -> None:
    with bench() as one:
        made = workspace(qtbot, one)
        usual = made.top.sizes()
        made.top.setSizes([300, 652])
        moved = made.top.sizes()
        state = made.save_layout()
        made.reset_layout()
        assert made.top.sizes() == usual
        made.restore_layout(state)
        assert made.top.sizes() == moved
        made.restore_layout(type(state)(b"nonsense"))
        assert made.top.sizes() == moved


def test_closing_during_training_joins_the_thread(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        made = workspace(qtbot, one)
        one.run.start()
        until(qtbot, one.run, "running")
        made.close()
        one.run.shutdown()
        assert not any(thread.name == "cnnplay-train" for thread in threading.enumerate())
        QApplication.processEvents()
        assert one.run.state == "idle"
