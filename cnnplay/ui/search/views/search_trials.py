"""The table of trials: sorted by a click, the best marked, one chosen; and the way into the editor."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QFont, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QPushButton,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.row_table import RowTable
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_promotion import Promoter
from cnnplay.ui.search.search_table import BEST, STATE

ROW = 24
WIDEST = 160
EMPTY = (
    "Tick what is to vary, and press Search: trial after trial is trained, judged and listed here.\n"
    "Each is a run: its curves are in the workspace Runs."
)
PROMOTE_HINT = (
    "Network and settings of the chosen trial, or else of the best, become the editor's, with its weights. "
    "Undo brings back the network before (Enter)"
)
MUTED_STATES = ("pruned", "stopped", "lost", "waiting", "running")


class TrialTableView(RowTable):
    """`Enter` promotes."""

    KEYS = KeyTable(
        "Table of trials",
        KeyRow("Promote the trial to the editor", dict.fromkeys(ENTER, lambda view: view.promote())),
        KeyRow("The best trial", {Qt.Key.Key_B: lambda view: view.to_best()}),
    )

    def __init__(self, model: SearchModel, promoter: Promoter, parent: QWidget | None = None) -> None:
        super().__init__(QAbstractItemView.SelectionMode.SingleSelection, ROW, parent)
        self._model, self._promoter, self._choosing = model, promoter, False
        self._fitted: tuple[str, ...] = ()
        self.setModel(model.table)
        self.setItemDelegate(TrialDelegate(self))
        self.setAccessibleName("trials")
        self.setToolTip(f"A row a trial; a click on a heading sorts. {self.KEYS.sentence()}")
        self.horizontalHeader().setStretchLastSection(True)
        self.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self.promote)
        model.chosen_changed.connect(self._show_chosen)
        model.trials_changed.connect(self._rows_changed)
        theme().changed.connect(self._restyle)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.KEYS.press(self, event):
            super().keyPressEvent(event)

    @Slot()
    def promote(self) -> bool:
        """Takes the trial into the editor; whether that can be done."""
        if self._promoter.disabled_reason():
            return False
        self._promoter.promote()
        return True

    def to_best(self) -> bool:
        """Chooses the best trial."""
        best = self._model.best
        self._model.choose(None if best is None else best.number)
        return best is not None

    @Slot()
    def _selection_changed(self) -> None:
        if self._choosing:
            return
        rows = self.selectionModel().selectedRows()
        if rows:
            self._choosing = True
            self._model.choose(self._model.table.number_at(rows[0].row()))
            self._choosing = False

    @Slot()
    def _show_chosen(self) -> None:
        """Somebody else chose."""
        if self._choosing:
            return
        self._choosing = True
        number = self._model.chosen
        row = None if number is None else self._model.table.row_of(number)
        flags = QItemSelectionModel.SelectionFlag
        if row is None:
            self.selectionModel().clear()
        else:
            index = self._model.table.index(row, 0)
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)
        self._choosing = False

    @Slot()
    def _rows_changed(self) -> None:
        names = tuple(variable.name for variable in self._model.variables)
        if self._model.table.rowCount() and names != self._fitted:
            self._fitted = names
            self.fit_columns()
        self._show_chosen()

    def fit_columns(self) -> None:
        """Each as wide as what stands in it, within limits."""
        self.resizeColumnsToContents()
        for number in range(self._model.table.columnCount()):
            # Room for the arrow that says by which it is sorted.
            width = self.columnWidth(number) + theme().px(12)
            self.setColumnWidth(number, min(width, theme().px(WIDEST)))

    @Slot()
    def _restyle(self) -> None:
        self._fitted = ()


class TrialDelegate(QStyledItemDelegate):
    """The best trial stands out; one that failed has the faults' colour, one that was broken off is muted."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        state = index.data(STATE)
        if index.data(BEST):
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
    """Says what to do while there is none."""

    def __init__(self, model: SearchModel, promoter: Promoter, parent: QWidget | None = None) -> None:
        super().__init__("Trials", parent=parent)
        self._model, self._promoter = model, promoter
        self.table = TrialTableView(model, promoter)
        self.empty = EmptyState(EMPTY, parent=self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.body.addLayout(self._stack, 1)
        self.promote = QPushButton("Promote to the editor")
        role(self.promote, "primary")
        self.promote.clicked.connect(lambda: promoter.promote())
        self.add_corner(self.promote)
        for signal in (model.trials_changed, model.chosen_changed, model.state_changed):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """What is going on, and whether the chosen trial can be promoted."""
        self._stack.setCurrentWidget(self.table if self._model.rows else self.empty)
        self.set_muted(self._model.words)
        reason, row = self._promoter.disabled_reason(), self._model.chosen_row
        self.promote.setEnabled(not reason)
        which = "" if row is None else f"Trial {row.number}. "
        self.promote.setToolTip(f"{PROMOTE_HINT}\nNot now: {reason}" if reason else f"{which}{PROMOTE_HINT}")
