"""Carrying the network away: which weights, in which format, to which file."""

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
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.export.catalogue import FORMATS, Format
from cnnplay.viewmodels.exporting import ExportModel
from cnnplay.widgets.theme import role

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
        self.weights = QComboBox()
        self.weights.setAccessibleName("Weights")
        for choice in model.choices():
            self.weights.addItem(choice.words, choice.which)
        self.path = QLineEdit()
        self.path.setAccessibleName("File")
        self.path.setMinimumWidth(360)
        self.browse = QPushButton("Choose…")
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
        stem = Path(self.path.text()).stem or self._name
        if row.key == "python":
            stem = stem.replace("-", "_")
        self.path.setText(str(self.folder / (stem + row.suffix)))

    def _path_changed(self) -> None:
        text = self.path.text().strip()
        self.accept_button.setEnabled(bool(text))
        self.accept_button.setToolTip("" if text else "Name a file first")

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
        if path.exists() and not self._may_replace(path):
            return
        self.folder = path.parent
        self._model.export(self._row.key, path, self.weights.currentData())
        self.accept()

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self,
            "Export",
            f"{path.name} is there already. Replace it?",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Yes
