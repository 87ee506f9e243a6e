"""The confirmation before existing files are replaced."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

from cnnplay.ui.kit.views.dialog_title import MessageBox


def confirm_replace(parent: QWidget, files: Sequence[Path]) -> bool:
    """Asks whether to replace the files; True without asking if there are none."""
    if not files:
        return True
    *before, last = (file.name for file in files)
    names = f"{', '.join(before)} and {last}" if before else last
    box = MessageBox(parent)
    box.setWindowTitle("Export")
    box.setText(f"{names} already {'exist' if before else 'exists'}. Replace {'them' if before else 'it'}?")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is replace
