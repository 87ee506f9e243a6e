"""The differences between the two selected runs, side by side."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.theme import follow_theme, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_labels import labels
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_plot import shortened
from cnnplay.ui.runs.views.run_table import swatch

NAMES_SHARE = 0.45
"""The largest part of the width for the names."""
ROW = 24
HEADER_MARGIN = 44
"""Design pixels of a column's header for swatch, margins and scroll bar."""


class RunDifferencePanel(Panel):
    """A table of what is not the same in both runs."""

    def __init__(self, runs: RunsModel, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__("Difference", parent=parent)
        self._runs, self._actions = runs, actions
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName("difference between two runs")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.empty = EmptyState("", parent=self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.body.addLayout(self._stack, 1)
        actions.difference_changed.connect(self.refresh)
        follow_theme(self.refresh)

    @Slot()
    def refresh(self) -> None:
        rows = self._actions.difference
        if rows:
            self._fill()
        elif rows is not None:
            self.empty.set_text("Both runs have the same network, data, settings and outcome.")
        else:
            self.empty.set_text(self._actions.difference_problem or "Comparing …")
        self._stack.setCurrentWidget(self.table if rows else self.empty)
        count = sum(not row.heading for row in rows or ())
        self.set_muted("1 difference" if count == 1 else f"{count:,} differences" if count else "")

    def _fill(self) -> None:
        rows = self._actions.difference or ()
        self.table.setRowCount(len(rows))
        self.table.clearSpans()
        strong = QFont(theme().font(strong=True))
        for number, row in enumerate(rows):
            self.table.setRowHeight(number, theme().px(ROW))
            for place, text in enumerate((row.name, row.first, row.second)):
                item = QTableWidgetItem(text)
                item.setToolTip(tip(text))
                if row.heading:
                    item.setFont(strong)
                elif not place:
                    item.setForeground(theme().color("text_muted"))
                self.table.setItem(number, place, item)
            if row.heading:
                self.table.setSpan(number, 0, 1, 3)
        self._share_width()

    def _share_width(self) -> None:
        """Gives the names the width they need, within limits, and shortens the runs' labels to the rest."""
        most = round(NAMES_SHARE * self.width())
        first = min(self.table.sizeHintForColumn(0) + theme().px(8), most)
        self.table.setColumnWidth(0, first)
        metrics, room = self.table.fontMetrics(), (self.width() - first) // 2 - theme().px(HEADER_MARGIN)
        pair = self._runs.selected_rows
        if len(pair) != 2:
            return
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem(""))
        for number, (row, label) in enumerate(zip(pair, labels(pair), strict=True), start=1):
            item = QTableWidgetItem(
                swatch(self._runs.slot_of(row.path) or 0), shortened(label, metrics, room)
            )
            item.setToolTip(tip(f"{label}\n{row.path}"))
            self.table.setHorizontalHeaderItem(number, item)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()
