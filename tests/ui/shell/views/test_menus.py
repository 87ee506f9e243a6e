"""What the menus and the bottom line say, and when."""

from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.spec.events import EpochDone
from cnnplay.ui.shell.views.export_dialog import ExportDialog
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.train.trained import Trained
from tests.look_bench import learned_weights, pets

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_export_answers_to_its_key_as_soon_as_the_problem_is_fixed(window: MainWindow) -> None:
    editor, export = window.session.editor, window.menus.export
    editor.set_input(height=2, width=2)
    assert not editor.report.valid
    assert not export.isEnabled()
    assert "fix the network's problems" in export.toolTip()
    assert not window.menus.load_weights.isEnabled()
    editor.undo()
    assert export.isEnabled()
    assert window.menus.load_weights.isEnabled()
    opened: list[ExportDialog] = []

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, ExportDialog):
            opened.append(dialog)
            dialog.close()

    timer = QTimer(interval=20)
    timer.timeout.connect(close)
    timer.start()
    QTest.keyClick(window, Qt.Key.Key_E, CONTROL)
    timer.stop()
    assert opened


def test_the_bottom_line_takes_a_history_without_accuracies(window: MainWindow) -> None:
    """A project from elsewhere may hold no more than the losses."""
    window.session.editor.load_preset("tiny-cnn")
    done = EpochDone(
        run="r", epoch=3, step=30, metrics={"train_loss": 1.0}, seconds=1.0, images_per_second=1.0, best=True
    )
    window.session.run.adopt(Trained(learned_weights(), (done,)))
    assert window.session.run.history_is_current
    assert "%" not in window.status.text()
    assert "parameters" in window.status.text()


def test_the_network_is_adapted_from_the_inputs_fields_in_one_step(window: MainWindow) -> None:
    session, offer = window.session, window.fit_offer
    assert window.menus.fit_network in window.menus.bar.actions()[1].menu().actions()
    (button,) = window.build.properties.input_buttons
    assert not button.isVisible(), "a block is chosen"
    session.editor.select(("input",))
    assert button.isVisible()
    QTest.mouseClick(button, LEFT)
    assert offer.isVisible()
    assert QApplication.focusWidget() is offer.buttons["stem"]
    assert not offer.size_editor.isVisible()
    QTest.keyClick(offer.buttons["stem"], Qt.Key.Key_Space)
    assert not offer.isVisible()
    assert session.editor.network.input.shape == (1, 28, 28)
    assert session.editor.report.valid
    assert not button.isEnabled()
    assert "Unavailable: the network already fits" in button.toolTip()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, CONTROL)
    assert session.editor.network == preset("lenet-5").network
    assert button.isEnabled()


def test_the_size_of_a_mixed_folder_is_typed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session, offer = window.session, window.fit_offer
    folder = pets(tmp_path / "pets")
    Image.new("L", (31, 45), 90).save(folder / "cat" / "large.png")
    session.data.choose_folder(folder)
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    window.menus.fit_network.trigger()
    spin = offer.size_editor.height_spin
    assert QApplication.focusWidget() is spin
    assert spin.value() == 32
    QTest.keyClick(spin, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(spin, "40")
    assert session.fit_offer.size == (40, 40)
    QTest.keyClick(spin, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(spin, "0")
    assert "must be 1 to 8,192" in spin.toolTip()
    assert not offer.buttons["stem"].isEnabled()
    QTest.keyClick(spin, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(spin, "36")
    assert "must be" not in spin.toolTip()
    assert offer.buttons["stem"].isEnabled()
    QTest.mouseClick(offer.buttons["stem"], LEFT)
    assert session.editor.network.input.shape == (1, 36, 36)
    assert session.editor.report.valid
