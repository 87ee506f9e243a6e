"""The File menu: asks for paths, asks before changes are lost, and hands the rest to the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from cnnplay.ui.shell.document import SUFFIX
from cnnplay.ui.shell.importing import Imported
from cnnplay.ui.shell.views.export_dialog import ExportDialog

if TYPE_CHECKING:
    from cnnplay.ui.shell.session import Session
    from cnnplay.ui.shell.views.main_window import MainWindow

PROJECTS = f"CNN Playground project (*{SUFFIX})"
WEIGHTS = "Weights (*.safetensors *.pt *.pth)"
_ENDINGS = "*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp"
PICTURES = f"Pictures ({_ENDINGS})"
_BUTTON = QMessageBox.StandardButton


class Files(QObject):
    """What the File menu does."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        session.importing.partly.connect(self._ask_partly)

    @property
    def folder(self) -> Path:
        """Where the last file was opened or saved."""
        path = Path(self._session.preferences.text("folder", str(Path.home())))
        return path if path.is_dir() else Path.home()

    def new(self) -> None:
        self.after_question(self._session.new)

    def new_empty(self) -> None:
        self.after_question(lambda: self._session.new(empty=True))

    def open(self) -> None:
        def ask() -> None:
            chosen, _ = QFileDialog.getOpenFileName(
                self._window, "Open a project", str(self.folder), PROJECTS
            )
            if chosen:
                self._open(Path(chosen))

        self.after_question(ask)

    def open_path(self, path: Path) -> None:
        """Opens a project, or loads weights or a picture, whatever the file is."""
        if path.is_dir():
            self._session.data.choose_folder(path)
        elif path.suffix.lower() in (".safetensors", ".pt", ".pth"):
            self._session.importing.read(path)
        elif path.suffix.lower() == SUFFIX or not _is_picture(path):
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
            self._window, "Save the project", str(self.folder / name), PROJECTS
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

    def open_picture(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a picture", str(self.folder), PICTURES)
        if chosen:
            self._remember(Path(chosen))
            self.open_path(Path(chosen))

    def after_question(self, deed: Callable[[], None]) -> None:
        """Does what replaces the document, once unsaved changes are saved or given up."""
        if not self._session.unsaved:
            deed()
            return
        answer = self.ask_about_changes()
        if answer == _BUTTON.Save:
            self.save(deed)
        elif answer == _BUTTON.Discard:
            deed()

    def ask_about_changes(self) -> QMessageBox.StandardButton:
        box = QMessageBox(self._window)
        box.setWindowTitle("Unsaved changes")
        box.setText(f"Save the changes to {self._session.title}?")
        box.setInformativeText(
            "The run that is on ends either way; saving keeps what it has learned so far."
            if self._session.run.active
            else "Else they are lost."
        )
        box.setStandardButtons(_BUTTON.Save | _BUTTON.Discard | _BUTTON.Cancel)
        box.setDefaultButton(_BUTTON.Save)
        return _BUTTON(box.exec())

    def offer_recovery(self) -> None:
        """After a crash: the newest autosave, if people want it. A run that was cut off with it is part of
        that question; alone it is offered by a line in the window, where it stays on offer.
        """
        left = self._session.document.recoverable()
        if left:
            self._ask_to_recover(left[0])
        self._session.cut_run.offer()

    def _ask_to_recover(self, kept: Path) -> None:
        cut = self._session.cut_run
        box = QMessageBox(self._window)
        box.setWindowTitle("Unsaved work was found")
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(kept.stat().st_mtime)))
        box.setText(f"CNN Playground ended without saving. Its work was kept ({when}): open it?")
        go_on = None
        if cut.found is not None:
            box.setInformativeText(f"{cut.words} It can go on from there, now or later.")
            go_on = box.addButton("Open it and go on", QMessageBox.ButtonRole.AcceptRole)
        recover = box.addButton("Open it", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Throw it away", QMessageBox.ButtonRole.DestructiveRole)
        later = box.addButton("Not now", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(go_on or recover)
        box.exec()
        if box.clickedButton() is recover:
            self._session.document.open(kept, recovered=True)
        elif go_on is not None and box.clickedButton() is go_on:
            self._session.document.open(kept, recovered=True, then=cut.go_on)
        elif box.clickedButton() is not later:
            self._session.document.discard_recoverable()

    def _open(self, path: Path) -> None:
        self._remember(path)
        self._session.document.open(path)

    def _remember(self, path: Path) -> None:
        self._session.preferences.set("folder", str(path.parent))

    def _ask_partly(self, imported: Imported) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle("Not all weights fit")
        box.setText(
            f"{imported.path.name} has {imported.fitting} of the network's {imported.wanted} weights."
        )
        box.setInformativeText("Load those? The others are freshly initialised.")
        box.setDetailedText("\n".join(imported.words))
        load = box.addButton("Load what fits", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(_BUTTON.Cancel)
        box.exec()
        if box.clickedButton() is load:
            self._session.importing.take(imported)


def _is_picture(path: Path) -> bool:
    return bool(path.suffix) and f"*{path.suffix.lower()}" in _ENDINGS.split()
