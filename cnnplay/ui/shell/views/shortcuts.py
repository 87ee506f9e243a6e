"""The list of keyboard shortcuts, made from the bindings themselves."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnplay.ui.build.views import costs
from cnnplay.ui.build.views.stack import keys
from cnnplay.ui.kit.views import class_bars, tiles
from cnnplay.ui.kit.views.command import Command
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.learn.views import concept_canvas
from cnnplay.ui.look.views import confusion, draw_pad, overlay
from cnnplay.ui.plot.views import bars
from cnnplay.ui.runs.views.run_plot import RunPlot
from cnnplay.ui.runs.views.run_table import RunTableView
from cnnplay.ui.search.views import parallel_plot
from cnnplay.ui.search.views.search_trials import TrialTableView
from cnnplay.ui.shell.views.weights_dialog import PairingView
from cnnplay.ui.train.views.curves import CurvePlot

TABLES = (
    keys.KEYS,
    costs.KEYS,
    concept_canvas.KEYS,
    CurvePlot.KEYS,
    tiles.KEYS,
    bars.KEYS,
    class_bars.KEYS,
    overlay.KEYS,
    confusion.KEYS,
    draw_pad.KEYS,
    RunTableView.KEYS,
    RunPlot.KEYS,
    TrialTableView.KEYS,
    parallel_plot.KEYS,
    PairingView.KEYS,
)
"""The key tables of all views that have their own keys."""


def keys_of_views() -> list[tuple[str, str, str]]:
    """(where, what it does, keys) of all keys that are not actions."""
    return [row for table in TABLES for row in table.entries()]


def bindings(groups: Iterable[tuple[str, Iterable[Command]]]) -> list[tuple[str, str, str]]:
    """(group, what it does, keys) of every command with a shortcut."""
    return [
        (group, command.title, command.keys_text)
        for group, commands in groups
        for command in commands
        if command.keys_text
    ]


class ShortcutsDialog(QDialog):
    """All bindings in a table. `more` are keys that are not actions, such as the arrow keys in the stack."""

    def __init__(
        self,
        groups: Iterable[tuple[str, Iterable[Command]]],
        more: Iterable[tuple[str, str, str]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        rows = [*bindings(groups), *more]
        self.table = QTableWidget(len(rows), 3)
        self.table.setHorizontalHeaderLabels(["Where", "Command", "Keys"])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                self.table.setItem(number, column, QTableWidgetItem(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        resize_first(self, QSize(theme().px(720), theme().px(560)))
