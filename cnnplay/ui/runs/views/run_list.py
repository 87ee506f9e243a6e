"""The panel with the table of runs: a line to filter it, and what can be done with those that are chosen."""

from collections.abc import Callable
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
from cnnplay.ui.kit.views.confirm_replace import confirm_replace
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.runs.run_deeds import RunDeeds
from cnnplay.ui.runs.run_opening import RunOpener
from cnnplay.ui.runs.run_weighing import SWEEP_WORDS, Weighed
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_table import RunTableView

EMPTY = (
    "Each training leaves a run here: its curves, its settings, its weights.\n"
    "Train a network (F5), or run “cnnplay train” in a terminal.\n"
    "A run elsewhere is added with “Add…”."
)
NO_MATCH = "No run is like that.\nTake words out of the filter, or clear it with Esc."
FILTER_HINT = (
    "Words pick runs; each must hold. A bare word is looked for in name, data, note and tags.\n"
    'field:text looks in one field: data:mnist  state:done  optimizer:adam  note:"batch norm"\n'
    "field=text is the whole of it: data=mnist is not mnist-sample\n"
    "field<number compares (also <=, >, >=, =): lr<0.01  acc>95%  epochs>=10  parameters<60k  size>20MB\n"
    "tag:good is a whole tag. A hyphen turns a word round: -failed  (/)"
)
FILTER = 130
"""The least width of the filter, in pixels of the design."""
PLACEHOLDER = "Filter: lr<0.01 tag:good"
OPEN_HINT = (
    "Network, settings and weights of the chosen run into the editor; undo brings back what was there (Enter)"
)


