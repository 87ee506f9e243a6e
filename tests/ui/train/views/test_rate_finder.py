"""The learning rate finder with real events: from the settings and the menu, live, chosen, used, closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.train.rate_finder import RateFinder
from cnnplay.ui.train.views.rate_finder import RateFinderDialog
from tests.train_bench import ENDLESS, WAIT, Bench, bench, until
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def one() -> Iterator[Bench]:
    with bench() as made:
        yield made


@contextmanager
def shown(qtbot: QtBot, one: Bench) -> Iterator[RateFinderDialog]:
    model = RateFinder(one.run)
    dialog = RateFinderDialog(model)
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.show()
        dialog.activateWindow()
    try:
        yield dialog
    finally:
        dialog.done(0)
        close_jobs(model)


def finished(qtbot: QtBot, dialog: RateFinderDialog) -> RateFinder:
    model = dialog._model
    qtbot.waitUntil(lambda: model.state == "idle" and model.found is not None, timeout=WAIT)
    settle()
    return model


def click(widget: object, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, LEFT, NONE, at or QPoint())
    settle()


def test_it_begins_at_once_and_one_click_takes_the_suggested_rate_over(qtbot: QtBot, one: Bench) -> None:
    with shown(qtbot, one) as dialog:
        assert dialog.again.text() == "Stop"
        assert not dialog.use.isEnabled()
        model = finished(qtbot, dialog)
        assert dialog.again.text() == "Again"
        assert dialog.use.text() == model.use_label
        assert "falls most steeply" in dialog.status.text()
        click(dialog.use)
        assert not dialog.isVisible()
        assert one.settings.config.learning_rate == model.suggested


def test_a_click_into_the_curve_chooses_another_rate_and_enter_uses_it(qtbot: QtBot, one: Bench) -> None:
    with shown(qtbot, one) as dialog:
        model = finished(qtbot, dialog)
        plot = dialog.plot
        click(plot, QPoint(plot.width() // 3, plot.height() // 2))
        chosen = model.chosen
        assert chosen is not None
        assert chosen != model.suggested
        assert 1e-5 < chosen < 1e-2, "a third of the way from 10⁻⁶ to 10"
        assert plot.accessibleDescription().endswith(f"Chosen: {dialog.use.text().removeprefix('Use ')}.")
        QTest.keyClick(plot, Qt.Key.Key_Right)
        assert model.chosen is not None
        assert model.chosen > chosen
        QTest.keyClick(plot, Qt.Key.Key_Home)
        assert model.chosen == model.suggested
        click(plot, QPoint(plot.width() // 3, plot.height() // 2))
        QTest.keyClick(plot, Qt.Key.Key_Return)
        settle()
        assert not dialog.isVisible()
        assert one.settings.config.learning_rate == chosen


def test_the_rate_under_the_mouse_is_shown(qtbot: QtBot, one: Bench) -> None:
    with shown(qtbot, one) as dialog:
        finished(qtbot, dialog)
        before = dialog.plot.grab().toImage()
        QTest.mouseMove(dialog.plot, QPoint(dialog.plot.width() // 2, dialog.plot.height() // 2))
        settle()
        assert dialog.plot.grab().toImage() != before
        QTest.mouseMove(dialog.again, QPoint(5, 5))
        settle()
        assert dialog.plot.grab().toImage() == before


def test_the_curve_grows_while_the_test_goes_on_and_stop_ends_it(qtbot: QtBot, one: Bench) -> None:
    one.settings.set("batch_size", 1)
    with shown(qtbot, one) as dialog:
        finished(qtbot, dialog)
        steps = dialog.editors["steps"].inputs()[0]
        steps.setFocus()
        QTest.keyClick(steps, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(steps, "600")
        assert dialog._model.test.steps == 600
        drawn = dialog.plot.redraws
        click(dialog.again)
        assert dialog.again.text() == "Stop"
        assert not steps.isEnabled()
        qtbot.waitUntil(lambda: dialog.plot.redraws > drawn + 2, timeout=WAIT)
        click(dialog.again)
        model = finished(qtbot, dialog)
        assert model.found is not None
        assert model.found.ended == "stopped"
        assert steps.isEnabled()


def test_invalid_ranges_are_reported_where_they_are_typed(qtbot: QtBot, one: Bench) -> None:
    with shown(qtbot, one) as dialog:
        finished(qtbot, dialog)
        line = dialog.editors["high"].inputs()[0]
        assert isinstance(line, QLineEdit)
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(line, "1e-9")
        assert dialog.status.text().startswith("highest LR must be more than the lowest")
        assert line.property("fault") == "true"
        assert not dialog.again.isEnabled()
        assert "Unavailable: highest" in dialog.again.toolTip()


def test_closing_in_the_middle_ends_the_test_at_once(qtbot: QtBot, one: Bench) -> None:
    one.settings.set("batch_size", 1)
    with shown(qtbot, one) as dialog:
        assert dialog._model.state == "running"
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
        assert dialog._model.state == "idle"
        assert one.settings.config.learning_rate == 1e-3, "nothing was taken over"


def test_during_a_run_it_says_why_it_is_unavailable(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        until(qtbot, one.run, "running")
        with shown(qtbot, one) as dialog:
            assert "run is in progress" in dialog.status.text()
            assert not dialog.again.isEnabled()
            assert not dialog.use.isEnabled()
            assert "Unavailable" in dialog.use.toolTip()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_with_large_text_it_fits_a_small_screen(qtbot: QtBot, one: Bench, look: str) -> None:
    theme().install(look, 1.5)  # type: ignore[arg-type]
    try:
        with shown(qtbot, one) as dialog:
            finished(qtbot, dialog)
            assert dialog.width() <= 1366
            assert dialog.height() <= 736
            for button in (dialog.again, dialog.use, dialog.close_button):
                assert button.width() >= button.sizeHint().width()
    finally:
        theme().install("dark")


def test_everything_has_a_tooltip_and_a_name(qtbot: QtBot, one: Bench) -> None:
    with shown(qtbot, one) as dialog:
        finished(qtbot, dialog)
        for widget in (dialog.plot, dialog.weights, *(e.inputs()[0] for e in dialog.editors.values())):
            assert widget.accessibleName()
            assert widget.toolTip()
        for button in (dialog.again, dialog.use, dialog.close_button):
            assert button.toolTip()


def test_the_settings_and_the_menu_lead_there(qtbot: QtBot, make_window: Callable[[], MainWindow]) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.menus.find_rate.isEnabled(), timeout=WAIT)
    window.show_workspace("train")
    click(window.page("train").workspace.settings.find_rate)
    (dialog,) = window.findChildren(RateFinderDialog)
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    settle()
    qtbot.waitUntil(lambda: not window.findChildren(RateFinderDialog), timeout=WAIT)
    with qtbot.waitActive(window):
        window.activateWindow()
    QTest.keyClick(
        window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    (dialog,) = window.findChildren(RateFinderDialog)
    finished(qtbot, dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    window.session.run.start()
    settle()
    button = window.page("train").workspace.settings.find_rate
    assert not button.isEnabled()
    assert "Unavailable: a run is in progress" in button.toolTip()
    assert not window.menus.find_rate.isEnabled()
