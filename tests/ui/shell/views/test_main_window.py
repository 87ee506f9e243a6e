"""The window as a whole, driven by mouse and keys."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from cnnplay.network.codec import encode
from cnnplay.network.presets import preset, presets
from cnnplay.project.store import load
from cnnplay.shapes.suggest import replace_head
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.export_dialog import ROWS, ExportDialog
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.shell.views.shortcuts import ShortcutsDialog
from cnnplay.ui.train.trained import Trained
from tests.look_bench import learned_weights
from tests.ui.conftest import StrayWindows

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def answer(button: QMessageBox.StandardButton) -> QTimer:
    """Presses a button of the message box that is about to open."""
    timer = QTimer()
    timer.setInterval(20)

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            timer.stop()
            QTest.mouseClick(box.button(button), LEFT)

    timer.timeout.connect(look)
    timer.start()
    return timer


def test_the_first_start_shows_lenet_and_the_digits(window: MainWindow) -> None:
    assert window.session.editor.network == preset("lenet-5").network
    assert window.session.data.key == "mnist-sample"
    assert window.workspace == "build"
    assert window.controls.train_button.isEnabled()


def test_no_widget_flashes_up_as_a_window(
    stray_windows: StrayWindows, window: MainWindow, qtbot: QtBot
) -> None:
    # What a page has to say is known before it is made: it must not say it as a window of its own.
    qtbot.waitUntil(lambda: bool(window.session.estimate.text), timeout=20_000)
    for key in ("train", "look", "build"):
        window.show_workspace(key)
        QApplication.processEvents()
    form = window.build.properties.form
    assert form is not None
    field = form.editors["kernel_size"].inputs()[0]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, "40")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.session.editor.report.problems
    for entry in presets():
        window.session.editor.load_preset(entry.key)
        QApplication.processEvents()
    assert stray_windows.found == []


def test_undo_reaches_the_network_from_within_a_field(window: MainWindow) -> None:
    form = window.build.properties.form
    assert form is not None
    field = form.editors["filters"].inputs()[0]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, "12")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.session.editor.network.stack[0].filters == 12  # type: ignore[union-attr]
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert window.session.editor.network == preset("lenet-5").network


def test_keys_and_tabs_change_the_workspace(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_2, CONTROL)
    assert window.workspace == "train"
    QTest.mouseClick(window.header.tabs["look"], LEFT)
    assert window.workspace == "look"
    QTest.keyClick(window, Qt.Key.Key_1, CONTROL)
    assert window.pages.currentWidget() is window.build


def test_pressing_train_moves_to_the_curves_and_trains(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.load_preset("tiny-cnn")
    window.session.settings.set("epochs", 1)
    QTest.mouseClick(window.controls.train_button, LEFT)
    assert window.workspace == "train"
    run = window.session.run
    qtbot.waitUntil(lambda: run.state == "idle" and bool(run.history.epochs), timeout=60_000)
    assert run.weights_cache.weights is not None
    assert run.history.epochs[0].metrics["validation_accuracy"] > 0.2


def test_a_large_preset_offers_both_ways_and_takes_the_chosen_one(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.load_preset("resnet-18")
    offer = window.fit_offer
    assert offer.isVisible()
    qtbot.waitUntil(lambda: all(option.cost for option in window.session.fit_offer.options), timeout=30_000)
    QTest.mouseClick(offer.buttons["stem"], LEFT)
    assert not offer.isVisible()
    network = window.session.editor.network
    assert network.input.shape == (1, 28, 28)
    assert network.task.classes == 10
    assert window.session.editor.report.valid
    assert window.session.run.disabled_reason("train") == ""
    assert QApplication.focusWidget() is window.build.view
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, CONTROL)
    assert window.session.editor.network == preset("resnet-18").network


def test_a_project_comes_back_as_it_was_saved(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    session = window.session
    session.editor.load_preset("tiny-cnn")
    session.settings.set("epochs", 1)
    session.run.start()
    qtbot.waitUntil(
        lambda: session.run.state == "idle" and session.run.weights_cache.weights is not None, timeout=60_000
    )
    weights, network = session.run.weights_cache.weights, session.editor.network
    path = tmp_path / "mine.cnnplay"
    session.document.save(path)
    finish_jobs(session.document)
    assert not session.document.dirty
    session.new()
    assert session.run.weights_cache.weights is None
    window.open_path(path)
    finish_jobs(session.document)
    assert encode(session.editor.network) == encode(network)
    again = session.run.weights_cache.weights
    assert weights is not None
    assert again is not None
    assert all(bool((weights[name] == again[name]).all()) for name in weights)
    assert len(session.run.history.epochs) == 1
    assert window.windowTitle().startswith("mine")


def test_a_damaged_project_is_refused_and_what_was_open_stays(
    window: MainWindow, tmp_path: Path, failures: list[str]
) -> None:
    window.session.editor.load_preset("mini-resnet")
    window.session.document.dirty = False
    path = tmp_path / "broken.cnnplay"
    path.write_bytes(b"PK\x03\x04 this is no project")
    window.open_path(path)
    finish_jobs(window.session.document)
    (words,) = failures
    failures.clear()
    assert "broken.cnnplay" in words
    assert "\n" not in words
    assert window.session.editor.network.name == preset("mini-resnet").network.name


@pytest.mark.parametrize("key", [row.key for row in ROWS if row.key != "csv"])
def test_the_export_dialog_writes_every_format(
    window: MainWindow, tmp_path: Path, key: str, qtbot: QtBot
) -> None:
    session = window.session
    session.editor.load_preset("resnet-18" if key == "torchvision" else "tiny-cnn")
    dialog = ExportDialog(session.exporting, "mine", tmp_path, window)
    dialog.show()
    dialog.format.setFocus()
    QTest.keyClick(dialog.format, Qt.Key.Key_Home)
    for _ in range(dialog.format.findData(key)):
        QTest.keyClick(dialog.format, Qt.Key.Key_Down)
    said: list[str] = []
    session.exporting.done.connect(said.append)
    session.exporting.failed.connect(said.append)
    QTest.mouseClick(dialog.accept_button, LEFT)
    finish_jobs(session.exporting)
    assert Path(dialog.path.text()).exists()
    assert len(said) == 1
    assert "not trained" in said[0], "fresh weights are said to be fresh"
    dialog.deleteLater()


def test_a_network_that_torchvision_has_not_says_so_in_the_export_dialog(
    window: MainWindow, tmp_path: Path
) -> None:
    window.session.editor.load_preset("tiny-cnn")
    dialog = ExportDialog(window.session.exporting, "mine", tmp_path, window)
    dialog.format.setCurrentIndex(dialog.format.findData("torchvision"))
    assert not dialog.accept_button.isEnabled()
    assert "torchvision has no model" in dialog.accept_button.toolTip()
    dialog.format.setCurrentIndex(dialog.format.findData("pt"))
    assert dialog.accept_button.isEnabled()
    dialog.deleteLater()


def test_closing_with_changes_asks_and_cancel_keeps_the_window(window: MainWindow) -> None:
    window.session.editor.load_preset("tiny-cnn")
    assert window.session.document.dirty
    timer = answer(QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert window.isVisible()
    timer.stop()


def test_closing_while_training_ends_the_thread(window: MainWindow, qtbot: QtBot) -> None:
    run = window.session.run
    QTest.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(run.history) > 0, timeout=60_000)
    timer = answer(QMessageBox.StandardButton.Discard)
    assert window.close()
    assert run.state == "idle"
    timer.stop()


def test_an_autosave_is_found_again_after_a_crash(window: MainWindow) -> None:
    session = window.session
    session.editor.load_preset("mlp")
    session.document.autosave()
    finish_jobs(session.document)
    assert session.document.recoverable() == (), "a window's own autosave is none to recover while it lives"
    session.document._lock.unlock()  # as the kernel does for a process that was killed
    from cnnplay.ui.shell.document import DocumentModel

    other = DocumentModel(session.collect, session.preferences)
    (found,) = other.recoverable()
    opened: list[object] = []
    other.recovered.connect(opened.append)
    other.recover(found)
    finish_jobs(other)
    assert opened[0].project.network.name == "mlp"  # type: ignore[attr-defined]
    assert other.dirty
    assert other.path is None
    assert not found.exists()
    other.finish()


def test_a_picture_dropped_on_the_window_is_looked_at(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    from PIL import Image

    path = tmp_path / "mine.png"
    Image.new("RGB", (60, 40), (200, 10, 10)).save(path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(drop)
    chosen = window.session.look.image_choice
    qtbot.waitUntil(lambda: chosen.image is not None and chosen.image.source == "file", timeout=10_000)
    assert window.workspace == "look"


def test_the_shortcuts_list_is_made_from_the_bindings(window: MainWindow) -> None:
    dialog = ShortcutsDialog(window.menus.groups, (), window)
    keys = {dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())}
    texts = {dialog.table.item(row, 1).text() for row in range(dialog.table.rowCount())}
    assert {"F5", "Ctrl+G", "Ctrl+1", "F11", "Ctrl+E"} <= keys
    assert "Wrap in a skip" in texts
    dialog.deleteLater()


def test_no_two_actions_share_a_key(window: MainWindow) -> None:
    seen: dict[str, str] = {}
    for _, actions in window.menus.groups:
        for action in actions:
            for keys in action.shortcuts():
                text = keys.toString()
                assert seen.setdefault(text, action.text()) == action.text()


def test_every_button_has_a_name_and_a_tooltip(window: MainWindow) -> None:
    for key in ("build", "train", "look"):
        window.show_workspace(key)
        for button in window.findChildren(QPushButton):
            if button.isVisible():
                assert button.accessibleName() or button.text(), button
                assert button.toolTip() or button.text(), button


def test_text_size_and_colours_are_remembered(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Plus, CONTROL)
    window.set_theme("light")
    assert theme().text_scale > 1.0
    assert not theme().dark
    assert window.session.preferences.number("text_scale", 1.0) == theme().text_scale
    assert window.session.preferences.text("theme") == "light"
    QTest.keyClick(window, Qt.Key.Key_0, CONTROL)
    assert theme().text_scale == 1.0


def test_closing_asks_while_a_run_is_on_though_all_was_saved(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    session.settings.set("epochs", 10_000)
    QTest.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(session.run.history) > 0, timeout=60_000)
    session.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    session.document.dirty = False  # as between two epochs that take an hour each
    timer = answer(QMessageBox.StandardButton.Cancel)
    assert not window.close()
    timer.stop()
    assert session.run.active
    timer = answer(QMessageBox.StandardButton.Save)
    assert window.close()
    timer.stop()
    assert session.run.state == "idle"
    assert load(tmp_path / "mine.cnnplay").trained is not None


def test_classes_that_the_images_do_not_have_are_a_problem_with_a_fix(window: MainWindow) -> None:
    problems, editor = window.build.problems, window.session.editor
    assert problems.rows == []
    editor.apply(replace_head(editor.network, 7))
    assert editor.report.valid
    (row,) = problems.rows
    assert "7 classes; MNIST sample has 10" in row.problem.message
    assert row.button.text() == "Set classes to 10"
    assert not window.controls.train_button.isEnabled()
    QTest.mouseClick(row.button, LEFT)
    assert problems.rows == []
    assert editor.network.task.classes == 10
    assert window.controls.train_button.isEnabled()


def test_an_exported_modules_name_can_be_imported(window: MainWindow, tmp_path: Path) -> None:
    dialog = ExportDialog(window.session.exporting, "3 my project-2", tmp_path, window)
    dialog.format.setCurrentIndex(dialog.format.findData("python"))
    assert Path(dialog.path.text()).name == "_my_project_2.py"
    dialog.deleteLater()


def test_a_message_goes_with_the_network_that_it_was_about(window: MainWindow) -> None:
    session = window.session
    session.message.emit("conv-1: kernel size 7 becomes 3")
    assert "kernel size 7 becomes 3" in window.status.text()
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    session.editor.load_preset("mlp")
    assert "kernel size 7 becomes 3" not in window.status.text()


def test_the_window_is_made_without_torch() -> None:
    """Its import takes a second or two, in which nobody would see anything."""
    code = (
        "import os, sys; from PySide6.QtWidgets import QApplication; from cnnplay.app import make_window; "
        "application = QApplication([]); window = make_window(); "
        "print('torch' in sys.modules, 'pyqtgraph' in sys.modules, flush=True); os._exit(0)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_the_status_bar_says_that_weights_are_back_after_the_edit_that_brought_them(
    window: MainWindow, qtbot: QtBot
) -> None:
    editor = window.session.editor
    editor.load_preset("tiny-cnn")
    window.session.run.adopt(Trained(learned_weights()))
    editor.load_preset("mlp")
    editor.load_preset("tiny-cnn")
    qtbot.waitUntil(lambda: "weights are back" in window.status.text())
