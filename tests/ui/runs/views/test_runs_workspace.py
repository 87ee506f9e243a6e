"""The Runs workspace, with mouse and keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from cnnplay.runs import run_store
from cnnplay.runs.notes import read_notes
from cnnplay.ui.kit.background import close_jobs, finish_jobs
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_columns import column_index
from cnnplay.ui.runs.run_loader import RunLoader
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_plot import RunPlot, shortened
from cnnplay.ui.runs.views.runs import RunsWorkspace
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.runs_bench import epoch_events, make_run, write
from tests.train_bench import bench
from tests.ui.conftest import StrayWindows
from tests.ui.events import settle

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
WAIT = 10_000


@pytest.fixture
def store() -> Path:
    """Four runs: a and b of one network, c with other data, d still being written."""
    store = run_store.store_folder()
    for number, (name, more) in enumerate(
        {
            "a": {"learning_rate": 0.001, "accuracy": 0.9},
            "b": {"learning_rate": 0.1, "accuracy": 0.5, "epochs": 4},
            "c": {"data": "mnist", "accuracy": 0.7, "epochs": 3},
            "d": {"ended": "", "accuracy": 0.6},
        }.items()
    ):
        make_run(store / name, created=f"2026-01-0{9 - number}T00:00:00+00:00", **more)  # type: ignore[arg-type]
    return store


@pytest.fixture
def page(store: Path, qtbot: QtBot) -> Iterator[RunsWorkspace]:
    """The workspace with its rows, without the main window; polls only when the test says so."""
    theme().install("dark")
    with bench() as models:
        runs = RunsModel(Preferences())
        actions = RunActions(runs)
        loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
        shown = RunsWorkspace(runs, actions, loader).built()
        qtbot.addWidget(shown)
        shown.resize(1000, 650)
        with qtbot.waitActive(shown):
            shown.show()
            shown.activateWindow()
        settled(runs, qtbot)
        yield shown
        shown.close()
        for model in (actions, loader, runs):
            close_jobs(model)


@pytest.fixture
def page_in_window(
    store: Path, window: MainWindow, stray_windows: StrayWindows, qtbot: QtBot
) -> RunsWorkspace:
    """The same in the main window."""
    window.resize(1366, 768)
    with qtbot.waitActive(window):
        window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_5, CONTROL)
    assert window.workspace == "runs"
    settled(window.session.runs, qtbot)
    assert stray_windows.found == []
    return window.page("runs").workspace


def settled(runs: RunsModel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: runs.filtered.rowCount() == 4, timeout=WAIT)
    runs.watch(False)
    finish_jobs(runs)
    settle()


@pytest.fixture
def runs(page: RunsWorkspace) -> RunsModel:
    return page._runs


def titles(runs: RunsModel) -> list[str]:
    return [runs.filtered.run_at(row).title for row in range(runs.filtered.rowCount())]


def selected_titles(runs: RunsModel) -> list[str]:
    return [row.title for row in runs.selected_rows]


def click_row(
    page: RunsWorkspace, title: str, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    row = titles(page._runs).index(title)
    table = page.list.table
    at = table.visualRect(page._runs.filtered.index(row, 2)).center()
    QTest.mouseClick(table.viewport(), LEFT, held, at)
    finish_jobs(page._runs)
    settle()


def click_heading(page: RunsWorkspace, key: str) -> None:
    header = page.list.table.horizontalHeader()
    x = header.sectionViewportPosition(column_index(key)) + 20
    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(x, header.height() // 2))
    settle()


def look(runs: RunsModel) -> None:
    runs.refresh_soon()
    finish_jobs(runs)
    settle()


def test_a_click_on_a_heading_sorts_and_another_reverses(page: RunsWorkspace, runs: RunsModel) -> None:
    assert titles(runs) == ["a", "b", "c", "d"], "newest first"
    click_heading(page, "accuracy")
    assert titles(runs) == ["b", "d", "c", "a"]
    click_heading(page, "accuracy")
    assert titles(runs) == ["a", "c", "d", "b"]
    click_heading(page, "data")
    assert titles(runs)[0 if titles(runs)[0] == "c" else -1] == "c"


def test_order_and_widths_of_the_columns_are_remembered(page: RunsWorkspace, runs: RunsModel) -> None:
    header = page.list.table.horizontalHeader()
    click_heading(page, "accuracy")
    header.moveSection(header.visualIndex(column_index("bytes")), 1)
    header.resizeSection(column_index("name"), 150)
    kept = page.save_layout()
    page.reset_layout()
    assert header.visualIndex(column_index("bytes")) == column_index("bytes")
    assert titles(runs) == ["a", "b", "c", "d"]
    page.restore_layout(kept)
    assert header.visualIndex(column_index("bytes")) == 1
    assert header.sectionSize(column_index("name")) == 150
    assert titles(runs) == ["b", "d", "c", "a"]
    theme().install("dark", 1.5)
    page.restore_layout(kept)
    assert header.sectionSize(column_index("name")) != 150, "widths belong to a text size"
    assert header.visualIndex(column_index("bytes")) == 1
    theme().install("dark")


def test_the_selection_stays_with_its_runs_when_the_table_is_sorted(
    page: RunsWorkspace, runs: RunsModel
) -> None:
    click_row(page, "b")
    click_row(page, "c", CONTROL)
    assert selected_titles(runs) == ["b", "c"]
    click_heading(page, "accuracy")
    assert selected_titles(runs) == ["b", "c"]
    selected = sorted(index.row() for index in page.list.table.selectionModel().selectedRows())
    assert [titles(runs)[row] for row in selected] == ["b", "c"]


def test_the_filter_hides_rows_and_deselects_hidden_ones(page: RunsWorkspace, runs: RunsModel) -> None:
    click_row(page, "b")
    click_row(page, "c", CONTROL)
    QTest.keyClick(page.list.table, Qt.Key.Key_Slash)
    assert QApplication.focusWidget() is page.list.filter
    QTest.keyClicks(page.list.filter, "data:mnist -data:sample")
    assert titles(runs) == ["c"]
    assert selected_titles(runs) == ["c"]
    QTest.keyClicks(page.list.filter, " nothing-like-it")
    assert page.list.empty.isVisible()
    assert "filter" in page.list.empty.label.text()
    QTest.keyClick(page.list.filter, Qt.Key.Key_Escape)
    assert titles(runs) == ["a", "b", "c", "d"]
    assert selected_titles(runs) == ["b", "c"], "runs that are listed again are selected again"
    QTest.keyClicks(page.list.filter, "lr<x")
    assert "learning_rate" in page.list._problem.text()
    assert "got x" in page.list._problem.text()
    QTest.keyClick(page.list.filter, Qt.Key.Key_Escape)
    QTest.keyClick(page.list.filter, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is page.list.table


def test_the_curves_of_selected_runs_share_a_plot(page: RunsWorkspace, runs: RunsModel) -> None:
    assert page.curves.empty.isVisible()
    click_row(page, "a")
    click_row(page, "b", CONTROL)
    plot = page.curves.loss
    assert plot.isVisible()
    assert len(plot._lines) == 2
    assert not page.curves.slider.isVisible(), "validation is not smoothed"
    assert plot.accessibleDescription() == "lr 0.001, lr 0.1"
    page.curves.splits.setFocus()
    QTest.keyClick(page.curves.splits, Qt.Key.Key_Down)
    QTest.keyClick(page.curves.splits, Qt.Key.Key_Down)
    assert runs.curves.splits == "both"
    assert len(plot._lines) == 4
    assert page.curves.slider.isVisible()


def test_a_change_that_makes_the_axis_longer_is_drawn_once(page: RunsWorkspace, runs: RunsModel) -> None:
    click_row(page, "d")
    plot = page.curves.loss
    before, drawn = plot.extent, plot.redraws
    runs.curves.set_axis("step")
    assert plot.extent[1] > before[1]
    assert plot.redraws == drawn + 1


def test_the_menu_of_a_plot_switches_the_scale_of_the_loss(page: RunsWorkspace, runs: RunsModel) -> None:
    click_row(page, "d")
    (scale,) = (action for action in page.curves.loss.actions_of_menu if action.isCheckable())
    scale.trigger()
    assert runs.curves.logarithmic
    assert page.curves.log.isChecked()
    assert page.curves.loss.extent[2] < 0
    assert not any(action.isCheckable() for action in page.curves.primary.actions_of_menu)


def test_the_zoom_stays_when_data_come_in_and_when_the_selection_changes(
    page: RunsWorkspace, runs: RunsModel, store: Path
) -> None:
    click_row(page, "d")
    plot = page.curves.loss
    before = plot.extent
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    zoomed = plot.extent
    assert zoomed != before
    assert page.curves.fit_button.isVisible()
    drawn = plot.redraws
    write(store / "d", epoch_events("d", 3, accuracy=0.8))
    look(runs)
    assert plot.redraws > drawn
    assert plot.extent == zoomed
    click_row(page, "b", CONTROL)
    assert len(plot._lines) == 2
    assert plot.extent == zoomed
    QTest.mouseClick(page.curves.fit_button, LEFT)
    assert plot.following
    assert plot.extent != zoomed
    assert not page.curves.fit_button.isVisible()


def test_another_axis_shows_all_in_its_own_units(page: RunsWorkspace, runs: RunsModel) -> None:
    click_row(page, "b")
    plot = page.curves.primary
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    page.curves.axis.setFocus()
    QTest.keyClick(page.curves.axis, Qt.Key.Key_Down)
    assert runs.curves.axis == "step"
    assert plot.following
    assert plot.extent[1] >= 16
    QTest.keyClick(page.curves.axis, Qt.Key.Key_Down)
    assert plot.extent[1] >= 8.0
    assert any(tick.text.endswith(" s") for tick in plot.x_ticks(0, 8, 5))


def test_an_elided_label_keeps_what_distinguishes_its_run(qtbot: QtBot) -> None:
    metrics = QFontMetrics(theme().font(small=True))
    for label, end in (("tiny-cnn, batch 103", "batch 103"), ("lenet-5, 04:55:23", "04:55:23")):
        whole = metrics.horizontalAdvance(label)
        assert shortened(label, metrics, whole + 1) == label, "widths are rounded"
        cut = shortened(label, metrics, whole - metrics.horizontalAdvance("MM"))
        assert cut.startswith("…")
        assert cut.endswith(end)
    name = "a-network-of-mine-b"
    cut = shortened(name, metrics, metrics.horizontalAdvance(name) * 2 // 3)
    assert (cut[0], cut[-1]) == ("a", "b")
    assert "…" in cut


def test_a_row_and_its_curve_follow_a_run_that_is_being_written(
    page: RunsWorkspace, runs: RunsModel, store: Path, qtbot: QtBot
) -> None:
    click_row(page, "d")
    row = titles(runs).index("d")
    cell = runs.filtered.index(row, column_index("epochs"))
    assert cell.data() == "2 / 2"
    runs.watch(True)
    write(store / "d", epoch_events("d", 3, accuracy=0.95))
    qtbot.waitUntil(lambda: cell.data() == "3 / 2", timeout=WAIT)
    history = runs.history(str(store / "d"))
    assert history is not None
    qtbot.waitUntil(lambda: len(history) == 12, timeout=WAIT)
    assert runs.filtered.index(row, column_index("accuracy")).data() == "95.0 %"


def test_note_and_tags_are_typed_and_kept(
    page: RunsWorkspace, runs: RunsModel, store: Path, qtbot: QtBot
) -> None:
    click_row(page, "a")
    assert page.details.isVisible()
    page.details.note.setFocus()
    QTest.keyClicks(page.details.note, "the good one")
    QTest.keyClick(page.details.note, Qt.Key.Key_Tab)
    QTest.keyClicks(page.details.tags, "best lecture")
    look(runs)
    assert page.details.note.toPlainText() == "the good one", "what is typed is not overwritten"
    click_row(page, "b")
    assert page.details.note.toPlainText() == ""
    qtbot.waitUntil(lambda: read_notes(store / "a").note == "the good one", timeout=WAIT)
    assert read_notes(store / "a").tags == ("best", "lecture")
    assert read_notes(store / "b").note == ""
    look(runs)
    QTest.keyClicks(page.list.filter, "tag:best")
    assert titles(runs) == ["a"]


def test_an_invalid_tag_is_marked_and_explained(page: RunsWorkspace) -> None:
    click_row(page, "a")
    QTest.keyClicks(page.details.tags, "a:b")
    assert page.details.tags.property("fault") == "true"
    assert "“a:b”" in page.details.tags.toolTip()


def test_two_runs_show_what_differs_between_them(page: RunsWorkspace, runs: RunsModel, qtbot: QtBot) -> None:
    click_row(page, "a")
    click_row(page, "c", CONTROL)
    table = page.difference.table
    qtbot.waitUntil(table.isVisible, timeout=WAIT)
    texts = [[table.item(row, place).text() for place in range(3)] for row in range(table.rowCount())]
    assert ["Data", "", ""] in texts
    assert ["data", "mnist-sample", "mnist"] in texts
    assert table.horizontalHeaderItem(1).text() == "mnist-sample"
    names = [table.item(row, 0).text() for row in range(table.rowCount())]
    widest = max(table.fontMetrics().horizontalAdvance(name) for name in names)
    assert widest <= table.columnWidth(0) <= page.difference.width() / 2, "no name is elided"
    click_row(page, "b", CONTROL)
    assert page.placeholder.isVisible()


@pytest.fixture
def answer() -> Iterator[Callable[[str], list[str]]]:
    """Presses a button of the next question; returns the list that its text is then added to."""
    timers: list[QTimer] = []

    def prepare(button: str) -> list[str]:
        said: list[str] = []
        timer = QTimer(interval=20)

        def press() -> None:
            box = QApplication.activeModalWidget()
            if isinstance(box, QMessageBox):
                timer.stop()
                said.append(f"{box.text()} {box.informativeText()}")
                found = next(one for one in box.buttons() if one.text().replace("&", "") == button)
                assert isinstance(found, QPushButton)
                QTest.mouseClick(found, LEFT)

        timer.timeout.connect(press)
        timer.start()
        timers.append(timer)
        return said

    yield prepare
    for timer in timers:
        timer.stop()


def test_existing_tables_are_replaced_only_after_a_question(
    page: RunsWorkspace,
    runs: RunsModel,
    tmp_path: Path,
    answer: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    click_row(page, "a")
    page.list.csv_action.trigger()
    finish_jobs(page.list._actions)
    table = tmp_path / "runs-table.csv"
    one = table.read_text()
    click_row(page, "b", CONTROL)
    (tmp_path / "runs-steps.csv").unlink()
    said = answer("Cancel")
    page.list.csv_action.trigger()
    finish_jobs(page.list._actions)
    (question,) = said
    assert "runs-table.csv" in question
    assert "runs-epochs.csv" in question
    assert "runs-steps.csv" not in question
    assert table.read_text() == one
    answer("Replace")
    page.list.csv_action.trigger()
    finish_jobs(page.list._actions)
    assert len(table.read_text().splitlines()) == 3


def test_delete_asks_and_says_what_it_frees(
    page: RunsWorkspace,
    runs: RunsModel,
    store: Path,
    qtbot: QtBot,
    answer: Callable[[str], list[str]],
) -> None:
    click_row(page, "a")
    click_row(page, "b", CONTROL)
    said = answer("Cancel")
    QTest.keyClick(page.list.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: bool(said), timeout=WAIT)
    assert said[0].startswith("Delete 2 runs? ")
    assert "frees" in said[0]
    assert (store / "a").exists()
    said = answer("Delete")
    QTest.mouseClick(page.list.delete_button, LEFT)
    qtbot.waitUntil(lambda: not (store / "a").exists() and not (store / "b").exists(), timeout=WAIT)
    finish_jobs(page.list._actions)
    look(runs)
    assert titles(runs) == ["c", "d"]
    assert selected_titles(runs) == []


def test_disabled_buttons_say_why(page: RunsWorkspace) -> None:
    for button in (page.list.open_button, page.list.delete_button):
        assert not button.isEnabled()
        assert "select" in button.toolTip().split("Unavailable: ")[1]
    click_row(page, "a")
    assert page.list.open_button.isEnabled()
    click_row(page, "b", CONTROL)
    assert "select a single run" in page.list.open_button.toolTip()


def test_enter_opens_the_run_and_undo_restores_the_network(
    page_in_window: RunsWorkspace, window: MainWindow, qtbot: QtBot
) -> None:
    page = page_in_window
    editor = window.session.editor
    click_row(page, "b")
    QTest.keyClick(page.list.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.network.name == "tiny-cnn", timeout=WAIT)
    assert window.session.settings.config.learning_rate == 0.1
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert editor.network.name == "lenet-5"


def test_every_control_has_a_name_a_hint_and_the_keyboard(page: RunsWorkspace) -> None:
    click_row(page, "a")
    controls = [
        page.list.filter, page.list.open_button, page.list.export_button, page.list.clean_button,
        page.list.delete_button, page.list.add_button, page.curves.splits, page.curves.axis, page.curves.log,
        page.curves.slider, page.details.note, page.details.tags,
    ]  # fmt: skip
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()
    for action in (
        *page.list.cleanup_actions,
        page.list.csv_action,
        page.list.tensorboard_action,
        page.list.forget_action,
    ):
        assert action.toolTip(), action.text()
    for plot in page.findChildren(RunPlot):
        assert plot.accessibleName()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_it_fits_a_small_projector(page_in_window: RunsWorkspace, window: MainWindow, scale: float) -> None:
    page = page_in_window
    theme().install("light", scale)
    settle()
    click_row(page, "a")
    click_row(page, "b", CONTROL)
    window.resize(1366, 768)
    settle()
    assert window.width() == 1366
    assert window.height() == 768
    right = page.mapTo(window, QPoint(page.width(), 0)).x()
    assert right <= 1366
    for widget in page.list.findChildren(QPushButton):
        if widget.isVisible():
            assert widget.width() >= widget.sizeHint().width(), widget.text()


def test_an_empty_store_says_what_to_do(page: RunsWorkspace, runs: RunsModel, store: Path) -> None:
    store.rename(store.with_name("elsewhere"))
    look(runs)
    assert page.list.empty.isVisible()
    assert "Train a network (F5)" in page.list.empty.label.text()
    assert not page.list.delete_button.isEnabled()


def test_the_store_is_not_polled_while_hidden(page_in_window: RunsWorkspace, window: MainWindow) -> None:
    page = page_in_window
    page._runs.watch(True)
    assert page._runs._timer.isActive()
    window.show_workspace("build")
    assert not page._runs._timer.isActive()
    finish_jobs(page._runs)


def test_runs_have_distinguishable_colors() -> None:
    for choice in ("light", "dark"):
        theme().install(choice)
        surface = theme().color("surface")
        colors = [theme().run(slot) for slot in range(8)]
        assert len({color.name() for color in colors}) == 8
        for color in colors:
            assert contrast(color, surface) >= 3.0, (choice, color.name())
    theme().install("dark")


def contrast(one: object, other: object) -> float:
    """As WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: object) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())  # type: ignore[attr-defined]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
