"""A table that selects whole rows, and never shows a part of a row."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnplay.ui.kit.views.keytable import KeyTable
from cnnplay.ui.kit.views.theme import follow_theme, theme


class RowTable(QTableView):
    """A read-only table that selects rows and sorts by its headings; Tab leaves the table.

    Rows are `ROW` design pixels high, or a little more, so that none is cut off at the lower end. Columns are
    as wide as their content and `ARROW`, for the sort arrow, but at most `WIDEST`.
    """

    KEYS: KeyTable
    ROW = 24
    WIDEST, ARROW = 160, 12

    def __init__(self, mode: QAbstractItemView.SelectionMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(mode)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setAccessibleName("columns")
        self.setSortingEnabled(True)
        follow_theme(self.fit_rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_rows()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.KEYS.press(self, event):
            super().keyPressEvent(event)

    def fit_columns(self) -> None:
        """Makes each column as wide as its content, within limits."""
        self.resizeColumnsToContents()
        for number in range(self.model().columnCount()):
            width = self.columnWidth(number) + theme().px(self.ARROW)
            self.setColumnWidth(number, min(width, theme().px(self.WIDEST)))

    @Slot()
    def fit_rows(self) -> None:
        """Sets a row height with which no part of a row is visible."""
        least, room = theme().px(self.ROW), self.viewport().height()
        height = room // (room // least) if room >= least else least
        if self.verticalHeader().defaultSectionSize() != height:
            self.verticalHeader().setDefaultSectionSize(height)
