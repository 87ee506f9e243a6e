"""The right side of the workspace Runs: the table on top, curves and details below."""

from collections.abc import Iterator

from PySide6.QtCore import QByteArray, Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.splitter import SplitPage, Splitter
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_loader import RunLoader
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.runs.views.run_curve_panel import RunCurvePanel
from cnnplay.ui.runs.views.run_details import RunDetailsPanel
from cnnplay.ui.runs.views.run_difference import RunDifferencePanel
from cnnplay.ui.runs.views.run_list import RunListPanel

SELECT_HINT = "Select a run to add a note or tags.\nSelect two to see how they differ."
SEVERAL_HINT = "Select two runs to compare them, or one to edit its note and tags."


class RunsWorkspace(SplitPage):
    """Polls the store only while it is visible."""

    def __init__(
        self, runs: RunsModel, actions: RunActions, loader: RunLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Runs")
        self._runs = runs
        self._actions, self._loader = actions, loader
        self.rows = Splitter(Qt.Orientation.Vertical, parent=self)
        vbox((self.rows, 1), into=self)

    def build(self) -> Iterator[None]:
        self.list = RunListPanel(self._runs, self._actions, self._loader, self.rows)
        self.bottom = Splitter(Qt.Orientation.Horizontal, parent=self.rows)
        yield
        self.curves = RunCurvePanel(self._runs, self.bottom)
        self.side = QStackedWidget(self.bottom)
        yield
        self.placeholder = Panel("Run", parent=self.side)
        self._hint = EmptyState(SELECT_HINT)
        self.placeholder.body.addWidget(self._hint, 1)
        self.side.addWidget(self.placeholder)
        self.details = RunDetailsPanel(self._runs, self._actions, self.side)
        self.side.addWidget(self.details)
        yield
        self.difference = RunDifferencePanel(self._runs, self._actions, self.side)
        self.side.addWidget(self.difference)
        self._runs.selection_changed.connect(self._show_side)
        self._show_side()
        self.reset_layout()

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view was redrawn."""
        return {
            f"{plot.metric_name} of runs": plot.redraws for plot in (self.curves.loss, self.curves.primary)
        }

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._runs.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._runs.watch(False)

    @Slot()
    def _show_side(self) -> None:
        count = len(self._runs.selected)
        self._hint.set_text(SEVERAL_HINT if count > 2 else SELECT_HINT)
        self.placeholder.set_title("Run" if count < 2 else f"{count:,} runs")
        panels = {1: self.details, 2: self.difference}
        self.side.setCurrentWidget(panels.get(count, self.placeholder))

    def reset_layout(self) -> None:
        self.rows.setSizes([440, 560])
        self.bottom.setSizes([640, 360])
        self.rows.setStretchFactor(0, 1)
        self.rows.setStretchFactor(1, 1)
        self.bottom.setStretchFactor(0, 2)
        self.bottom.setStretchFactor(1, 1)
        self.curves.splitter.setSizes([500, 500])
        self.list.table.reset_columns()

    @property
    def splitters(self) -> tuple[QSplitter, ...]:
        return (self.rows, self.bottom, self.curves.splitter)

    def save_layout(self) -> QByteArray:
        return super().save_layout().append(self.list.table.save_columns())

    def restore_layout(self, state: QByteArray) -> bool:
        positions, _, columns = bytes(state.data()).rpartition(b" ")
        restored = super().restore_layout(QByteArray(positions))
        if restored:
            self.list.table.restore_columns(columns)
        return restored
