"""New documents and unsaved changes, as a user sees them in the window."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.ui.build.views.gallery import Gallery
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.train.trained import Trained
from tests.look_bench import WAIT, learned_weights

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def adopt(window: MainWindow) -> None:
    """A trained tiny-cnn is open, without unsaved changes."""
    window.session.editor.load_preset("tiny-cnn")
    window.session.run.adopt(Trained(learned_weights()))
    window.session.document.renew()


def says_unsaved(window: MainWindow) -> bool:
    shown = "unsaved changes" in window.build.stack_panel.muted()
    assert window.isWindowModified() is shown
    return shown


def test_new_is_an_empty_network_for_the_same_data_in_build(window: MainWindow) -> None:
    window.session.document.renew()
    window.show_workspace("train")
    QTest.keyClick(window, Qt.Key.Key_N, CONTROL)
    assert window.session.editor.network.stack == ()
    assert window.session.data.key == "mnist-sample"
    assert window.workspace == "build"
    assert not says_unsaved(window)


def test_a_preset_starts_a_new_document_in_build(window: MainWindow) -> None:
    adopt(window)
    window.show_workspace("look")
    QTest.keyClick(window, Qt.Key.Key_N, CONTROL | SHIFT)
    gallery = next(each for each in window.findChildren(Gallery) if each.isVisible())
    card = next(card for card in gallery.cards if card.key == "mini-resnet")
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window.session.editor.network == preset("mini-resnet").network
    assert not window.session.editor.undo_stack.canUndo(), "it is another document, not an edit"
    assert window.session.run.weights_cache.trained is None
    assert window.workspace == "build"
    assert not says_unsaved(window)


def test_undoing_everything_leaves_nothing_to_save(window: MainWindow, tmp_path: Path) -> None:
    session = window.session
    adopt(window)
    epochs = session.settings.config.epochs
    for change, undo in (
        (lambda: session.editor.set_fields(("conv-1",), "filters", 9), session.editor.undo),
        (lambda: session.editor.load_preset("mlp"), session.editor.undo),
        (lambda: session.settings.set("epochs", 3), lambda: session.settings.set("epochs", epochs)),
    ):
        change()
        assert says_unsaved(window)
        undo()
        assert not says_unsaved(window)
    session.editor.set_fields(("conv-1",), "filters", 9)
    session.document.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    assert not says_unsaved(window)
    session.editor.undo()
    assert says_unsaved(window), "the file has nine filters"
    session.editor.redo()
    assert not says_unsaved(window)


def test_no_view_keeps_results_of_a_network_that_was_replaced(window: MainWindow, qtbot: QtBot) -> None:
    look, train = window.session.look, window.page("train")
    for replace in (
        lambda: QTest.keyClick(window, Qt.Key.Key_N, CONTROL),
        lambda: window.session.editor.load_preset("vgg-16"),
        lambda: window.session.editor.load_preset("mlp"),
    ):
        adopt(window)
        window.show_workspace("train")
        qtbot.waitUntil(lambda: bool(train.top_losses.thumbnails.indices), timeout=WAIT)
        replace()
        qtbot.waitUntil(lambda: not look.busy, timeout=WAIT)
        QApplication.processEvents()
        assert not train.top_losses.thumbnails.indices
        assert train.top_losses.empty.isVisibleTo(train.top_losses)
        assert window.session.stack.prediction is None
