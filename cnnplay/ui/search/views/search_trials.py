"""The table of trials, sortable, with the best one highlighted; and Promote to the editor."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QPushButton,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.row_table import RowTable
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_promotion import Promoter
from cnnplay.ui.search.search_table import BEST_ROLE, STATE_ROLE

EMPTY = (
    "Choose parameters and press Search: each trial is trained, evaluated and listed here.\n"
    "Trials are runs too: see their curves in Runs."
)
PROMOTE_HINT = (
    "Load network, settings and weights of the selected trial, or else of the best, into the editor. "
    "Undo restores the previous network (Enter)"
)
MUTED_STATES = ("pruned", "stopped", "lost", "waiting", "running")


class TrialTableView(RowTable):
    """Enter promotes the selected trial."""

    KEYS = KeyTable(
        "Table of trials",
        KeyRow("Promote the trial to the editor", dict.fromkeys(ENTER, lambda view: view.promote())),
        KeyRow("Best trial", {Qt.Key.Key_B: lambda view: view.to_best()}),
    )

    def __init__(self, model: SearchModel, promoter: Promoter, parent: QWidget | None = None) -> None:
        super().__init__(QAbstractItemView.SelectionMode.SingleSelection, parent)
        self._model, self._promoter, self._selecting = model, promoter, False
        self._fitted: tuple[str, ...] = ()
        self.setModel(model.table)
        self.setItemDelegate(TrialDelegate(self))
        self.setAccessibleName("trials")
        self.setToolTip(tip(f"A row per trial; click a header to sort. {self.KEYS.sentence()}"))
        self.horizontalHeader().setStretchLastSection(True)
        self.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self.promote)
        model.selection_changed.connect(self._show_selected)
        model.trials_changed.connect(self._rows_changed)
        theme().changed.connect(self._restyle)

    @Slot()
    def promote(self) -> bool:
        """Promotes the trial; returns whether that is possible."""
        if self._promoter.disabled_reason():
            return False
        self._promoter.promote()
        return True

    def to_best(self) -> bool:
        """Selects the best trial."""
        best = self._model.best
        self._model.select(None if best is None else best.number)
        return best is not None

    @Slot()
    def _selection_changed(self) -> None:
        if self._selecting:
            return
        rows = self.selectionModel().selectedRows()
        if rows:
            self._selecting = True
            self._model.select(self._model.table.number_at(rows[0].row()))
            self._selecting = False

    @Slot()
    def _show_selected(self) -> None:
        """Shows a selection that was made elsewhere."""
        if self._selecting:
            return
        self._selecting = True
        number = self._model.selected
        row = None if number is None else self._model.table.row_of(number)
        flags = QItemSelectionModel.SelectionFlag
        if row is None:
            self.selectionModel().clear()
        else:
            index = self._model.table.index(row, 0)
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)
        self._selecting = False

    @Slot()
    def _rows_changed(self) -> None:
        names = tuple(variable.name for variable in self._model.variables)
        if self._model.table.rowCount() and names != self._fitted:
            self._fitted = names
            self.fit_columns()
        self._show_selected()

    @Slot()
    def _restyle(self) -> None:
        self._fitted = ()


class TrialDelegate(QStyledItemDelegate):
    """Highlights the best trial, shows failed ones in the color of problems, and mutes unfinished ones."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        state = index.data(STATE_ROLE)
        if index.data(BEST_ROLE):
            option.font.setWeight(QFont.Weight.DemiBold)
            color = theme().color("good")
        elif state == "failed":
            color = theme().color("fault")
        elif state in MUTED_STATES:
            color = theme().color("text_muted")
        else:
            color = theme().color("text")
        for part in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(part, color)


class TrialsPanel(Panel):
    """The table, or what to do while there are no trials."""

    def __init__(self, model: SearchModel, promoter: Promoter, parent: QWidget | None = None) -> None:
        super().__init__("Trials", parent=parent)
        self._model, self._promoter = model, promoter
        self.table = TrialTableView(model, promoter)
        self.empty = EmptyState(EMPTY, parent=self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.body.addLayout(self._stack, 1)
        self.promote = role(QPushButton("Promote to the editor"), "primary")
        self.promote.clicked.connect(lambda: promoter.promote())
        self.add_corner(self.promote)
        for signal in (model.trials_changed, model.selection_changed, model.state_changed):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Updates the state, and whether the selected trial can be promoted."""
        self._stack.setCurrentWidget(self.table if self._model.rows else self.empty)
        self.set_muted(self._model.status_text)
        reason, row = self._promoter.disabled_reason(), self._model.selected_row
        which = "" if row is None or reason else f"Trial {row.number}. "
        set_available(self.promote, f"{which}{PROMOTE_HINT}", reason)
