"""What tests of the window share: sessions with and without a window, and a check for stray windows."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.layer_times import LayerTimesModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.session import Session
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.train.trained import Trained
from tests.look_bench import digits, learned_weights


class StrayWindows(QObject):
    """Records every widget that is shown as a window although it is not meant to be one."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            known = (QMainWindow, QDialog, QMenu)
            popup = watched.windowFlags() & watched.windowFlags().Popup == watched.windowFlags().Popup
            if not isinstance(watched, known) and not popup:
                self.found.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.fixture
def stray_windows(qapp: QApplication) -> Iterator[StrayWindows]:
    """Watches for widgets that flash up as windows."""
    watcher = StrayWindows()
    qapp.installEventFilter(watcher)
    yield watcher
    qapp.removeEventFilter(watcher)


@pytest.fixture
def failures() -> Iterator[list[str]]:
    """Messages that the windows showed in a dialog. A test removes those that it expects; others fail it."""
    shown: list[str] = []
    yield shown
    assert shown == []


@pytest.fixture
def make_window(
    qtbot: QtBot, failures: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], MainWindow]]:
    """Creates whole windows, each with its own session, and closes them in order."""
    made: list[MainWindow] = []
    monkeypatch.setattr(MainWindow, "show_failure", lambda _, text: failures.append(text))

    def make() -> MainWindow:
        theme().install("dark")
        window = MainWindow(Session(Preferences()))
        made.append(window)
        window.show()
        window.activateWindow()
        window.session.warm_up()
        qtbot.waitUntil(lambda: window.session.data.state == "ready", timeout=20_000)
        return window

    yield make
    for window in made:
        window.session.run.shutdown()
        window.session.document.dirty = False
        window.close()
        window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    """A whole window, as at the first start."""
    return make_window()


@pytest.fixture
def work(qtbot: QtBot) -> Iterator[BuildWorkspace]:
    """The Build workspace with LeNet-5 in it, without a window around it."""
    editor = EditorModel(preset("lenet-5").network)
    model = StackModel(editor)
    times = LayerTimesModel(editor, TrainConfig(batch_size=4, device="cpu", threads=1))
    shown = BuildWorkspace(editor, model, StackActions(editor, model), times)
    qtbot.addWidget(shown)
    shown.resize(1366, 696)
    with qtbot.waitActive(shown):
        shown.show()
        shown.activateWindow()
    yield shown
    shown.close()
    close_jobs(times)


class Quiet:
    """A session, and all messages that it showed."""

    def __init__(self) -> None:
        self.session = Session(Preferences())
        self.messages: list[str] = []
        self.failures: list[str] = []
        self.session.message.connect(self.messages.append)
        self.session.failed.connect(self.failures.append)
        self.session.data.use(digits())

    def adopt(self) -> Trained:
        """The network in the editor becomes tiny-cnn, trained for an epoch."""
        self.session.editor.load_preset("tiny-cnn")
        trained = Trained(learned_weights())
        self.session.run.adopt(trained)
        return trained


@pytest.fixture
def quiet(qtbot: QtBot) -> Iterator[Quiet]:
    """A session on the digits. A failure message that the test does not remove fails the test."""
    made = Quiet()
    yield made
    made.session.shutdown()
    assert made.failures == []
