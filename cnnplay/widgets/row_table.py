"""What all tables have whose rows are chosen whole."""

from PySide6.QtWidgets import QAbstractItemView, QTableView


def choose_whole_rows(table: QTableView, mode: QAbstractItemView.SelectionMode) -> None:
    """Rows are chosen, not cells, and nothing is typed into them; Tab leaves the table. A heading sorts."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(mode)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setAccessibleName("columns")
    table.setSortingEnabled(True)
