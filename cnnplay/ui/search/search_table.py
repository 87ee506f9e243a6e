"""The trials of a study as a table: number, value, state, and a column per parameter."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cnnplay.search.rows import TrialRow
from cnnplay.search.values import value_text
from cnnplay.search.variables import Variable
from cnnplay.spec.tasks import DEFAULT, TASKS, Metric
from cnnplay.ui.kit.numerals import metric_text
from cnnplay.ui.kit.text import duration_text

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
STATE_ROLE = Qt.ItemDataRole.UserRole
"""The role of a trial's state, in each cell."""
BEST_ROLE = Qt.ItemDataRole.UserRole + 1
"""The role of whether the trial is the best."""
FIXED_COLUMNS = (
    ("trial", "Trial number, in order of start. Trials that came too late or were repeated leave gaps"),
    ("value", "The best validation {} over its epochs"),
    ("state", "Complete, pruned, failed, stopped, …"),
    ("epochs", "Completed epochs"),
    ("time", "Duration of the trial"),
)
LEADING = 3
"""How many of them come before the parameters. The value's column is named after its metric."""


class TrialTable(QAbstractTableModel):
    """Sorts its rows itself: there are hundreds of trials, not thousands."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._variables: tuple[Variable, ...] = ()
        self._metric = TASKS[DEFAULT].primary
        self._rows: list[TrialRow] = []
        self._best: int | None = None
        self._order = (0, Qt.SortOrder.DescendingOrder)

    def show(
        self, variables: Sequence[Variable], rows: Sequence[TrialRow], best: int | None, metric: Metric
    ) -> None:
        """Shows these trials, whose values are of `metric`. If they are the same ones, only their cells
        change.
        """
        found = self._sorted(list(rows), tuple(variables))
        numbers = [row.number for row in found]
        shown = self._variables, self._metric, [row.number for row in self._rows]
        if (tuple(variables), metric, numbers) == shown:
            self._rows, self._best = found, best
            if found:
                self.dataChanged.emit(self.index(0, 0), self.index(len(found) - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self._variables, self._rows, self._best = tuple(variables), found, best
        self._metric = metric
        self.endResetModel()

    def number_at(self, row: int) -> int:
        return self._rows[row].number

    def row_of(self, number: int) -> int | None:
        return next((place for place, row in enumerate(self._rows) if row.number == number), None)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(FIXED_COLUMNS) + len(self._variables)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if self._is_number(column) else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return row.why or None
            case _ if role == STATE_ROLE:
                return row.state
            case _ if role == BEST_ROLE:
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
                return variable.label if variable is not None else self._heading(section)
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if self._is_number(section) else LEFT
            case Qt.ItemDataRole.ToolTipRole:
                hint = FIXED_COLUMNS[self._place(section)][1].format(self._metric.title)
                hint = hint if variable is None else variable.field.help
                return f"{hint.rstrip('.')}. Click to sort."
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

    # Columns: trial, value, state, the parameters, epochs, time

    def _variable(self, column: int) -> Variable | None:
        place = column - LEADING
        return self._variables[place] if 0 <= place < len(self._variables) else None

    def _place(self, column: int) -> int:
        """The index among the fixed columns."""
        return column if column < LEADING else column - len(self._variables)

    def _heading(self, column: int) -> str:
        name = FIXED_COLUMNS[self._place(column)][0]
        return self._metric.title if name == "value" else name

    def _is_number(self, column: int) -> bool:
        variable = self._variable(column)
        if variable is not None:
            return variable.field.type not in ("choice", "flag", "padding")
        return FIXED_COLUMNS[self._place(column)][0] not in ("trial", "state")  # a trial number is a name

    def _text(self, row: TrialRow, column: int) -> str:
        variable = self._variable(column)
        if variable is not None:
            value = row.settings.get(variable.name)
            return "–" if value is None else value_text(value)
        match FIXED_COLUMNS[self._place(column)][0]:
            case "trial":
                return str(row.number)
            case "value":
                return "–" if row.value is None else metric_text(self._metric, row.value)
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
    """The sort key of a trial; trials without one (None) come last."""
    place = column - LEADING
    if 0 <= place < len(variables):
        value = row.settings.get(variables[place].name)
        return None if value is None else (str(value), 0.0) if isinstance(value, str) else ("", float(value))
    name = FIXED_COLUMNS[
        column if column < LEADING else min(column - len(variables), len(FIXED_COLUMNS) - 1)
    ][0]
    match name:
        case "trial":
            return row.number
        case "value":
            return row.value
        case "state":
            return row.state
        case "epochs":
            return row.epochs
        case _:
            return row.seconds
