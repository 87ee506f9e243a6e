"""The trials of a study as a table: number, state, accuracy, and a column for each thing that varies."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cnnplay.search.rows import TrialRow
from cnnplay.search.values import value_text
from cnnplay.search.variables import Variable
from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.kit.text import duration_text

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
STATE = Qt.ItemDataRole.UserRole
"""The role under which each cell says its trial's state."""
BEST = Qt.ItemDataRole.UserRole + 1
"""… and whether that is the best."""
FIRST = (
    ("trial", "In the order in which they began; those that came too late or were tried again leave gaps"),
    ("accuracy", "The best validation accuracy of its epochs"),
    ("state", "Complete, or why it is not"),
    ("epochs", "How many are done"),
    ("time", "From its beginning to its end"),
)
BEFORE = 3
"""So many of them stand before what varies."""


class TrialTable(QAbstractTableModel):
    """Sorts itself: there are hundreds of trials, not thousands."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._variables: tuple[Variable, ...] = ()
        self._rows: list[TrialRow] = []
        self._best: int | None = None
        self._order = (0, Qt.SortOrder.DescendingOrder)

    def show(self, variables: Sequence[Variable], rows: Sequence[TrialRow], best: int | None) -> None:
        """Shows these trials. Where they are the same ones, only their cells are told to be others."""
        found = self._sorted(list(rows), tuple(variables))
        same = tuple(variables) == self._variables and [row.number for row in found] == [
            row.number for row in self._rows
        ]
        if same:
            self._rows, self._best = found, best
            if found:
                self.dataChanged.emit(self.index(0, 0), self.index(len(found) - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self._variables, self._rows, self._best = tuple(variables), found, best
        self.endResetModel()

    def number_at(self, row: int) -> int:
        return self._rows[row].number

    def row_of(self, number: int) -> int | None:
        return next((place for place, row in enumerate(self._rows) if row.number == number), None)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(FIRST) + len(self._variables)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if self._is_number(column) else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return row.why or None
            case _ if role == STATE:
                return row.state
            case _ if role == BEST:
                return row.number == self._best
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        variable = self._variable(section)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return variable.label if variable is not None else FIRST[self._place(section)][0]
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if self._is_number(section) else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                hint = variable.field.help if variable is not None else FIRST[self._place(section)][1]
                return f"{hint.rstrip('.')}. A click sorts by it."
            case _:
                return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (column, order)
        self.layoutAboutToBeChanged.emit()
        before = [row.number for row in self._rows]
        self._rows = self._sorted(self._rows, self._variables)
        places = {row.number: place for place, row in enumerate(self._rows)}
        for index in self.persistentIndexList():
            self.changePersistentIndex(index, self.index(places[before[index.row()]], index.column()))
        self.layoutChanged.emit()

    # Columns: trial, accuracy, state, what varies, epochs, time

    def _variable(self, column: int) -> Variable | None:
        place = column - BEFORE
        return self._variables[place] if 0 <= place < len(self._variables) else None

    def _place(self, column: int) -> int:
        """Among those that every study has."""
        return column if column < BEFORE else column - len(self._variables)

    def _is_number(self, column: int) -> bool:
        variable = self._variable(column)
        if variable is not None:
            return variable.field.type not in ("choice", "flag", "padding")
        return FIRST[self._place(column)][0] not in ("trial", "state")  # a trial's number is its name

    def _text(self, row: TrialRow, column: int) -> str:
        variable = self._variable(column)
        if variable is not None:
            value = row.settings.get(variable.name)
            return "–" if value is None else value_text(value)
        match FIRST[self._place(column)][0]:
            case "trial":
                return str(row.number)
            case "accuracy":
                return "–" if row.value is None else percent(row.value)
            case "state":
                return row.state
            case "epochs":
                return f"{row.epochs:,}"
            case _:
                return duration_text(row.seconds) if row.seconds else "–"

    def _sorted(self, rows: list[TrialRow], variables: tuple[Variable, ...]) -> list[TrialRow]:
        column, order = self._order
        down = order == Qt.SortOrder.DescendingOrder
        known = [row for row in rows if _key(row, column, variables) is not None]
        rest = [row for row in rows if _key(row, column, variables) is None]
        known.sort(
            key=lambda row: (_key(row, column, variables), -row.number if down else row.number), reverse=down
        )
        return known + sorted(rest, key=lambda row: row.number)


def _key(row: TrialRow, column: int, variables: tuple[Variable, ...]) -> Any:
    """What a trial is sorted by; None where it has none: it comes last."""
    place = column - BEFORE
    if 0 <= place < len(variables):
        value = row.settings.get(variables[place].name)
        return None if value is None else (str(value), 0.0) if isinstance(value, str) else ("", float(value))
    name = FIRST[column if column < BEFORE else min(column - len(variables), len(FIRST) - 1)][0]
    match name:
        case "trial":
            return row.number
        case "accuracy":
            return row.value
        case "state":
            return row.state
        case "epochs":
            return row.epochs
        case _:
            return row.seconds
