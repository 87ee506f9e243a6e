"""Carrying the network away: which weights, in which format, to which file."""

import re
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.export.catalogue import FORMATS, Format
from cnnplay.export.sidecar import replaced
from cnnplay.ui.kit.views.confirm_replace import confirm_replace
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.shell.exporting import ExportModel

HISTORY = Format("csv", "History (CSV)", ".csv", False, "A row an epoch: losses, accuracies, time.")
ROWS = (*FORMATS, HISTORY)


class ExportDialog(QDialog):
    """Asks, and hands the order to the model; the outcome appears in the status bar."""

    def __init__(self, model: ExportModel, name: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._model = model
        self._name = name
        self.folder = folder
        self.format = QComboBox()
        for row in ROWS:
            self.format.addItem(row.title, row.key)
        self.format.setAccessibleName("Format")
        self.format.setToolTip("What the file is for; the words below say what it holds")
        self.weights = QComboBox()
        self.weights.setAccessibleName("Weights")
        for choice in model.choices():
            self.weights.addItem(choice.words, choice.which)
        self.path = QLineEdit()
        self.path.setAccessibleName("File")
        self.path.setToolTip("Where it is written; what goes beside the weights is written there too")
        self.path.setMinimumWidth(360)
        self.browse = QPushButton("Choose…")
        self.browse.setToolTip("Names the file in the system's own dialog")
        self.browse.clicked.connect(self._browse)
        self._help = QLabel()
        self._help.setWordWrap(True)
        role(self._help, "muted")
        what = QLabel(model.what())
        what.setWordWrap(True)
        what.setVisible(bool(model.what()))
        file_row = QHBoxLayout()
        file_row.addWidget(self.path, 1)
        file_row.addWidget(self.browse)
        form = QFormLayout()
        form.addRow("Format", self.format)
        form.addRow("", self._help)
        form.addRow("Weights", self.weights)
        form.addRow("File", file_row)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = QPushButton("Export")
        role(self.accept_button, "primary")
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._export)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(what)
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
        self.weights.setEnabled(row.needs_weights)
        hint = "Those of the epoch that validated best, or those of the last"
        self.weights.setToolTip(hint if row.needs_weights else f"{hint}\nNot now: a history holds no weights")
        named = Path(self.path.text().strip()).expanduser()
        stem, folder = (named.stem, named.parent) if named.name else (self._name, self.folder)
        if row.key == "python":  # a name that can be imported
            stem = re.sub(r"\W", "_", stem).lstrip("0123456789") or "network"
        self.path.setText(str(folder / (stem + row.suffix)))
        self._path_changed()

    def _path_changed(self) -> None:
        reason = "" if self.path.text().strip() else "name a file first"
        if self._row is HISTORY:
            reason = self._model.why_no_history() or reason
        self.accept_button.setEnabled(not reason)
        hint = "Writes the file, and what goes beside it"
        self.accept_button.setToolTip(f"{hint}\nNot now: {reason}" if reason else hint)

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
        if not confirm_replace(self, replaced(self._row.key, path)):
            return
        self.folder = path.parent
        self._model.export(self._row.key, path, self.weights.currentData())
        self.accept()
