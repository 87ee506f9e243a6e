"""What the window remembers, and how it makes do with little room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QSlider, QSplitter
from pytestqt.qtbot import QtBot

from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.build.views.stack.width import MAX_SHARE
from cnnplay.ui.kit.views.command import Command
from cnnplay.ui.kit.views.panel import FactsLabel
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.export_dialog import ROWS, ExportDialog
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.shell.views.pages import StackPage
from cnnplay.ui.shell.views.shortcuts import bindings
from tests.look_bench import learned_weights
from tests.ui.events import settle

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def usual_zoom() -> Iterator[None]:
    """The text size of the process is put back."""
    yield
    theme().install("dark", 1.0)


def train_a_little(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.load_preset("tiny-cnn")
    window.session.settings.set("epochs", 1)
    QTest.mouseClick(window.controls.train_button, LEFT)
    run = window.session.run
    qtbot.waitUntil(lambda: run.state == "idle" and run.weights_cache.weights is not None, timeout=60_000)


def test_smoothing_scale_and_workspace_are_there_at_the_next_start(
    make_window: Callable[[], MainWindow],
) -> None:
    first = make_window()
    first.show_workspace("train")
    slider = first.page("train").workspace.loss.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    QTest.mouseClick(first.page("train").workspace.loss.log_button, LEFT)
    first.session.document.dirty = False
    first.close()
    again = make_window()
    again.return_to_workspace()
    assert again.workspace == "train"
    curves = again.page("train").workspace.curves
    assert (curves.smoothing, curves.logarithmic) == (1, True)
    assert again.page("train").workspace.loss.findChild(QSlider).value() == 0


def test_a_preference_that_makes_no_sense_is_none(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    first.session.preferences.set("workspace", "nowhere")
    first.session.preferences.set("smoothing", "a lot")
    first.return_to_workspace()
    assert first.workspace == "build"
    first.show_workspace("train")
    assert first.page("train").workspace.curves.smoothing == 14


@pytest.mark.parametrize("before", [True, False])
def test_the_large_text_of_a_lecture_hall_fits_a_small_projector(
    make_window: Callable[[], MainWindow], qtbot: QtBot, usual_zoom: None, before: bool
) -> None:
    window = make_window()
    if before:
        theme().install("dark", 1.5)
    train_a_little(window, qtbot)
    theme().install("dark", 1.5)
    for key in ("build", "train", "look"):
        window.show_workspace(key)
        QApplication.processEvents()
        least = window.minimumSizeHint()
        assert least.width() <= 1366, key
        assert least.height() <= 768, key


def test_large_text_with_a_notice_above_the_curves_fits_a_small_projector(
    window: MainWindow, qtbot: QtBot, usual_zoom: None
) -> None:
    train_a_little(window, qtbot)
    theme().install("dark", 1.5)
    window.notices.stale.set_text(
        "This run trains an earlier version of the network: it was edited since then."
    )
    window.notices.setVisible(True)
    settle()
    assert window.minimumSizeHint().height() <= 768


def test_a_picker_shortens_its_choice_where_there_is_no_room_and_shows_it_whole_where_there_is(
    window: MainWindow,
) -> None:
    window.session.editor.load_preset("mini-resnet")
    picker = window.network_picker
    window.resize(1440, 900)
    QApplication.processEvents()
    assert picker.choice.toolTip() == "", "whole"
    picker.setFixedWidth(picker.minimumSizeHint().width())
    QApplication.processEvents()
    assert picker.choice.toolTip() == "mini-resnet", "shortened"
    assert picker.accessibleName() == "Network: mini-resnet"


def test_large_text_takes_the_finished_run_from_the_header_before_it_takes_a_name(
    window: MainWindow, qtbot: QtBot, usual_zoom: None
) -> None:
    train_a_little(window, qtbot)
    controls = window.controls
    window.resize(1440, 900)
    qtbot.waitUntil(controls.from_scratch_button.isVisible)
    assert controls.progress.isVisible()
    theme().install("dark", 1.5)
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: not controls.from_scratch_button.isVisible())
    QApplication.processEvents()
    for picker in (window.network_picker, window.data_picker, window.device_picker):
        assert picker.choice.toolTip() == "", "whole"
    assert controls.from_scratch in window.controls.commands
    assert controls.from_scratch.isEnabled(), "its key and the menu still do it"
    theme().install("dark", 1.0)
    window.resize(1440, 900)
    qtbot.waitUntil(controls.from_scratch_button.isVisible)


def test_the_signs_of_the_controls_grow_with_the_text(window: MainWindow, usual_zoom: None) -> None:
    small = window.controls.stop_button.iconSize().width()
    theme().install("dark", 1.5)
    assert window.controls.stop_button.iconSize().width() == round(1.5 * small)


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_stack_is_as_wide_in_every_workspace(
    window: MainWindow, usual_zoom: None, scale: float, size: tuple[int, int]
) -> None:
    theme().install("dark", scale)
    window.resize(*size)
    width = min(round(400 * scale), round(MAX_SHARE * size[0]))
    for key in ("build", "train", "look"):
        window.show_workspace(key)
        settle()
        page = window.pages.currentWidget()
        assert isinstance(page, BuildWorkspace | StackPage)
        assert page.stack_panel.width() == width, key


def test_a_stack_that_is_dragged_is_as_wide_everywhere_and_at_the_next_start(
    make_window: Callable[[], MainWindow],
) -> None:
    first = make_window()
    first.stack_actions.width.drag(350)
    first.show_workspace("train")
    settle()
    assert first.page("train").stack_panel.width() == first.build.stack_panel.width() == 350
    first.session.document.dirty = False
    first.close()
    again = make_window()
    again.resize(1440, 900)
    settle()
    assert again.build.stack_panel.width() == 350
    again.reset_layout()
    assert again.build.stack_panel.width() == 400


def test_the_text_size_leaves_no_trace_when_it_is_taken_back(window: MainWindow, usual_zoom: None) -> None:
    window.resize(1440, 900)

    def sizes() -> list[list[int]]:
        settle()
        return [splitter.sizes() for splitter in window.build.findChildren(QSplitter)]

    before = sizes()
    theme().install("dark", 1.5)
    assert sizes() != before
    theme().install("dark", 1.0)
    assert sizes() == before


def test_muted_facts_go_as_wholes_from_the_end(qtbot: QtBot) -> None:
    theme().install("dark", 1.0)
    label = FactsLabel("validation · 1,000 pictures, 38 wrong")
    qtbot.addWidget(label)

    def shown(width: int) -> str:
        label.resize(width, 20)
        return label.shown

    label.show()
    assert shown(600) == "validation · 1,000 pictures, 38 wrong"
    first = label.fontMetrics().horizontalAdvance("validation")
    assert shown(first + 30) == "validation"
    assert label.toolTip() == "validation · 1,000 pictures, 38 wrong"
    assert shown(first - 4).startswith("valid")
    assert shown(first // 3) == ""


def test_the_header_does_not_claim_another_networks_epochs(window: MainWindow, qtbot: QtBot) -> None:
    train_a_little(window, qtbot)
    progress = window.controls.progress
    assert progress.isVisible()
    assert "best epoch" in window.status.text()
    window.session.editor.load_preset("mlp")
    assert not progress.isVisible()
    assert "best epoch" not in window.status.text()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert progress.isVisible()
    assert "best epoch" in window.status.text()


def test_stop_and_train_this_says_why_it_cannot_while_the_new_network_has_a_fault(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.session.editor.load_preset("tiny-cnn")
    window.session.settings.set("epochs", 10_000)
    QTest.keyClick(window, Qt.Key.Key_F5)
    run = window.session.run
    qtbot.waitUntil(lambda: run.state == "running", timeout=60_000)
    button = window.notices.stale.buttons[0]
    window.session.editor.set_fields(("dense-1",), "units", 3)
    assert not button.isEnabled()
    assert "Unavailable: fix the network" in button.toolTip()
    assert "cannot be trained: fix the network" in window.notices.stale.label.text()
    window.session.editor.set_fields(("dense-1",), "units", 10)
    window.session.editor.set_fields(("conv-1",), "filters", 4)
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: run.active and run.network == window.session.editor.network, timeout=60_000)


def test_the_stack_marks_a_right_prediction_and_does_not_praise_one_of_which_nothing_is_known(
    window: MainWindow, qtbot: QtBot
) -> None:
    from cnnplay.ui.train.trained import Trained

    session = window.session
    session.editor.load_preset("tiny-cnn")
    session.run.adopt(Trained(learned_weights()))
    qtbot.waitUntil(lambda: session.stack.prediction is not None, timeout=60_000)
    picture = session.look.image_choice.image
    assert picture is not None
    assert picture.truth is not None
    assert session.stack.truth == session.look.image_choice.classes[picture.truth]
    session.look.image_choice.use_drawing(picture.pixels)
    qtbot.waitUntil(lambda: session.stack.truth is None, timeout=60_000)
    assert session.stack.prediction is not None


def test_pages_that_come_and_go_do_not_move_the_panel_that_they_stand_in(qtbot: QtBot) -> None:
    from cnnplay.ui.kit.tiling import Tiles
    from cnnplay.ui.kit.views.tile_panel import TilePanel
    from cnnplay.ui.kit.views.tiles import TilesView

    theme().install("dark", 1.0)
    panel = TilePanel(TilesView("maps", least=32), "nothing")
    qtbot.addWidget(panel)
    found = []
    for count in (2, 200):
        limits = np.tile([[0.0, 1.0]], (count, 1))
        panel.show_tiles(Tiles(np.zeros((count, 8, 8), np.float32), "magnitude", limits))
        panel.resize(420, 200)
        panel.show()
        QApplication.processEvents()
        found.append((panel.pages.isVisible(), panel.minimumSizeHint()))
    assert [paged for paged, _ in found] == [False, True]
    assert found[0][1] == found[1][1], (
        "a panel that grows with its pages makes room that ends them, without end"
    )


def test_the_history_is_refused_with_a_reason_and_a_folder_that_was_typed_is_kept(
    window: MainWindow, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    dialog = ExportDialog(window.session.exporting, "mine", tmp_path, window)
    dialog.show()
    dialog.path.setFocus()
    QTest.keyClick(dialog.path, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.path, str(other / "yours.safetensors"))
    dialog.format.setFocus()
    QTest.keyClick(dialog.format, Qt.Key.Key_End)
    assert dialog.path.text() == str(other / "yours.csv")
    assert not dialog.accept_button.isEnabled()
    assert "no finished epoch" in dialog.accept_button.toolTip()
    QTest.keyClick(dialog.format, Qt.Key.Key_Home)
    assert dialog.path.text() == str(other / "yours.safetensors")
    assert dialog.accept_button.isEnabled()
    dialog.deleteLater()


def test_the_question_names_every_file_that_an_export_would_replace(
    window: MainWindow, tmp_path: Path
) -> None:
    asked: list[str] = []

    def cancel() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            assert box.icon() == QMessageBox.Icon.NoIcon, "no icon of the Fusion style"
            asked.append(box.text())
            QTest.mouseClick(box.button(QMessageBox.StandardButton.Cancel), LEFT)

    timer = QTimer(interval=20)
    timer.timeout.connect(cancel)
    timer.start()
    (tmp_path / "mine.pt").write_bytes(b"old")
    (tmp_path / "mine.json").write_text('{"made_by": "CNN Playground"}')
    dialog = ExportDialog(window.session.exporting, "mine", tmp_path, window)
    dialog.show()
    dialog.format.setCurrentIndex([row.key for row in ROWS].index("pt"))
    dialog.accept_button.click()
    (tmp_path / "mine.json").write_text("{}")
    dialog.accept_button.click()
    both, one = asked
    assert "mine.pt and mine.json" in both
    assert "mine.pt" in one
    assert "mine.json" not in one
    timer.stop()
    assert dialog.isVisible()
    dialog.deleteLater()


def test_the_list_of_shortcuts_leaves_keys_of_rare_keyboards_out(qapp: QApplication) -> None:
    keys = (QKeySequence("Ctrl+N"), QKeySequence(Qt.Key.Key_New))
    new = Command(qapp, "&New…", lambda: None, keys)
    keys = (QKeySequence("Del"), QKeySequence("F5"), QKeySequence("/"))
    delete = Command(qapp, "Delete", lambda: None, keys)
    plain = Command(qapp, "About", lambda: None)
    assert bindings([("File", (new, delete, plain))]) == [
        ("File", "New", "Ctrl+N"),
        ("File", "Delete", "Del or F5 or /"),
    ]
