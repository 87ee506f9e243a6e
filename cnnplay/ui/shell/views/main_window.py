"""The main window: wires header, workspaces, menus and status bar together; others do the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMessageBox, QStackedWidget, QWidget

from cnnplay import __version__
from cnnplay.ui.build.views.network_picker import NetworkPicker
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.data.views.download_notice import DownloadNotice
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.theme import TEXT_SIZES, theme
from cnnplay.ui.runs.views.interrupted_notice import InterruptedRunNotice
from cnnplay.ui.shell.session import Session
from cnnplay.ui.shell.views.files import Files
from cnnplay.ui.shell.views.header import Header
from cnnplay.ui.shell.views.menus import Menus
from cnnplay.ui.shell.views.pages import BuildPage, TrainPage
from cnnplay.ui.shell.views.status import StatusLine
from cnnplay.ui.shell.views.status_text import StatusText
from cnnplay.ui.shell.workspaces import WORKSPACES
from cnnplay.ui.train.views.controls import TrainControls
from cnnplay.ui.train.views.data_picker import DataPicker, DevicePicker
from cnnplay.ui.train.views.fit_offer import FitOfferBar
from cnnplay.ui.train.views.notices import RunNotices

if TYPE_CHECKING:
    from cnnplay.ui.data.views.browser import Browser
    from cnnplay.ui.search.views.search import SearchWindow
    from cnnplay.ui.search.views.search_button import SearchButton

FIRST_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """One session in one window. Workspaces other than Build are created when they are first shown."""

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.stack_actions = StackActions(session.editor, session.stack, self)
        self.files = Files(session, self)
        self.header = Header()
        self.controls = TrainControls(session.run)
        self.network_picker = NetworkPicker(session.editor)
        self.data_picker = DataPicker(session.data)
        self.device_picker = DevicePicker(session.settings, session.run)
        self.build = BuildPage(session, self.stack_actions)
        self.opened: dict[str, Any] = {"build": self.build}
        """The pages of the workspaces that have been shown."""
        self.browser: Browser | None = None
        self.searching: SearchWindow | None = None
        self.search_button: SearchButton | None = None
        self.pages = QStackedWidget()
        self.status = StatusLine()
        self.fit_offer = FitOfferBar(session.fit_offer)
        self.download_notice = DownloadNotice(session.data.downloads)
        self.interrupted_notice = InterruptedRunNotice(session.interrupted_run)
        self.notices = RunNotices(session.run, session.settings)
        self.status_text = StatusText(session, self.status, self)
        self._last_state = session.run.state
        self._lay_out()
        self.menus = Menus(self)
        self._connect()
        self._restore()
        self.show_workspace("build")

    def _lay_out(self) -> None:
        for widget in (self.network_picker, self.data_picker, self.device_picker, self.controls):
            self.header.add(widget)
        self.pages.addWidget(self.build)
        page = QWidget()
        page.setObjectName("page")
        notices = (self.download_notice, self.interrupted_notice, self.notices, self.fit_offer)
        vbox(self.header, *notices, (self.pages, 1), self.status, spacing=0, into=page)
        self.setCentralWidget(page)
        self.setAcceptDrops(True)
        resize_first(self, QSize(*FIRST_SIZE))

    def _connect(self) -> None:
        session = self.session
        self.header.chosen.connect(self.show_workspace)
        self.network_picker.gallery_requested.connect(self.build.open_gallery)
        self.data_picker.browse_requested.connect(self.browse_data)
        session.fit_offer.changed.connect(self._offer_changed)
        session.run.state_changed.connect(self._state_changed)
        session.interrupted_run.show_requested.connect(self.show_run)
        session.failed.connect(self.show_failure)
        session.document.changed.connect(self._retitle)
        session.editor.changed.connect(self._retitle)
        session.run.weights_cache.changed.connect(self._retitle)
        self._retitle()

    # Workspaces

    @property
    def workspace(self) -> str:
        """The key of the workspace on screen."""
        return next(key for key, tab in self.header.tabs.items() if tab.isChecked())

    @Slot(str)
    def show_workspace(self, key: str) -> None:
        """Shows a workspace, and creates it if needed."""
        page = self.page(key)
        self.header.show_workspace(key)
        self.pages.setCurrentWidget(page)
        view = getattr(page, "view", None)
        if isinstance(view, QWidget):
            view.setFocus()

    @Slot(object)
    def show_run(self, folder: Path) -> None:
        """Shows a stored run in the Runs workspace, selected."""
        self.show_workspace("runs")
        self.session.runs.select([str(folder)])

    @Slot()
    def return_to_workspace(self) -> None:
        """Shows the workspace in which the window was closed. Called after the first paint: some are slow."""
        self.show_workspace(self.session.preferences.choice("workspace", tuple(WORKSPACES)))

    def page(self, key: str) -> Any:
        """The page of a workspace; created when it is first asked for."""
        if key not in self.opened:
            page = self.opened[key] = WORKSPACES[key].load()(self.session, self.stack_actions)
            page.restore_layout(self.session.preferences.blob(f"layout/{key}"))
            self.pages.addWidget(page)
            if isinstance(page, TrainPage):
                page.workspace.settings.find_rate_requested.connect(self.find_learning_rate)
                page.workspace.primary.add_corner(self._search_button())
            self._retitle()
        return self.opened[key]

    @Slot()
    def _offer_changed(self) -> None:
        """Gives the keyboard back to the stack once the offer is answered, so that undo is one key away."""
        page = self.pages.currentWidget()
        view = getattr(page, "view", None)
        if not self.session.fit_offer.open and isinstance(view, QWidget):
            view.setFocus()

    @Slot()
    def _state_changed(self) -> None:
        """Shows Train when a run starts, unless another workspace than Build is shown."""
        state = self.session.run.state
        if state == "starting" and self._last_state == "idle" and self.workspace == "build":
            self.show_workspace("train")
        self._last_state = state

    # Appearance

    def set_theme(self, choice: str) -> None:
        theme().install(choice, theme().text_scale)  # type: ignore[arg-type]
        self.session.preferences.set("theme", choice)

    def larger_text(self) -> None:
        self._step_text(1)

    def smaller_text(self) -> None:
        self._step_text(-1)

    def reset_zoom(self) -> None:
        self._set_text(1.0)

    def toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def reset_layout(self) -> None:
        """Arranges all panels as at the first start."""
        self.session.preferences.remove("layout")
        for page in self.opened.values():
            page.reset_layout()

    def _step_text(self, step: int) -> None:
        scale = theme().text_scale
        nearest = min(range(len(TEXT_SIZES)), key=lambda index: abs(TEXT_SIZES[index] - scale))
        self._set_text(TEXT_SIZES[min(max(nearest + step, 0), len(TEXT_SIZES) - 1)])

    def _set_text(self, scale: float) -> None:
        theme().install(theme().choice, scale)
        self.session.preferences.set("text_scale", scale)

    # Windows and dialogs

    @Slot()
    def browse_data(self) -> None:
        """Opens the data set browser, or brings it to the front."""
        from cnnplay.ui.data.views.browser import Browser

        if self.browser is None:
            self.browser = Browser(self.session.browse, self)
        self.browser.show()
        self.browser.raise_()
        self.browser.activateWindow()

    @Slot()
    def search(self) -> None:
        """Opens the hyperparameter search, or brings it to the front."""
        from cnnplay.ui.search.views.search import SearchWindow

        if self.searching is None:
            self.searching = SearchWindow(self.session.search, self)
            if self.search_button is not None:
                self.search_button.follow(self.session.search.model)
        self.searching.show()
        self.searching.raise_()
        self.searching.activateWindow()

    @Slot()
    def final_test(self) -> None:
        """Asks whether to evaluate on the test split, and shows the result."""
        from cnnplay.ui.train.final_test import FinalTest
        from cnnplay.ui.train.views.final_test import FinalTestDialog

        dialog = FinalTestDialog(FinalTest(self.session.run.weights_cache, self.session.data), self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _search_button(self) -> SearchButton:
        from cnnplay.ui.search.views.search_button import SearchButton

        self.search_button = SearchButton(self.search)
        if self.searching is not None:
            self.search_button.follow(self.session.search.model)
        return self.search_button

    @Slot()
    def find_learning_rate(self) -> None:
        """Opens the learning rate finder."""
        from cnnplay.ui.train.views.rate_finder import RateFinderDialog

        dialog = RateFinderDialog(self.session.rate_finder, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_failure(self, text: str) -> None:
        """Shows one line that the user must read."""
        QMessageBox.warning(self, "CNN Playground", text)

    def show_shortcuts(self) -> None:
        # Imported here: it imports all views and pyqtgraph, half a second before the first paint.
        from cnnplay.ui.shell.views.shortcuts import ShortcutsDialog, keys_of_views

        ShortcutsDialog(self.menus.groups, keys_of_views(), self).exec()

    def show_about(self) -> None:
        QMessageBox.about(
            self,
            "About CNN Playground",
            f"<b>CNN Playground {__version__}</b><p>Click convolutional networks together, train them while "
            "watching, look inside, and export the weights.</p><p>The digits are MNIST's (LeCun, Cortes, "
            "Burges; CC BY-SA 3.0). The program is under the MIT license.</p>",
        )

    @Slot()
    def _retitle(self) -> None:
        document = self.session.document
        self.setWindowTitle(f"{self.session.title}[*]")
        self.setWindowModified(document.dirty)
        parameters = self.session.editor.parameter_text
        text = f"unsaved changes · {parameters}" if document.dirty else parameters
        for page in self.opened.values():
            page.stack_panel.set_muted(text)

    # Opening, dropping, closing

    def open_path(self, path: Path) -> None:
        self.files.open_path(path)

    @Slot()
    def offer_recovery(self) -> None:
        """Offers what a crash left: unsaved work and an interrupted run."""
        self.session.interrupted_run.find(self.files.offer_recovery)

    @Slot()
    def offer_interrupted_run(self) -> None:
        """Offers an interrupted run alone: the user asked for a file, not for unsaved work."""
        self.session.interrupted_run.find(self.session.interrupted_run.offer)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                event.acceptProposedAction()
                self.open_path(Path(url.toLocalFile()))
                return

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.unsaved and not self._may_close(lambda: None):
            event.ignore()
            return
        self._remember()
        if self.browser is not None:
            self.browser.close()
        if self.searching is not None:
            self.searching.close()
        self.hide()  # at once: a run may take a second to stop
        self.session.shutdown()
        self.closed.emit()
        event.accept()

    def _may_close(self, then: Callable[[], None]) -> bool:
        buttons = QMessageBox.StandardButton
        answer = self.files.ask_about_changes()
        if answer == buttons.Save:
            self.files.save(then)
            finish_jobs(self.session.document)
            return not self.session.document.dirty
        return answer == buttons.Discard

    def _restore(self) -> None:
        preferences = self.session.preferences
        geometry = preferences.blob("layout/window")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        self.build.restore_layout(preferences.blob("layout/build"))

    def _remember(self) -> None:
        preferences = self.session.preferences
        preferences.set("layout/window", self.saveGeometry())
        preferences.set("workspace", self.workspace)
        for key, page in self.opened.items():
            preferences.set(f"layout/{key}", page.save_layout())
