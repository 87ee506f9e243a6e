"""The panel with the table of runs, its filter, and the actions on selected runs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QWidget,
)

from cnnplay.runs.remove import Cleanup
from cnnplay.ui.kit.views.command import Command, CommandButton
from cnnplay.ui.kit.views.confirm_replace import confirm_replace
from cnnplay.ui.kit.views.dialog_title import MessageBox
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.runs.deletion_plan import CLEANUP_TEXTS, DeletionPlan
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_loader import RunLoader
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_table import RunTableView

EMPTY = (
    "Every training run is listed here, with its curves, settings and weights.\n"
    "Train a network (F5), or run “cnnplay train” in a terminal.\n"
    "To list runs in another folder, use “Add…”."
)
NO_MATCH = "No runs match the filter.\nPress Esc to clear it."
FILTER_HINT = (
    "List the runs that match all terms. A plain word is searched in name, data, note and tags.\n"
    'field:text searches one field: data:mnist  state:done  optimizer:adam  note:"batch norm"\n'
    "field=text matches the whole field: data=mnist does not match mnist-sample\n"
    "field<number compares (also <=, >, >=, =): lr<0.01  acc>95%  epochs>=10  parameters<60k  size>20MB\n"
    "tag:good matches a whole tag. A hyphen excludes: -failed  (/)"
)
FILTER_WIDTH = 130
"""The minimum width of the filter, in design pixels."""
PLACEHOLDER = "Filter: lr<0.01 tag:good"
OPEN_HINT = "Load network, settings and weights into the editor; undo restores the previous network (Enter)"
OPEN_BEST_HINT = "Open it with the weights of its best epoch; further training continues there as a new run"
ADD_HINT = "Add a run outside the store (cnnplay train --out), or all runs in a folder, to this list"


class FilterLine(QLineEdit):
    """Esc clears it; Enter and Down move the focus to the table."""

    left = Signal()

    def keyPressEvent(self, event: object) -> None:
        key = event.key()  # type: ignore[attr-defined]
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.left.emit()
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]


class RunListPanel(Panel):
    def __init__(
        self, runs: RunsModel, actions: RunActions, loader: RunLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__("Runs", parent=parent)
        self._runs, self._actions, self._loader = runs, actions, loader
        self.table = RunTableView(runs, self)
        self.filter = FilterLine()
        self.filter.setPlaceholderText(PLACEHOLDER)
        self.filter.setAccessibleName("filter the runs")
        self.filter.setClearButtonEnabled(True)
        self._problem = role(QLabel(), "fault")
        self.empty = EmptyState(EMPTY, parent=self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self._make_actions()
        self._make_bar()
        self.body.addWidget(self._problem)
        self.body.addLayout(self._stack, 1)
        self._connect()
        self._restyle()
        self._refresh()

    # Actions

    def _make_actions(self) -> None:
        runs, actions = self._runs, self._actions
        changes = (runs.rows_changed, runs.selection_changed, runs.values_changed)
        new = partial(Command, self, refresh_on=changes)
        self.open_action = new(
            "Open in editor",
            self._loader.open,
            hint=OPEN_HINT,
            disabled_reason=self._loader.disabled_reason,
        )
        self.open_action.setIconText("Open")
        self.open_best_action = new(
            "Open with best weights",
            lambda: self._loader.open(at_best=True),
            hint=OPEN_BEST_HINT,
            disabled_reason=self._loader.disabled_reason,
        )
        self.delete_action = new(
            "Delete…",
            actions.plan_deletion,
            hint="Delete the selected runs with their weights; you see first how much space that frees (Del)",
            disabled_reason=actions.delete_disabled_reason,
        )
        self.delete_action.setIconText("Delete…")
        self.csv_action = new(
            "CSV tables…",
            self._export_csv,
            hint="Write three tables: a row per run, per epoch and per step",
            disabled_reason=actions.disabled_reason,
        )
        self.tensorboard_action = new(
            "TensorBoard logs…",
            self._export_tensorboard,
            hint="Write a folder per run, for tensorboard --logdir",
            disabled_reason=actions.tensorboard_disabled_reason,
        )
        self.cleanup_actions = [
            new(
                f"{text}…",
                _planner(actions, cleanup),
                hint=f"{hint}.",
                disabled_reason=lambda: "" if runs.rows else "there are no runs yet",
            )
            for cleanup, (text, hint) in CLEANUP_TEXTS.items()
        ]
        self.add_action = new("Add folder…", self._add, hint=ADD_HINT)
        self.add_action.setIconText("Add…")
        self.forget_action = new(
            "Remove from list",
            self._forget,
            hint="Remove the run from this list; its files are kept",
            disabled_reason=self._forget_disabled_reason,
        )
        self.rebuild_action = new(
            "Rebuild index",
            lambda: runs.refresh_soon(True),
            hint="Rebuild the index of runs from their folders",
        )

    def _make_bar(self) -> None:
        self.open_button = CommandButton(self.open_action, "Open the run in the editor")
        self.export_button = self._menu_button("Export", (self.csv_action, self.tensorboard_action))
        self.clean_button = self._menu_button("Clean up", (*self.cleanup_actions, None, self.rebuild_action))
        self.delete_button = CommandButton(self.delete_action, "Delete the selected runs")
        self.add_button = CommandButton(self.add_action, "Add a folder of runs")
        self.export_button.setToolTip("Export the selected runs as CSV tables or TensorBoard logs")
        self.clean_button.setToolTip(
            tip("Free disk space: delete weights and checkpoints that the selected runs, or all, do not need")
        )
        for widget in (
            self.filter, self.open_button, self.export_button, self.clean_button, self.delete_button,
            self.add_button,
        ):  # fmt: skip
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.add_corner(widget)
        self.filter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._corner.insertStretch(0)
        self._corner.setStretchFactor(self.filter, 1)
        self._row.setStretch(2, 3)  # the filter takes most of the remaining width

    def _menu_button(self, text: str, actions: tuple[QAction | None, ...]) -> QPushButton:
        button, menu = QPushButton(text), QMenu(self)
        menu.setToolTipsVisible(True)
        for action in actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        button.setMenu(menu)
        button.setAccessibleName(text)
        return button

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._runs.set_filter)
        self.filter.left.connect(self._into_table)
        self.table.filter_requested.connect(self.filter.setFocus)
        self.table.open_requested.connect(self.open_action.trigger)
        self.table.delete_requested.connect(self.delete_action.trigger)
        self.table.customContextMenuRequested.connect(self._menu_at)
        for signal in (self._runs.rows_changed, self._runs.selection_changed, self._runs.values_changed):
            signal.connect(self._refresh)
        self._actions.deletion_planned.connect(self._confirm)
        theme().changed.connect(self._restyle)

    @Slot()
    def _refresh(self) -> None:
        runs = self._runs
        self.set_muted(runs.summary)
        self._problem.setText(runs.filter_problem or runs.store_problem)
        self._problem.setVisible(bool(self._problem.text()))
        self._problem.setWordWrap(True)
        if not runs.loaded:
            self.empty.set_text("Loading runs …")
        else:
            self.empty.set_text(NO_MATCH if runs.rows else EMPTY)
        self._stack.setCurrentWidget(self.table if runs.filtered.rowCount() else self.empty)
        self.filter.setToolTip(tip(FILTER_HINT))

    def _forget_disabled_reason(self) -> str:
        selected = self._runs.selected
        if len(selected) != 1:
            return "select a single run"
        here = "the run is in the store: delete it instead"
        return "" if self._actions.is_elsewhere(selected[0]) else here

    # Handlers

    @Slot()
    def _into_table(self) -> None:
        self.table.setFocus()
        if not self.table.selectionModel().hasSelection() and self._runs.filtered.rowCount():
            self.table.selectRow(0)

    @Slot(QPoint)
    def _menu_at(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = (
            (self.open_action, self.open_best_action),
            (self.csv_action, self.tensorboard_action),
            (*self.cleanup_actions, self.forget_action, self.delete_action),
        )
        for group in groups:
            menu.addActions(list(group))
            menu.addSeparator()
        menu.popup(self.table.viewport().mapToGlobal(at))

    @Slot(object)
    def _confirm(self, plan: DeletionPlan) -> None:
        if not plan.paths:
            QMessageBox.information(
                self, "CNN Playground", "Nothing to clean up.\n" + "\n".join(plan.kept[:3])
            )
            return
        box = MessageBox(self)
        box.setWindowTitle("Delete runs" if plan.cleanup is None else CLEANUP_TEXTS[plan.cleanup][0])
        box.setText(plan.question)
        box.setInformativeText(plan.details)
        action = "Delete" if plan.cleanup is None else "Clean up"
        yes = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is yes:
            self._actions.apply(plan)

    def _export_csv(self) -> None:
        def export(where: Path) -> None:
            if confirm_replace(self, self._actions.tables_in(where)):
                self._actions.export_csv(where)

        self._into_folder("Choose a folder for the tables", export)

    def _export_tensorboard(self) -> None:
        self._into_folder("Choose a folder for the TensorBoard logs", self._actions.export_tensorboard)

    def _add(self) -> None:
        self._into_folder("Choose a run folder, or a folder of runs", self._actions.add_folder)

    def _forget(self) -> None:
        self._actions.forget(self._runs.selected[0])

    def _into_folder(self, title: str, callback: Callable[[Path], None]) -> None:
        folder = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if folder:
            callback(Path(folder))

    @Slot()
    def _restyle(self) -> None:
        self._corner.setSpacing(theme().px(8))
        whole = self.filter.fontMetrics().horizontalAdvance(PLACEHOLDER)
        self.filter.setMinimumWidth(theme().px(FILTER_WIDTH))
        self.filter.setMaximumWidth(whole + theme().px(48))


def _planner(actions: RunActions, cleanup: Cleanup) -> Callable[[], None]:
    return lambda: actions.plan_deletion(cleanup)
