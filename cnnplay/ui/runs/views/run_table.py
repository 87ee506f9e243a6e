"""The table of runs: sortable, filterable, with a swatch in the color of each run's curves."""

from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.kit.views.row_table import RowTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.runs.run_columns import column_index
from cnnplay.ui.runs.run_table import SLOT_ROLE
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_plot import COLORS

SWATCH = 10
"""The side of a swatch, in design pixels."""


class RunTableView(RowTable):
    """`open_requested`, `delete_requested`, `filter_requested`: by a key or a double-click."""

    open_requested = Signal()
    delete_requested = Signal()
    filter_requested = Signal()
    ROW = 26
    WIDEST, ARROW = 220, 0
    KEYS = KeyTable(
        "Table of runs",
        KeyRow("Open the run in the editor", dict.fromkeys(ENTER, lambda view: view.open_requested.emit())),
        KeyRow("Delete the selected runs", {Qt.Key.Key_Delete: lambda view: view.delete_requested.emit()}),
        KeyRow("Filter", {Qt.Key.Key_Slash: lambda view: view.filter_requested.emit()}),
    )

    def __init__(self, runs: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(QAbstractItemView.SelectionMode.ExtendedSelection, parent)
        self._runs = runs
        self._selecting = False
        self._fitted = False
        self.setModel(runs.filtered)
        self.setItemDelegateForColumn(0, SwatchDelegate(self))
        self.setAccessibleName("runs")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.horizontalHeader().setSectionsMovable(True)
        self.sortByColumn(column_index("created"), Qt.SortOrder.DescendingOrder)
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self._double_clicked)
        runs.selection_changed.connect(self._show_selected)
        runs.rows_changed.connect(self._rows_changed)
        theme().changed.connect(self._restyle)

    def fit_columns(self) -> None:
        self._fitted = True
        super().fit_columns()

    def save_columns(self) -> bytes:
        """Order, widths and sorting of the columns, and the text size that the widths are for."""
        state = bytes(self.horizontalHeader().saveState().toBase64().data())
        return f"{theme().text_scale:g}:".encode() + state

    def restore_columns(self, kept: bytes) -> None:
        """Restores what `save_columns` returned; ignores invalid data."""
        scale, _, state = kept.partition(b":")
        if self.horizontalHeader().restoreState(QByteArray.fromBase64(state)):
            self._fitted = scale == f"{theme().text_scale:g}".encode()
            self._rows_changed()

    def reset_columns(self) -> None:
        """Restores the defaults: newest run on top."""
        header = self.horizontalHeader()
        for number in range(self.horizontalHeader().count()):
            header.moveSection(header.visualIndex(number), number)
        self.sortByColumn(column_index("created"), Qt.SortOrder.DescendingOrder)
        self._fitted = False
        self._rows_changed()

    @Slot()
    def _selection_changed(self, *_: QItemSelection) -> None:
        if self._selecting or self._runs.updating:
            return
        rows = [index.row() for index in self.selectionModel().selectedRows()]
        listed = [self._runs.filtered.run_at(row).path for row in sorted(rows)]
        self._selecting = True
        self._runs.select(listed)
        self._selecting = False

    @Slot()
    def _show_selected(self) -> None:
        """Shows a selection that was made elsewhere."""
        if self._selecting:
            return
        self._selecting = True
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().clearSelection()
        rows = [self._runs.filtered.row_of(path) for path in self._runs.selected]
        for number, row in enumerate(row for row in rows if row is not None):
            index = self._runs.filtered.index(row, 0)
            if not number:
                self.selectionModel().setCurrentIndex(index, flags.NoUpdate)
            self.selectionModel().select(index, flags.Select | flags.Rows)
        self._selecting = False

    @Slot()
    def _rows_changed(self) -> None:
        if not self._fitted and self._runs.filtered.rowCount():
            self.fit_columns()

    @Slot(QModelIndex)
    def _double_clicked(self, _: QModelIndex) -> None:
        self.open_requested.emit()

    @Slot()
    def _restyle(self) -> None:
        if self._fitted:
            self.fit_columns()


class SwatchDelegate(QStyledItemDelegate):
    """A swatch before a run's name, in the color of its curves; the space is reserved if it has none."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        shifted = QStyleOptionViewItem(option)
        room = theme().px(SWATCH + 10)
        self.initStyleOption(shifted, index)
        style = shifted.widget.style()
        style.drawPrimitive(style.PrimitiveElement.PE_PanelItemViewItem, shifted, painter, shifted.widget)
        place = shifted.rect.adjusted(room, 0, -theme().px(4), -1)
        painter.save()
        painter.setPen(theme().color("text"))
        painter.setFont(shifted.font)
        text = painter.fontMetrics().elidedText(shifted.text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        slot = index.data(SLOT_ROLE)
        if slot is not None:
            self._paint_swatch(painter, QRectF(shifted.rect), slot)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        size.setWidth(size.width() + theme().px(SWATCH + 10))
        return size

    def _paint_swatch(self, painter: QPainter, row: QRectF, slot: int) -> None:
        side = theme().px(SWATCH)
        paint_swatch(
            painter, QRectF(row.left() + theme().px(5), row.center().y() - side / 2, side, side), slot
        )


def paint_swatch(painter: QPainter, square: QRectF, slot: int) -> None:
    """Filled, or only a frame for a dashed curve."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = theme().run(slot)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(color if slot < COLORS else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(square, 2, 2)


def swatch(slot: int) -> QIcon:
    """The swatch as an icon."""
    side = theme().px(SWATCH)
    pixmap = QPixmap(2 * side + 4, 2 * side + 4)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_swatch(painter, QRectF(1, 1, side, side), slot)
    painter.end()
    return QIcon(pixmap)
