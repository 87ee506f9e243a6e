"""The runs as a table that sorts and filters; what is chosen stays chosen while rows come and change."""

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
from cnnplay.ui.runs.run_columns import COLUMNS, less, row_words

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
SLOT = Qt.ItemDataRole.UserRole
"""The role under which a row's first column says its curves' slot; None where it has none."""
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunTable(QAbstractTableModel):
    """All rows, in the order in which they were first seen."""

    def __init__(self, slot_of: Callable[[str], int | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slot_of = slot_of
        self._rows: list[RunRow] = []
        self._where: dict[str, int] = {}

    def update(self, rows: Sequence[RunRow]) -> None:
        """Shows these: others go, new ones come at the end, and of the rest only what changed is told."""
        wanted = {row.path for row in rows}
        for place in reversed([i for i, row in enumerate(self._rows) if row.path not in wanted]):
            self.beginRemoveRows(NOWHERE, place, place)
            del self._rows[place]
            self.endRemoveRows()
        self._where = {row.path: place for place, row in enumerate(self._rows)}
        for row in rows:
            known = self._where.get(row.path)
            if known is not None and self._rows[known] != row:
                self._rows[known] = row
                self.dataChanged.emit(self.index(known, 0), self.index(known, len(COLUMNS) - 1))
        fresh = [row for row in rows if row.path not in self._where]
        if fresh:
            first = len(self._rows)
            self.beginInsertRows(NOWHERE, first, first + len(fresh) - 1)
            self._rows += fresh
            self._where |= {row.path: first + number for number, row in enumerate(fresh)}
            self.endInsertRows()

    def update_slots(self) -> None:
        """The colours are others."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    def row(self, place: int) -> RunRow:
        return self._rows[place]

    def place_of(self, path: str) -> int | None:
        return self._where.get(path)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if column.number else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return row_words(row)
            case Qt.ItemDataRole.UserRole:
                return self._slot_of(row.path) if index.column() == 0 else None
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if column.number else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return f"{column.hint}. A click sorts by it."
            case _:
                return None


class PickedRuns(QSortFilterProxyModel):
    """Those of them that the filter takes, sorted by the column that was clicked."""

    def __init__(self, table: RunTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._filter = Filter()
        self.setDynamicSortFilter(True)
        self.setSourceModel(table)

    def set_filter(self, picks: Filter) -> None:
        self._filter = picks
        self.invalidate()

    def run_at(self, row: int) -> RunRow:
        return self._table.row(self.mapToSource(self.index(row, 0)).row())

    def row_of(self, path: str) -> int | None:
        """Where a run stands; None where it is not shown."""
        place = self._table.place_of(path)
        if place is None:
            return None
        row = self.mapFromSource(self._table.index(place, 0)).row()
        return row if row >= 0 else None

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._filter.takes(self._table.row(source_row))

    def lessThan(self, left: Index, right: Index) -> bool:
        sort = COLUMNS[left.column()].sort
        descending = self.sortOrder() == Qt.SortOrder.DescendingOrder
        first, second = self._table.row(left.row()), self._table.row(right.row())
        one, other = sort(first), sort(second)
        if one == other:  # the newest first, and always in the same order
            return ((first.created, first.path) > (second.created, second.path)) != descending
        return less(one, other, descending)