class FilterLine(QLineEdit):
    """Esc empties it, Enter and Down go to the table."""

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
    """`said(str)` is for the status line."""

    def __init__(
        self, runs: RunsModel, deeds: RunDeeds, opener: RunOpener, parent: QWidget | None = None
    ) -> None:
        super().__init__("Runs", parent=parent)
        self._runs, self._deeds, self._opener = runs, deeds, opener
        self.table = RunTableView(runs, self)
        self.filter = FilterLine()
        self.filter.setPlaceholderText(PLACEHOLDER)
        self.filter.setAccessibleName("filter the runs")
        self.filter.setClearButtonEnabled(True)
        self._problem = QLabel()
        role(self._problem, "fault")
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

    # What there is to do

    def _make_actions(self) -> None:
        self.open_action = self._action("Open in the editor", self._opener.open)
        self.delete_action = self._action("Delete…", self._deeds.weigh)
        self.csv_action = self._action("Tables (CSV)…", self._export_csv)
        self.board_action = self._action("TensorBoard files…", self._export_tensorboard)
        self.sweep_actions = [
            self._action(f"{words}…", _weighing(self._deeds, sweep))
            for sweep, (words, _) in SWEEP_WORDS.items()
        ]
        self.add_action = self._action("Add a folder…", self._add)
        self.add_action.setToolTip(
            "Lists a run that lies elsewhere (cnnplay train --out), or all runs in a folder, from now on"
        )
        self.forget_action = self._action("Take off the list", self._forget)
        self.rebuild_action = self._action("Read all folders again", lambda: self._runs.look_soon(True))
        self.rebuild_action.setToolTip(
            "Throws the index of the runs away and makes it anew from their folders"
        )

    def _action(self, text: str, deed: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda _checked=False: deed())
        return action

    def _make_bar(self) -> None:
        self.open_button = self._button(self.open_action, "Open", "Open the run in the editor")
        self.export_button = self._menu_button("Export", (self.csv_action, self.board_action))
        self.clean_button = self._menu_button("Clean up", (*self.sweep_actions, None, self.rebuild_action))
        self.delete_button = self._button(self.delete_action, "Delete…", "Delete the chosen runs")
        self.add_button = self._button(self.add_action, "Add…", "Add a folder of runs")
        self.export_button.setToolTip("The chosen runs as tables, or as files that TensorBoard shows.")
        self.clean_button.setToolTip("Frees disk: what of the chosen runs (or of all) is needed no more.")
        self.add_button.setToolTip(self.add_action.toolTip())
        for widget in (
            self.filter, self.open_button, self.export_button, self.clean_button, self.delete_button,
            self.add_button,
        ):  # fmt: skip
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.add_corner(widget)
        self.filter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._corner.insertStretch(0)
        self._corner.setStretchFactor(self.filter, 1)
        self._row.setStretch(2, 3)  # the filter takes most of what is left beside the title

    def _button(self, action: QAction, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(name)
        button.clicked.connect(action.trigger)
        return button

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
        self.table.filter_asked.connect(self.filter.setFocus)
        self.table.open_asked.connect(self.open_action.trigger)
        self.table.delete_asked.connect(self.delete_action.trigger)
        self.table.customContextMenuRequested.connect(self._menu_at)
        for signal in (self._runs.rows_changed, self._runs.chosen_changed, self._runs.told_changed):
            signal.connect(self._refresh)
        self._deeds.weighed.connect(self._ask)
        theme().changed.connect(self._restyle)

    @Slot()
    def _refresh(self) -> None:
        runs = self._runs
        self.set_muted(runs.words)
        self._problem.setText(runs.filter_problem or runs.trouble)
        self._problem.setVisible(bool(self._problem.text()))
        self._problem.setWordWrap(True)
        if not runs.loaded:
            self.empty.set_text("Looking for runs …")
        else:
            self.empty.set_text(NO_MATCH if runs.rows else EMPTY)
        self._stack.setCurrentWidget(self.table if runs.picked.rowCount() else self.empty)
        self.filter.setToolTip(FILTER_HINT)
        self._enable(self.open_action, self.open_button, OPEN_HINT, self._opener.disabled_reason())
        self._enable(
            self.delete_action,
            self.delete_button,
            "The chosen runs with their weights; asks first and says what it frees (Del)",
            self._deeds.why_not_delete(),
        )
        self._enable(
            self.csv_action, None, "A row a run, a row an epoch, a row a step", self._deeds.disabled_reason()
        )
        self._enable(
            self.board_action,
            None,
            "A folder for each run, for tensorboard --logdir",
            self._deeds.why_no_tensorboard(),
        )
        for action, (_, words) in zip(self.sweep_actions, SWEEP_WORDS.values(), strict=True):
            self._enable(action, None, words, "" if runs.rows else "there is no run yet")
        chosen = runs.chosen
        alone = "" if len(chosen) == 1 else "choose one run alone"
        here = "it lies in the store: delete it to be rid of it"
        elsewhere = len(chosen) == 1 and self._deeds.is_elsewhere(chosen[0])
        self._enable(
            self.forget_action, None, "Its files stay where they are", alone or ("" if elsewhere else here)
        )

    def _enable(self, action: QAction, button: QPushButton | None, hint: str, reason: str) -> None:
        words = f"{hint}.\nNot now: {reason}." if reason else f"{hint}."
        action.setEnabled(not reason)
        action.setToolTip(words)
        if button is not None:
            button.setEnabled(not reason)
            button.setToolTip(words)

    # Deeds

    @Slot()
    def _into_table(self) -> None:
        self.table.setFocus()
        if not self.table.selectionModel().hasSelection() and self._runs.picked.rowCount():
            self.table.selectRow(0)

    @Slot(QPoint)
    def _menu_at(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = (
            (self.open_action,),
            (self.csv_action, self.board_action),
            (*self.sweep_actions, self.forget_action, self.delete_action),
        )
        for group in groups:
            menu.addActions(list(group))
            menu.addSeparator()
        menu.popup(self.table.viewport().mapToGlobal(at))

    @Slot(object)
    def _ask(self, weighed: Weighed) -> None:
        if not weighed.paths:
            QMessageBox.information(
                self, "CNN Playground", "There is nothing to clean up.\n" + "\n".join(weighed.kept[:3])
            )
            return
        box = QMessageBox(self)
        box.setWindowTitle("Delete runs" if weighed.sweep is None else SWEEP_WORDS[weighed.sweep][0])
        box.setText(weighed.question)
        box.setInformativeText(weighed.words)
        deed = "Delete" if weighed.sweep is None else "Clean up"
        yes = box.addButton(deed, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is yes:
            self._deeds.carry_out(weighed)

    def _export_csv(self) -> None:
        def export(where: Path) -> None:
            if confirm_replace(self, self._deeds.tables_in(where)):
                self._deeds.export_csv(where)

        self._into_folder("Write the tables into", export)

    def _export_tensorboard(self) -> None:
        self._into_folder("Write TensorBoard's files into", self._deeds.export_tensorboard)

    def _add(self) -> None:
        self._into_folder("A run's folder, or one that holds runs", self._deeds.add)

    def _forget(self) -> None:
        self._deeds.forget(self._runs.chosen[0])

    def _into_folder(self, title: str, deed: Callable[[Path], None]) -> None:
        chosen = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if chosen:
            deed(Path(chosen))

    @Slot()
    def _restyle(self) -> None:
        self._corner.setSpacing(theme().px(8))
        whole = self.filter.fontMetrics().horizontalAdvance(PLACEHOLDER)
        self.filter.setMinimumWidth(theme().px(FILTER))
        self.filter.setMaximumWidth(whole + theme().px(48))


def _weighing(deeds: RunDeeds, sweep: Cleanup) -> Callable[[], None]:
    return lambda: deeds.weigh(sweep)
