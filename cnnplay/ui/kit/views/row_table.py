"""A table that selects whole rows, and never shows a part of a row."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnplay.ui.kit.views.theme import theme


class RowTable(QTableView):
    """A read-only table that selects rows and sorts by its headings; Tab leaves the table.

    Rows are `row` design pixels high, or a little more, so that none is cut off at the lower end.
    """

    def __init__(
        self, mode: QAbstractItemView.SelectionMode, row: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._row = row
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
        theme().changed.connect(self.fit_rows)
        self.fit_rows()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_rows()

    @Slot()
    def fit_rows(self) -> None:
        """Sets a row height with which no part of a row is visible."""
        least, room = theme().px(self._row), self.viewport().height()
        height = room // (room // least) if room >= least else least
        if self.verticalHeader().defaultSectionSize() != height:
            self.verticalHeader().setDefaultSectionSize(height)
