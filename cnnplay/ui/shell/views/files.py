"""The File menu: asks for paths and before changes are lost; the session does the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from cnnplay.project.suffixes import WEIGHTS_SUFFIXES
from cnnplay.ui.build.views.gallery import Gallery
from cnnplay.ui.kit.views.dialog_title import MessageBox
from cnnplay.ui.shell.document import SUFFIX
from cnnplay.ui.shell.importing import ReadWeights
from cnnplay.ui.shell.views.export_dialog import ExportDialog
from cnnplay.ui.shell.views.weights_dialog import WeightsDialog

if TYPE_CHECKING:
    from cnnplay.ui.shell.session import Session
    from cnnplay.ui.shell.views.main_window import MainWindow

PROJECTS = f"CNN Playground project (*{SUFFIX})"
WEIGHTS = f"Weights ({' '.join(f'*{suffix}' for suffix in WEIGHTS_SUFFIXES)});;All files (*)"
_SUFFIXES = "*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp"
IMAGES = f"Images ({_SUFFIXES})"
_BUTTON = QMessageBox.StandardButton


class Files(QObject):
    """What the File menu does."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        session.importing.offered.connect(self._ask_what_to_load)

    @property
    def folder(self) -> Path:
        """The folder of the last file opened or saved."""
        path = Path(self._session.preferences.text("folder", str(Path.home())))
        return path if path.is_dir() else Path.home()

    def new(self) -> None:
        self.after_question(lambda: self._new(""))

    def new_from_preset(self) -> None:
        """Shows the presets; the chosen one becomes a new document."""
        gallery = Gallery(self._window, "Click a preset to start a new document with it.")
        gallery.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        gallery.chosen.connect(lambda key: self.after_question(lambda: self._new(key)))
        gallery.open()

    def open(self) -> None:
        def ask() -> None:
            chosen, _ = QFileDialog.getOpenFileName(self._window, "Open project", str(self.folder), PROJECTS)
            if chosen:
                self._open(Path(chosen))

        self.after_question(ask)

    def open_path(self, path: Path) -> None:
        """Opens a project, weights, an image or a folder of images, depending on the file."""
        if path.is_dir():
            self._session.data.choose_folder(path)
        elif path.suffix.lower() in WEIGHTS_SUFFIXES:
            self._session.importing.read(path)
        elif path.suffix.lower() == SUFFIX or not _is_image(path):
            self.after_question(lambda: self._open(path))
        else:
            self._session.look.open_file(path)
            if self._window.workspace == "build":
                self._window.show_workspace("look")

    def save(self, then: Callable[[], None] | None = None) -> None:
        path = self._session.document.path
        if path is None:
            self.save_as(then)
        else:
            self._session.save(path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        name = self._session.title + SUFFIX
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save project", str(self.folder / name), PROJECTS
        )
        if chosen:
            self._remember(Path(chosen))
            self._session.save(Path(chosen), then)

    def export(self) -> None:
        dialog = ExportDialog(self._session.exporting, self._session.title, self.folder, self._window)
        dialog.exec()
        self._session.preferences.set("folder", str(dialog.folder))

    def load_weights(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Load weights", str(self.folder), WEIGHTS)
        if chosen:
            self._remember(Path(chosen))
            self._session.importing.read(Path(chosen))

    def open_image(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open image", str(self.folder), IMAGES)
        if chosen:
            self._remember(Path(chosen))
            self.open_path(Path(chosen))

    def after_question(self, replace: Callable[[], None]) -> None:
        """Runs `replace`, which replaces the document, once unsaved changes are saved or discarded."""
        if not self._session.unsaved:
            replace()
            return
        answer = self.ask_about_changes()
        if answer == _BUTTON.Save:
            self.save(replace)
        elif answer == _BUTTON.Discard:
            replace()

    def ask_about_changes(self) -> QMessageBox.StandardButton:
        box = MessageBox(self._window)
        box.setWindowTitle("Unsaved changes")
        box.setText(f"Save the changes to {self._session.title}?")
        box.setInformativeText(
            "The active run stops either way; saving keeps the weights it has so far."
            if self._session.run.active
            else "Your changes are lost if you do not save them."
        )
        box.setStandardButtons(_BUTTON.Save | _BUTTON.Discard | _BUTTON.Cancel)
        box.setDefaultButton(_BUTTON.Save)
        return _BUTTON(box.exec())

    def offer_recovery(self) -> None:
        """After a crash: offers the newest autosave, and a run that was interrupted with it. A run alone is
        offered in a notice, which stays until it is answered.
        """
        left = self._session.document.recoverable()
        if left:
            self._ask_to_recover(left[0])
        self._session.interrupted_run.offer()

    def _ask_to_recover(self, kept: Path) -> None:
        cut = self._session.interrupted_run
        box = MessageBox(self._window)
        box.setWindowTitle("Unsaved work found")
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(kept.stat().st_mtime)))
        box.setText(f"CNN Playground closed without saving. Open the work that was kept from {when}?")
        go_on = None
        if cut.found is not None:
            box.setInformativeText(f"{cut.text} You can resume it now or later.")
            go_on = box.addButton("Open and resume", QMessageBox.ButtonRole.AcceptRole)
        recover = box.addButton("Open", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        later = box.addButton("Later", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(go_on or recover)
        box.exec()
        if box.clickedButton() is recover:
            self._session.document.recover(kept)
        elif go_on is not None and box.clickedButton() is go_on:
            self._session.document.recover(kept, then=cut.resume)
        elif box.clickedButton() is not later:
            self._session.document.discard_recoverable()

    def _new(self, key: str) -> None:
        """Replaces the document, and shows Build, where work on it begins."""
        self._session.new(key)
        self._window.show_workspace("build")

    def _open(self, path: Path) -> None:
        self._remember(path)
        self._session.document.open(path)

    def _remember(self, path: Path) -> None:
        self._session.preferences.set("folder", str(path.parent))

    def _ask_what_to_load(self, read: ReadWeights) -> None:
        dialog = WeightsDialog(read, self._window)
        if dialog.exec():
            self._session.importing.load(read, dialog.pairing)
        dialog.deleteLater()


def _is_image(path: Path) -> bool:
    return bool(path.suffix) and f"*{path.suffix.lower()}" in _SUFFIXES.split()
