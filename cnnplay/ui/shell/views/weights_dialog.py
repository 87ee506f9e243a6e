"""The dialog before weights are loaded: which tensor becomes which parameter, and pairing them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.inputs import ComboBox
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import ElidedLabel, wrapped
from cnnplay.ui.kit.views.row_table import RowTable
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.shell.importing import ReadWeights
from cnnplay.ui.shell.pairing_table import RESULT_ROLE, PairingTable

if TYPE_CHECKING:
    from cnnplay.modules.pairing import Pairing

MATCHES = {"name": "by name", "order": "by order and shape"}
LOAD_HINT = "Replace the network's weights; Train ▸ Restore previous weights brings them back"
TENSOR_HINT = "The tensor to load into the selected parameter: those of its shape that are not in use"
NONE = "none (initialize)"
COLORS = {"missing": "fault", "another shape": "fault", "unexpected": "text_muted"}
"""The colors of rows that are not loaded."""


class PairingView(RowTable):
    """`choose_requested`: the user wants to choose the selected parameter's tensor."""

    choose_requested = Signal()
    WIDEST = 250
    KEYS = KeyTable(
        "Weights to load",
        KeyRow(
            "Choose the tensor for the parameter",
            dict.fromkeys((Qt.Key.Key_Space, Qt.Key.Key_F2), lambda view: view.choose_requested.emit()),
        ),
    )

    def __init__(self, table: PairingTable, parent: QWidget | None = None) -> None:
        super().__init__(QAbstractItemView.SelectionMode.SingleSelection, parent)
        self.setSortingEnabled(False)  # the order is the network's
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.setModel(table)
        self.setItemDelegate(PairingDelegate(self))
        self.setAccessibleName("tensors and parameters")
        self.setToolTip(tip(f"A row per parameter. {self.KEYS.sentence()}"))
        self.doubleClicked.connect(self.choose_requested)
        self.fit_columns()


class PairingDelegate(QStyledItemDelegate):
    """Shows in the color of problems what is not loaded."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        color = theme().color(COLORS.get(index.data(RESULT_ROLE), "text"))
        for part in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(part, color)


class WeightsDialog(QDialog):
    """Asks what to load of a file; `pairing` is the answer."""

    def __init__(self, read: ReadWeights, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Load weights")
        self._read = read
        self.pairing: Pairing = next(iter(read.pairings.values()))
        self._table = PairingTable(self.pairing, read.types, self)
        self.table = PairingView(self._table)
        self.match, self.tensor = ComboBox(()), ComboBox(())
        self.match.setToolTip("How the tensors of the file are matched with the network's parameters")
        self._from_table = False
        """Whether the tensor is being chosen for a row of the table, which then has the focus again."""
        self._tensor_label = QLabel()
        self.notes, self.summary = wrapped(), wrapped(name="strong")
        self._make_buttons()
        self._lay_out()
        self.match.activated.connect(self._match_chosen)
        self.tensor.activated.connect(self._tensor_chosen)
        self.table.choose_requested.connect(self._choose)
        self.table.selectionModel().currentRowChanged.connect(self._row_changed)
        self._refresh(self._table.first_lacking)
        self.table.setFocus()

    def _make_buttons(self) -> None:
        self.buttons = QDialogButtonBox()
        self.load = role(QPushButton("Load"), "primary")
        self.buttons.addButton(self.load, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        cancel.setAutoDefault(False)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        read = self._read
        title = role(ElidedLabel(f"{read.path.name} into {read.network.name}"), "title")
        warning = role(ElidedLabel(f"The outputs will be meaningless: {read.warning}"), "fault")
        for key in read.pairings:
            self.match.addItem(MATCHES[key], key)
        self.match.setCurrentIndex(0)
        match_label = QLabel("&Match")
        for label, box, name in (
            (match_label, self.match, "Match"),
            (self._tensor_label, self.tensor, "Tensor for the selected parameter"),
        ):
            label.setBuddy(box)
            box.setAccessibleName(name)
        match_row = QWidget()
        hbox(match_label, self.match, None, into=match_row)
        frame = role(QFrame(), "panel")
        vbox(self.table, into=frame)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme().px(8))
        for widget in (title, self.notes, warning, match_row):
            layout.addWidget(widget)
        layout.addWidget(frame, 1)
        layout.addLayout(hbox(self._tensor_label, (self.tensor, 1)))
        layout.addWidget(self.summary)
        layout.addWidget(self.buttons)
        warning.setVisible(bool(read.warning))
        match_row.setVisible(len(read.pairings) > 1)
        self.tensor.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        resize_first(self, QSize(theme().px(1060), theme().px(600)))

    def _refresh(self, row: int) -> None:
        """Shows the pairing, and selects a row."""
        lines = (self.pairing.layout.title, *self._read.notes)
        self.notes.setText("\n".join(line[:1].upper() + line[1:] for line in lines))
        self.summary.setText(self.pairing.summary)
        reason = "" if self.pairing.loaded else "no tensor has a parameter: choose one below the table"
        set_available(self.load, LOAD_HINT, reason)
        self.load.setDefault(True)  # Qt makes another button the default while it is disabled
        self.table.selectRow(row)
        self._row_changed()

    @Slot()
    def _row_changed(self) -> None:
        """Offers the tensors that the selected parameter can have."""
        pair = self._table.pair_at(self.table.currentIndex().row())
        parameter = "" if pair is None else pair.parameter
        choices = self.pairing.choices(parameter) if parameter else ()
        self._tensor_label.setText(f"&Tensor for {parameter}" if parameter else "&Tensor")
        # Qt measures a text with a mnemonic a little too narrow.
        self._tensor_label.setMinimumWidth(self._tensor_label.sizeHint().width() + theme().px(2))
        self.tensor.clear()
        for name in choices:
            self.tensor.addItem(name, name)
        self.tensor.addItem(NONE, "")
        current = "" if pair is None else pair.tensor
        self.tensor.setCurrentIndex(choices.index(current) if current in choices else len(choices))
        reason = "" if choices else "no unused tensor has its shape" if parameter else "select a parameter"
        set_available(self.tensor, TENSOR_HINT, reason)

    @Slot()
    def _choose(self) -> None:
        if self.tensor.isEnabled():
            self._from_table = True
            self.tensor.setFocus()
            self.tensor.showPopup()

    @Slot()
    def _match_chosen(self) -> None:
        self.pairing = self._read.pairings[self.match.currentData()]
        self._table.show(self.pairing)
        self._refresh(self._table.first_lacking)

    @Slot()
    def _tensor_chosen(self) -> None:
        pair = self._table.pair_at(self.table.currentIndex().row())
        if pair is None or not pair.parameter:
            return
        self.pairing = self.pairing.paired(pair.parameter, self.tensor.currentData())
        self._table.show(self.pairing)
        self._refresh(self._table.row_of(pair.parameter))
        if self._from_table:
            self.table.setFocus()
            self._from_table = False
