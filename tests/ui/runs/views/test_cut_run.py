"""After a kill: one line in the window, or one question with the unsaved work, and real clicks on them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.cut_bench import EPOCHS, cut_off
from tests.train_bench import WAIT
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton
WORDS = f"A run of tiny-cnn was cut off in epoch 3 of {EPOCHS}."


@pytest.fixture
def folder() -> Path:
    """A run that was killed, without unsaved work beside it."""
    return cut_off()


def start(make_window: Callable[[], MainWindow]) -> MainWindow:
    """As the program starts it."""
    window = make_window()
    window.offer_recovery()
    window.session.cut_run.wait()
    settle()
    return window


class Answer(QObject):
    """Clicks a button of the next message box, and keeps what the box said."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._text = text
        self._timer = QTimer(self, interval=20)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.isVisible():
            self._timer.stop()
            self.said = [box.text(), box.informativeText(), *(button.text() for button in box.buttons())]
            QTest.mouseClick(next(b for b in box.buttons() if b.text() == self._text), LEFT)


def test_go_on_opens_the_run_and_trains_the_rest(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    notice = window.cut_notice.notice
    assert notice.isVisible()
    assert notice.label.text() == WORDS
    assert [button.text() for button in notice.buttons] == ["Go on in epoch 3", "Show it", "Dismiss"]
    assert all(button.toolTip() for button in notice.buttons)
    run = window.session.run
    QTest.mouseClick(notice.buttons[0], LEFT)
    qtbot.waitUntil(lambda: run.active, timeout=WAIT)
    assert not notice.isVisible()
    assert window.workspace == "train"
    qtbot.waitUntil(lambda: not run.active, timeout=WAIT)
    assert [done.epoch for done in run.history.epochs] == list(range(1, EPOCHS + 1))
    assert window.session.editor.network.name == "tiny-cnn"


def test_show_it_chooses_it_among_all_runs_and_it_stays_on_offer(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    QTest.mouseClick(window.cut_notice.notice.buttons[1], LEFT)
    assert window.workspace == "runs"
    runs = window.session.shelf.runs
    qtbot.waitUntil(lambda: [row.path for row in runs.chosen_rows] == [str(folder)], timeout=WAIT)
    assert window.cut_notice.notice.isVisible()


def test_dismissed_it_does_not_come_again(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    notice = window.cut_notice.notice
    notice.buttons[2].setFocus()
    QTest.keyClick(notice.buttons[2], Qt.Key.Key_Space)
    assert not notice.isVisible()
    window.session.preferences.sync()
    assert not start(make_window).cut_notice.notice.isVisible()


def test_without_a_cut_run_nothing_is_said(make_window: Callable[[], MainWindow]) -> None:
    assert not start(make_window).cut_notice.isVisible()


@pytest.mark.parametrize("answer", ["Open and resume", "Open", "Discard"])
def test_with_unsaved_work_there_is_one_question_that_names_both(
    qtbot: QtBot, make_window: Callable[[], MainWindow], answer: str
) -> None:
    cut_off(2, "--autosave")
    clicker = Answer(answer)
    window = make_window()
    window.offer_recovery()
    qtbot.waitUntil(lambda: bool(clicker.said), timeout=WAIT)
    assert "Its work was kept" in clicker.said[0]
    assert "was cut off in epoch" in clicker.said[1]
    assert {"Open and resume", "Open", "Discard", "Later"} <= set(clicker.said[2:])
    session = window.session
    if answer == "Open and resume":
        qtbot.waitUntil(lambda: session.run.active, timeout=WAIT)
        assert not window.cut_notice.notice.isVisible()
        qtbot.waitUntil(lambda: not session.run.active, timeout=WAIT)
        assert len(session.run.history.epochs) == EPOCHS
    else:
        qtbot.waitUntil(lambda: session.cut_run.offered and not session.document.busy, timeout=WAIT)
        settle()
        assert window.cut_notice.notice.isVisible(), "the run can still go on"
        name = "tiny-cnn" if answer == "Open" else "lenet-5"
        assert session.editor.network.name == name


def test_the_line_fits_a_small_screen_with_large_text(
    folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    theme().install("light", 1.5)
    try:
        window.resize(1366, 736)
        settle()
        assert window.minimumSizeHint().width() <= 1366
        notice = window.cut_notice.notice
        assert all(button.width() >= button.sizeHint().width() for button in notice.buttons)
    finally:
        theme().install("dark")
