"""After a kill: a notice in the window, or one question together with the unsaved work, with real clicks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.interrupted_bench import EPOCHS, interrupt_run
from tests.train_bench import WAIT
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton
NAMED = ("tiny-cnn", "interrupted", "epoch 3", f"of {EPOCHS}")


@pytest.fixture
def folder() -> Path:
    """A run that was killed, without unsaved work."""
    return interrupt_run()


def start(make_window: Callable[[], MainWindow]) -> MainWindow:
    """As the program starts it."""
    window = make_window()
    window.offer_recovery()
    finish_jobs(window.session.interrupted_run)
    settle()
    return window


class Answer(QObject):
    """Clicks a button of the next message box, and keeps its texts."""

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


def test_resume_opens_the_run_and_trains_the_rest(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    notice = window.interrupted_notice.notice
    assert notice.isVisible()
    assert all(part in notice.label.text() for part in NAMED)
    assert [button.text() for button in notice.buttons] == ["Resume in epoch 3", "Show", "Dismiss"]
    assert all(button.toolTip() for button in notice.buttons)
    run = window.session.run
    QTest.mouseClick(notice.buttons[0], LEFT)
    qtbot.waitUntil(lambda: run.active, timeout=WAIT)
    assert not notice.isVisible()
    assert window.workspace == "train"
    qtbot.waitUntil(lambda: not run.active, timeout=WAIT)
    assert [done.epoch for done in run.history.epochs] == list(range(1, EPOCHS + 1))
    assert window.session.editor.network.name == "tiny-cnn"


def test_show_selects_it_among_all_runs_and_the_notice_stays(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    QTest.mouseClick(window.interrupted_notice.notice.buttons[1], LEFT)
    assert window.workspace == "runs"
    runs = window.session.runs
    qtbot.waitUntil(lambda: [row.path for row in runs.selected_rows] == [str(folder)], timeout=WAIT)
    assert window.interrupted_notice.notice.isVisible()


def test_a_dismissed_notice_does_not_return(
    qtbot: QtBot, folder: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = start(make_window)
    notice = window.interrupted_notice.notice
    notice.buttons[2].setFocus()
    QTest.keyClick(notice.buttons[2], Qt.Key.Key_Space)
    assert not notice.isVisible()
    window.session.preferences.sync()
    assert not start(make_window).interrupted_notice.notice.isVisible()


def test_without_an_interrupted_run_there_is_no_notice(make_window: Callable[[], MainWindow]) -> None:
    assert not start(make_window).interrupted_notice.isVisible()


@pytest.mark.parametrize("answer", ["Open and resume", "Open", "Discard"])
def test_with_unsaved_work_there_is_one_question_that_names_both(
    qtbot: QtBot, make_window: Callable[[], MainWindow], answer: str
) -> None:
    interrupt_run(2, "--autosave")
    clicker = Answer(answer)
    window = make_window()
    window.offer_recovery()
    qtbot.waitUntil(lambda: bool(clicker.said), timeout=WAIT)
    assert "closed without saving" in clicker.said[0]
    assert "interrupted in epoch" in clicker.said[1]
    assert {"Open and resume", "Open", "Discard", "Later"} <= set(clicker.said[2:])
    session = window.session
    if answer == "Open and resume":
        qtbot.waitUntil(lambda: session.run.active, timeout=WAIT)
        assert not window.interrupted_notice.notice.isVisible()
        qtbot.waitUntil(lambda: not session.run.active, timeout=WAIT)
        assert len(session.run.history.epochs) == EPOCHS
    else:
        qtbot.waitUntil(lambda: session.interrupted_run.offered and not session.document.busy, timeout=WAIT)
        settle()
        assert window.interrupted_notice.notice.isVisible(), "the run can still be resumed"
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
        notice = window.interrupted_notice.notice
        assert all(button.width() >= button.sizeHint().width() for button in notice.buttons)
    finally:
        theme().install("dark")
