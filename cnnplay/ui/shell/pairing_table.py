"""Which tensor of a weights file would be loaded into which parameter, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from cnnplay.modules.pairing import Pair, Pairing

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
RESULT_ROLE = Qt.ItemDataRole.UserRole
"""The role of a row's result, in each cell."""
COLUMNS = ("parameter", "shape", "tensor in the file", "its shape", "type", "result")
RIGHT_ALIGNED = (1, 3)


class PairingTable(QAbstractTableModel):
    """A row for each parameter, then those of the tensors without one. `types` are the tensors' types."""

    def __init__(self, pairing: Pairing, types: dict[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._types = types
        self._pairing, self._pairs = pairing, pairing.pairs

    def show(self, pairing: Pairing) -> None:
        self.beginResetModel()
        self._pairing, self._pairs = pairing, pairing.pairs
        self.endResetModel()

    def pair_at(self, row: int) -> Pair | None:
        """The pair in a row; None outside the table."""
        return self._pairs[row] if 0 <= row < len(self._pairs) else None

    def row_of(self, parameter: str) -> int:
        """The row of a parameter."""
        return [pair.parameter for pair in self._pairs].index(parameter)

    @property
    def first_lacking(self) -> int:
        """The row of the first parameter that is not loaded; the first row if all are."""
        lacking = (row for row, pair in enumerate(self._pairs) if pair.result in ("missing", "another shape"))
        return next(lacking, 0)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pair = self._pairs[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._pairing.cells(pair, self._types)[index.column()]
            case Qt.ItemDataRole.TextAlignmentRole:
                return RIGHT if index.column() in RIGHT_ALIGNED else LEFT
            case _ if role == RESULT_ROLE:
                return pair.result
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section in RIGHT_ALIGNED else LEFT
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None
