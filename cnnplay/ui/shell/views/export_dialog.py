"""The export dialog: which weights, in which format, to which file."""

import re
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.export.catalog import FORMATS, Format
from cnnplay.export.sidecar import files_to_replace
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.confirm_replace import confirm_replace
from cnnplay.ui.kit.views.dialog_title import fit_title
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.shell.exporting import ExportModel

ROWS = tuple(row for row in FORMATS.values() if row.source != "project")
"""Projects are saved, not exported."""


class ExportDialog(QDialog):
    """Asks what to export and hands it to the model; the status bar shows the result."""

    def __init__(self, model: ExportModel, name: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        fit_title(self)
        self._model = model
        self._name = name
        self.folder = folder
        self.format = QComboBox()
        for row in ROWS:
            self.format.addItem(row.title, row.key)
        self.format.setAccessibleName("Format")
        self.format.setToolTip("The file format; the text below says what it holds")
        self.weights = QComboBox()
        self.weights.setAccessibleName("Weights")
        for choice in model.choices():
            self.weights.addItem(choice.label, choice.which)
        self.path = QLineEdit()
        self.path.setAccessibleName("File")
        self.path.setToolTip("Where the file is written, with any files that belong to it")
        self.path.setMinimumWidth(360)
        self.browse = QPushButton("Choose…")
        self.browse.setToolTip("Choose the file in the system's dialog")
        self.browse.clicked.connect(self._browse)
        self._help = wrapped()
        note = wrapped(model.network_note(), "")
        note.setVisible(bool(model.network_note()))
        file_row = hbox((self.path, 1), self.browse)
        form = QFormLayout()
        form.addRow("Format", self.format)
        form.addRow("", self._help)
        form.addRow("Weights", self.weights)
        form.addRow("File", file_row)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = role(QPushButton("Export"), "primary")
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._export)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(self.buttons)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.path.textChanged.connect(self._path_changed)
        self._format_changed()

    @property
    def _row(self) -> Format:
        return ROWS[self.format.currentIndex()]

    def _format_changed(self) -> None:
        row = self._row
        self._help.setText(row.help)
        hint = "The best epoch (by validation), the last epoch, or the average (SWA)"
        set_available(self.weights, hint, "" if row.source == "weights" else "a history holds no weights")
        named = Path(self.path.text().strip()).expanduser()
        stem, folder = (named.stem, named.parent) if named.name else (self._name, self.folder)
        if row.importable:
            stem = re.sub(r"\W", "_", stem).lstrip("0123456789") or "network"
        self.path.setText(str(folder / (stem + row.suffix)))
        self._path_changed()

    def _path_changed(self) -> None:
        reason = self._model.disabled_reason(self._row.key)
        if not reason and not self.path.text().strip():
            reason = "enter a file name first"
        set_available(self.accept_button, "Write the file, with any files that belong to it", reason)

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export to", self.path.text(), f"{self._row.title} (*{self._row.suffix})"
        )
        if chosen:
            self.path.setText(chosen)

    def _export(self) -> None:
        path = Path(self.path.text().strip()).expanduser()
        if not path.suffix:
            path = path.with_suffix(self._row.suffix)
        if not confirm_replace(self, files_to_replace(self._row.key, path)):
            return
        self.folder = path.parent
        self._model.export(self._row.key, path, self.weights.currentData())
        self.accept()
