"""Small dialogs are wide enough for their titles."""

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.dialog_title import MessageBox, fit_title, title_width

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
TITLE = "The title of this small dialog is longer than what it says"


def needed() -> int:
    """The bare title."""
    return QFontMetrics(QApplication.font()).horizontalAdvance(TITLE)


def test_a_message_box_is_as_wide_as_its_title(qtbot: QtBot) -> None:
    box = MessageBox()
    qtbot.addWidget(box)
    box.setWindowTitle(TITLE)
    box.setText("Short.")
    with qtbot.waitExposed(box):
        box.show()
    assert box.width() >= title_width(TITLE) > needed()


def test_a_dialog_is_as_wide_as_its_title(qtbot: QtBot) -> None:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    dialog.setWindowTitle(TITLE)
    fit_title(dialog)
    dialog.resize(10, 10)
    assert dialog.width() >= title_width(TITLE)
