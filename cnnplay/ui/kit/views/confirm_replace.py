"""The question before files are replaced that are there already."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget


def confirm_replace(parent: QWidget, files: Sequence[Path]) -> bool:
    """Asks; True without a question where there are none."""
    if not files:
        return True
    *before, last = (file.name for file in files)
    names = f"{', '.join(before)} and {last}" if before else last
    box = QMessageBox(parent)
    box.setWindowTitle("Export")
    box.setText(f"{names} {'are' if before else 'is'} there already. Replace {'them' if before else 'it'}?")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is replace
