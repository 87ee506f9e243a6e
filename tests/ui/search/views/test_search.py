"""The search window with real clicks and keys: choosing parameters, live trials, promoting the best."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import find
from cnnplay.network.presets import preset
from cnnplay.search.space import Range
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_space import NO_LAYER
from cnnplay.ui.search.views.search import SearchWindow
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.ui.conftest import StrayWindows
from tests.ui.events import settle

pytestmark = [
    pytest.mark.qt_log_ignore("propagateSizeHints"),
    pytest.mark.qt_log_ignore(r"This plugin does not support raise\(\)"),
]
LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> SearchWindow:
    """The search window, for a small network and few digits."""
    digits = load("mnist-sample")
    assert digits.array is not None
    window.session.data.use(
        ImageSet(
            key="mnist-sample",
            title="A few digits",
            classes=digits.classes,
            images=digits.array,
            labels=digits.labels,
            train=digits.train[::40],
            validation=digits.validation[::20],
            shape=digits.shape,
            channels=1,
        )
    )
    window.session.editor.reset(preset("tiny-cnn").network)
    window.session.editor.select(("conv-1",))
    window.session.settings.set("threads", 1)
    window.session.settings.set("device", "cpu")
    QTest.keyClick(window, KEY.Key_F, CONTROL_SHIFT)
    assert window.searching is not None
    qtbot.waitUntil(window.searching.isVisible)
    finish_jobs(window.session.search.model)
    settle()
    return window.searching


def model_of(window: MainWindow) -> SearchModel:
    return window.session.search.model


def click(widget: QWidget, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, LEFT, pos=at if at is not None else QPoint(8, widget.height() // 2))


def type_into(line: QWidget, text: str) -> None:
    line.setFocus()
    QTest.keyClick(line, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, text)
    QTest.keyClick(line, KEY.Key_Tab)


def test_fields_are_checked_and_their_ranges_typed(opened: SearchWindow, window: MainWindow) -> None:
    model = model_of(window)
    rows = opened.space.rows
    assert rows["learning_rate"].checkbox.isChecked()
    click(rows["batch_size"].checkbox)
    editor = rows["batch_size"].range
    assert editor is not None
    assert editor.isVisible()
    type_into(editor.low, "16")
    type_into(editor.high, "48")
    assert model.space.space.vary["batch_size"] == Range(16, 48, log=True)
    type_into(editor.high, "8")
    problem = rows["batch_size"].problem.text()
    assert all(part in problem for part in ("batch size", "above 16", "got 8"))
    assert not opened.options.start.isEnabled()
    assert problem in opened.options.reason.text()
    type_into(editor.high, "nonsense")
    assert editor.high.text() == "8"
    click(rows["batch_size"].checkbox)
    assert opened.options.start.isEnabled()
    click(rows["conv-1.filters"].checkbox)
    assert "conv-1.filters" in model.space.space.vary
    assert opened.space.muted() == "2 parameters"


def test_without_a_selected_layer_the_list_says_how_to_add_its_fields(
    opened: SearchWindow, window: MainWindow
) -> None:
    def shown() -> list[str]:
        return [label.text() for label in opened.space.findChildren(QLabel) if label.isVisible()]

    assert NO_LAYER not in shown()
    window.session.editor.select(())
    assert NO_LAYER in shown()
    assert not [name for name in opened.space.rows if "." in name]
    window.session.editor.select(("conv-1",))
    settle()
    assert NO_LAYER not in shown()
    assert opened.space.rows["conv-1.filters"].isVisible()


def test_choices_are_toggled(opened: SearchWindow, window: MainWindow) -> None:
    row = opened.space.rows["optimizer"]
    click(row.checkbox)
    assert row.chips is not None
    click(row.chips.buttons["nesterov"])
    entry = model_of(window).space.space.vary["optimizer"]
    assert entry.choices == ("sgd", "momentum", "rmsprop", "adam", "adamw")  # type: ignore[union-attr]


def test_a_search_runs_its_trials_and_the_selected_one_is_promoted_with_one_undo(
    opened: SearchWindow, window: MainWindow, qtbot: QtBot
) -> None:
    model, before = model_of(window), window.session.editor.network
    click(opened.space.rows["conv-1.filters"].checkbox)
    opened.options.trials.setValue(4)
    opened.options.epochs.setValue(1)
    click(opened.options.start)
    assert model.active
    assert opened.options.stop.isEnabled()
    assert not opened.options.start.isEnabled()
    qtbot.waitUntil(lambda: not model.active, timeout=30_000)
    finish_jobs(model)
    settle()
    assert model.table.rowCount() == 4
    assert opened.studies.currentText().startswith(model.study)
    # A click on a line of the plot selects its trial.
    other = next(line for line in model.parallel.lines if line.number != model.best.number)  # type: ignore[union-attr]
    one, next_ = opened.parallel.points(other)[:2]
    assert one is not None
    assert next_ is not None
    click(opened.parallel, ((one + next_) / 2).toPoint())
    assert model.selected is not None
    assert_outer_labels_fit(opened)
    # A click on the best row of the table selects that.
    best = model.best
    assert best is not None
    row = model.table.row_of(best.number)
    assert row is not None
    table = opened.trials.table
    click(table.viewport(), table.visualRect(model.table.index(row, 1)).center())
    assert model.selected == best.number
    use_the_keys(opened, model)
    click(opened.trials.promote)
    finish_jobs(window.session.search.promoter)
    network = window.session.editor.network
    assert find(network, "conv-1").filters == best.settings["conv-1.filters"]  # type: ignore[union-attr]
    assert window.session.settings.config.learning_rate == best.settings["learning_rate"]
    assert window.session.run.weights_cache.trained_for_editor is not None
    window.stack_actions.by_name["undo"].trigger()
    assert window.session.editor.network == before


def assert_outer_labels_fit(opened: SearchWindow) -> None:
    """The labels left of the first axis and right of the last one are inside the widget."""
    plot, metrics = opened.parallel, QFontMetrics(theme().font(small=True))
    axes = plot._drawn.axes
    for axis, room in ((axes[0], plot.area.left()), (axes[-1], plot.width() - plot.area.right())):
        assert axis.ticks
        assert max(metrics.horizontalAdvance(tick.text) for tick in axis.ticks) + theme().px(5) <= room


def use_the_keys(opened: SearchWindow, model: SearchModel) -> None:
    """Up and Down select the next better or worse trial."""
    numbers = [line.number for line in model.parallel.lines]
    opened.parallel.setFocus()
    QTest.keyClick(opened.parallel, KEY.Key_Down)
    assert model.selected == numbers[-2]
    QTest.keyClick(opened.parallel, KEY.Key_Up)
    assert model.selected == numbers[-1]
    assert opened.parallel.accessibleDescription().startswith(f"trial {numbers[-1]}, ")
    QTest.keyClick(opened.parallel, KEY.Key_Home)
    assert model.selected is None


def test_a_study_is_opened_from_the_list_and_resumed(
    opened: SearchWindow, window: MainWindow, qtbot: QtBot
) -> None:
    model = model_of(window)
    model.set_options(trials=1, epochs=1)
    QTest.keyClick(opened, KEY.Key_F5)
    qtbot.waitUntil(lambda: not model.active, timeout=30_000)
    finish_jobs(model)
    name = model.study
    opened.studies.setCurrentIndex(0)
    opened.studies.activated.emit(0)
    assert model.study == ""
    assert opened.trials.empty.isVisible()
    opened.studies.activated.emit(opened.studies.findData(name))
    finish_jobs(model)
    settle()
    assert model.study == name
    assert opened.options.start.text() == "Resume"
    assert "done" in opened.options.reason.text()
    assert opened.space.study_space.isVisible()
    assert not opened.space.rows["learning_rate"].checkbox.isVisible()
    opened.options.trials.setValue(2)
    assert opened.options.start.isEnabled()


def test_shift_f5_stops_within_a_batch_and_the_button_in_train_shows_the_progress(
    opened: SearchWindow, window: MainWindow, qtbot: QtBot
) -> None:
    model = model_of(window)
    window.show_workspace("train")
    assert window.search_button is not None
    model.set_options(trials=50, epochs=100_000)
    QTest.keyClick(opened, KEY.Key_F5)
    qtbot.waitUntil(lambda: any(row.epochs for row in model.rows), timeout=30_000)
    assert window.search_button.text() == "Search: 0 of 50"
    assert not window.controls.train.isEnabled()
    assert "a search is running" in window.controls.train.toolTip()
    opened.close()  # it continues
    assert model.active
    click(window.search_button)
    qtbot.waitUntil(opened.isActiveWindow)
    QTest.keyClick(opened, KEY.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: not model.active, timeout=30_000)
    finish_jobs(model)
    assert window.search_button.text() == "Search…"
    assert window.controls.train.isEnabled()


def test_closing_the_window_ends_the_search_and_joins_its_thread(
    opened: SearchWindow, window: MainWindow, qtbot: QtBot
) -> None:
    model = model_of(window)
    model.set_options(trials=50, epochs=100_000)
    model.start()
    qtbot.waitUntil(lambda: any(row.epochs for row in model.rows), timeout=30_000)
    window.session.document.dirty = False
    window.close()
    assert not model.active
    assert not opened.isVisible()


def test_the_list_of_fields_ends_between_two_rows(opened: SearchWindow) -> None:
    area = opened.space.area
    for height in (620, 660, 700, 740):
        opened.resize(1240, height)
        settle()
        end = area.viewport().height()
        tops = {row: row.mapTo(area.viewport(), QPoint(0, 0)).y() for row in opened.space.rows.values()}
        assert any(top >= end for top in tops.values()), "all rows fit: nothing is tested"
        assert not [row for row, top in tops.items() if top < end < top + row.height()]


def test_it_fits_a_small_screen_and_everything_has_a_name_and_a_hint(
    opened: SearchWindow, stray_windows: StrayWindows
) -> None:
    for colors, scale in (("light", 1.5), ("dark", 1.0)):
        theme().install(colors, scale)  # type: ignore[arg-type]
        settle()
        assert opened.minimumSizeHint().width() <= 1366
        assert opened.minimumSizeHint().height() <= 768 - 32
    for widget in opened.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not _is_part(widget):
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
            assert widget.toolTip(), (widget, widget.accessibleName())
    assert stray_windows.found == []


def _is_part(widget: QWidget) -> bool:
    """Parts of other widgets: a spin box's text field, a list's view."""
    return widget.objectName().startswith("qt_") or widget.inherits("QAbstractScrollArea")
