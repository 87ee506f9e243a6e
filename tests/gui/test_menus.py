"""What the menus and the bottom line say, and when."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnplay.network.presets import preset
from cnnplay.spec.events import EpochDone
from cnnplay.viewmodels.trained import Trained
from cnnplay.widgets.export_dialog import ExportDialog
from cnnplay.widgets.main_window import MainWindow
from tests.look_bench import CONFIG, learned

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_export_answers_to_its_key_as_soon_as_the_fault_is_mended(window: MainWindow) -> None:
    editor, export = window.session.editor, window.menus.export
    editor.set_input(height=2, width=2)
    assert not editor.report.valid
    assert not export.isEnabled()
    assert "mend the network's faults" in export.toolTip()
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
    result, network = learned(), preset("tiny-cnn").network
    assert result.facts is not None
    window.session.run.adopt(Trained(network, CONFIG, result.facts, result.weights, events=(done,)))
    assert window.session.run.curves_are_here
    assert "%" not in window.status.words()
    assert "parameters" in window.status.words()
