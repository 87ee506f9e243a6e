"""Downloading a data set in the window: the list, the notice with its bar, cancel, retry, closing."""

import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnplay.data import sources as table
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.mirror import NAMES, Mirror, digits, mirror
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
LEFT = Qt.MouseButton.LeftButton
IMAGES = NAMES[0]


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of a small `mnist`, the only data set that is downloaded."""
    with mirror() as made:
        source, made.files = digits(made.address)
        monkeypatch.setattr(table, "_table", lambda: (source,))
        yield made


def entry(window: MainWindow, beginning: str) -> QAction:
    """An entry of the list of data sets, which is open."""
    menu = window.data_picker.choice_menu
    if not menu.isVisible():
        button = window.data_picker
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))
    return next(action for action in menu.actions() if action.text().startswith(beginning))


def click(window: MainWindow, beginning: str) -> None:
    """A click on an entry of the list."""
    menu, action = window.data_picker.choice_menu, entry(window, beginning)
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    menu.hide()


def begun(window: MainWindow, qtbot: QtBot, near: Mirror) -> None:
    """Half of the images arrive, then nothing more."""
    near.plan[IMAGES] = ["stall"]
    click(window, "mnist ")
    qtbot.waitUntil(lambda: window.session.data.downloads.fraction > 0)
    qtbot.waitUntil(lambda: window.download_notice.bar.fraction > 0)


def test_a_click_downloads_shows_the_progress_and_uses_it(
    window: MainWindow, qtbot: QtBot, near: Mirror
) -> None:
    assert not window.download_notice.isVisible()
    assert "· download " in entry(window, "mnist ").text()
    begun(window, qtbot, near)
    assert window.download_notice.busy.isVisible()
    assert window.download_notice.bar.isVisible()
    assert window.download_notice.busy.label.text().startswith("Downloading mnist: ")
    assert 0.2 < window.download_notice.bar.fraction < 0.8
    assert window.data_picker.choice.text() == "mnist-sample"  # in use meanwhile
    assert not window.session.run.disabled_reason("train")
    coming = entry(window, "mnist ")
    assert not coming.isEnabled()
    assert "downloading: " in coming.text()
    window.data_picker.choice_menu.hide()
    with qtbot.waitSignal(window.session.data.changed):
        near.released.set()  # it breaks off, and goes on at once
    assert window.data_picker.choice.text() == "mnist"
    assert "10 test (held out)" in window.data_picker.toolTip().replace("\n", " ")
    assert not window.download_notice.isVisible()


def test_cancel_ends_it_and_leaves_everything_as_it_was(
    window: MainWindow, qtbot: QtBot, near: Mirror
) -> None:
    begun(window, qtbot, near)
    QTest.mouseClick(window.download_notice.busy.buttons[0], LEFT)
    assert not window.download_notice.isVisible()
    assert window.data_picker.choice.text() == "mnist-sample"
    begun(window, qtbot, near)
    click(window, "Cancel download of mnist")
    assert window.session.data.downloads.state == "idle"


def test_a_failure_says_why_and_can_be_tried_again_or_dismissed(
    window: MainWindow, qtbot: QtBot, near: Mirror
) -> None:
    notice = window.download_notice.failure
    again, dismiss = notice.buttons
    for button in (again, dismiss):
        near.plan[IMAGES] = ["missing"]
        click(window, "mnist ")
        qtbot.waitUntil(notice.isVisible)
        assert "404" in notice.label.text()
        assert notice.accessibleName() == notice.label.text()
        assert "could not be downloaded" in window.data_picker.toolTip()
        QTest.mouseClick(button, LEFT)
        if button is dismiss:
            assert not window.download_notice.isVisible()
        else:
            qtbot.waitUntil(lambda: window.data_picker.choice.text() == "mnist")
            click(window, "mnist-sample")
            qtbot.waitUntil(lambda: window.data_picker.choice.text() == "mnist-sample")
            from cnnplay.data.store import DATA_FILE, data_folder

            (data_folder(table.sources()[0]) / DATA_FILE).unlink()


def test_closing_the_window_amid_a_silent_download_takes_less_than_two_seconds(
    make_window: Callable[[], MainWindow], qtbot: QtBot, near: Mirror
) -> None:
    window = make_window()
    begun(window, qtbot, near)
    before = time.perf_counter()
    window.close()
    assert time.perf_counter() - before < 2


def test_the_notice_fits_where_text_is_large(window: MainWindow, qtbot: QtBot, near: Mirror) -> None:
    from cnnplay.ui.kit.views.theme import theme

    begun(window, qtbot, near)
    theme().install("light", 1.5)
    try:
        settle()
        assert window.minimumSizeHint().width() <= 1366
        assert window.minimumSizeHint().height() <= 768
    finally:
        theme().install("dark", 1.0)
