"""The table of runs, as Qt models that sort and filter."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from cnnplay.runs.filter import Filter
from cnnplay.runs.row import RunRow
from cnnplay.ui.runs.run_columns import columns, row_tooltip, sorts_before

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
SLOT_ROLE = Qt.ItemDataRole.UserRole
"""The role of the slot of a row's curves, in its first column; None if it has none."""
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunTable(QAbstractTableModel):
    """All rows, in the order in which they were first found."""

    def __init__(self, slot_of: Callable[[str], int | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slot_of = slot_of
        self.columns = columns()
        self._rows: list[RunRow] = []
        self._where: dict[str, int] = {}

    def update(self, rows: Sequence[RunRow]) -> None:
        """Shows these rows with as few model changes as possible; new ones are appended."""
        wanted = {row.path for row in rows}
        for place in reversed([i for i, row in enumerate(self._rows) if row.path not in wanted]):
            self.beginRemoveRows(NO_PARENT, place, place)
            del self._rows[place]
            self.endRemoveRows()
        self._where = {row.path: place for place, row in enumerate(self._rows)}
        for row in rows:
            known = self._where.get(row.path)
            if known is not None and self._rows[known] != row:
                self._rows[known] = row
                self.dataChanged.emit(self.index(known, 0), self.index(known, len(self.columns) - 1))
        new = [row for row in rows if row.path not in self._where]
        if new:
            first = len(self._rows)
            self.beginInsertRows(NO_PARENT, first, first + len(new) - 1)
            self._rows += new
            self._where |= {row.path: first + number for number, row in enumerate(new)}
            self.endInsertRows()

    def update_slots(self) -> None:
        """Repaints the swatches."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    def row(self, place: int) -> RunRow:
        return self._rows[place]

    def source_row(self, path: str) -> int | None:
        return self._where.get(path)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if column.number else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return row_tooltip(row)
            case Qt.ItemDataRole.UserRole:
                return self._slot_of(row.path) if index.column() == 0 else None
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if column.number else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return f"{column.hint}. Click to sort."
            case _:
                return None


class FilteredRuns(QSortFilterProxyModel):
    """The rows that match the filter, sorted by the clicked column."""

    def __init__(self, table: RunTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._filter = Filter()
        self.setDynamicSortFilter(True)
        self.setSourceModel(table)

    def set_filter(self, row_filter: Filter) -> None:
        self._filter = row_filter
        self.invalidate()

    def run_at(self, row: int) -> RunRow:
        return self._table.row(self.mapToSource(self.index(row, 0)).row())

    def row_of(self, path: str) -> int | None:
        """The row of a run; None if it is filtered out."""
        place = self._table.source_row(path)
        if place is None:
            return None
        row = self.mapFromSource(self._table.index(place, 0)).row()
        return row if row >= 0 else None

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._filter.takes(self._table.row(source_row))

    def lessThan(self, left: Index, right: Index) -> bool:
        sort = self._table.columns[left.column()].sort
        descending = self.sortOrder() == Qt.SortOrder.DescendingOrder
        first, second = self._table.row(left.row()), self._table.row(right.row())
        one, other = sort(first), sort(second)
        if one == other:  # newest first, and always in the same order
            return ((first.created, first.path) > (second.created, second.path)) != descending
        return sorts_before(one, other, descending)
