"""Dialogs as wide as their titles: the system elides a title that is wider than its window."""

from PySide6.QtGui import QFontMetrics, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QGridLayout, QMessageBox, QSizePolicy, QSpacerItem

from cnnplay.ui.kit.views.theme import theme

BUTTONS = 180
"""Room for the icon and the buttons in the title bar, in design pixels."""


def title_width(title: str) -> int:
    """The width of a window in which its title, to which Qt adds the program's name, is not elided."""
    program = QGuiApplication.applicationDisplayName()
    shown = f"{title} — {program}" if program and program not in title else title
    return QFontMetrics(QApplication.font()).horizontalAdvance(shown) + theme().px(BUTTONS)


def fit_title(dialog: QDialog) -> None:
    """Keeps a dialog from being narrower than its title."""
    dialog.setMinimumWidth(max(dialog.minimumWidth(), title_width(dialog.windowTitle())))


class MessageBox(QMessageBox):
    """A message box that is at least as wide as its title. Its layout sets its size, so that a minimum width
    alone has no effect.
    """

    def showEvent(self, event: QShowEvent) -> None:
        layout = self.layout()
        if isinstance(layout, QGridLayout):
            fixed = QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed
            spacer = QSpacerItem(title_width(self.windowTitle()), 0, *fixed)
            layout.addItem(spacer, layout.rowCount(), 0, 1, layout.columnCount())
        super().showEvent(event)
