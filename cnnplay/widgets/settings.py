"""The training settings, made from their declarations: two columns, what is fixed says why."""

from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnplay.viewmodels.forecast import ForecastModel
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.settings import SettingsModel
from cnnplay.widgets.fields import FieldEditor, field_editor
from cnnplay.widgets.forecast import ForecastLine
from cnnplay.widgets.panel import Panel
from cnnplay.widgets.plan_line import PlanLine
from cnnplay.widgets.theme import role, theme

ORDER = ("optimizer", "batch_size", "learning_rate", "weight_decay", "epochs", "momentum", "seed")
"""From left to right, then down: what is changed most comes first. Others follow as they are declared."""

LARGEST_LEAST = (360, 156)
"""Real pixels that are asked for at least, however large the text is: the window must fit on its screen."""


class Room(QScrollArea):
    """Shows its content whole where that is possible on a small screen, and scrolls where it is not."""

    resized = Signal()

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def minimumSizeHint(self) -> QSize:
        return self._content.minimumSizeHint().boundedTo(QSize(*LARGEST_LEAST))

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class SettingsPanel(Panel):
    """A field for each setting; below, the forecast of a run, or what was chosen for the one that is on."""

    def __init__(
        self,
        settings: SettingsModel,
        run: RunModel,
        forecast: ForecastModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Settings", parent=parent)
        self._settings, self._run = settings, run
        self.editors: dict[str, FieldEditor] = {}
        self._labels: dict[str, QLabel] = {}
        self._fault = QLabel()
        self._fault.setWordWrap(True)
        role(self._fault, "fault")
        self._columns, self._two_need = 0, QSize()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme().px(8))
        self._grid.setVerticalSpacing(theme().px(6))
        for field in sorted(settings.fields, key=lambda field: _rank(field.name)):
            self._add(field_editor(field))
        self._arrange(2)
        self.forecast_line = ForecastLine(forecast, self)
        self.plan_line = PlanLine(run)
        run.history_changed.connect(self._show_plan)  # behind the line's own
        self._content = content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme().px(8))
        inner.addLayout(self._grid)
        inner.addWidget(self._fault)
        inner.addWidget(self.forecast_line)
        inner.addWidget(self.plan_line)
        inner.addStretch(1)
        self._room = Room(content)
        self._room.resized.connect(self._fit)
        self.body.addWidget(self._room)
        theme().changed.connect(self._restyle)
        settings.changed.connect(self.refresh)
        run.state_changed.connect(self.refresh)
        self.refresh()

    def _add(self, editor: FieldEditor) -> None:
        name = editor.field.name
        label = QLabel(editor.field.label)
        label.setBuddy(editor.inputs()[0])
        label.setToolTip(editor.field.help)
        editor.edited.connect(self._setter(name))
        editor.setMinimumWidth(_least_width(editor))
        self.editors[name], self._labels[name] = editor, label

    @Slot()
    def _restyle(self) -> None:
        for editor in self.editors.values():
            editor.setMinimumWidth(_least_width(editor))
        # Once all fields have their new type: what two columns need is another width now.
        QTimer.singleShot(0, self, self._measure)

    @Slot()
    def _measure(self) -> None:
        self._arrange(2)
        self._grid.invalidate()
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Two columns where there is room for them. A scroll bar counts only where they need it themselves:
        that of one column takes room that two would have.
        """
        if self._columns == 2:
            self._two_need = self._grid.minimumSize()
        content, room = self._content, self._room
        rest = content.sizeHint().height() - self._grid.sizeHint().height()
        scrolled = self._two_need.height() + rest > room.height()
        bar = room.verticalScrollBar().sizeHint().width() if scrolled else 0
        self._arrange(2 if room.width() - bar >= self._two_need.width() else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, (name, editor) in enumerate(self.editors.items()):
            row, column = divmod(place, columns)
            self._grid.addWidget(self._labels[name], row, 2 * column)
            self._grid.addWidget(editor, row, 2 * column + 1, Qt.AlignmentFlag.AlignVCenter)
        for column in range(2):
            self._grid.setColumnStretch(2 * column + 1, 1 if column < columns else 0)

    def _setter(self, name: str) -> Any:
        def set_(value: object) -> None:
            self._settings.set(name, value)

        return set_

    @Slot()
    def _show_plan(self) -> None:
        """The plan's details are in the title's tooltip: after a run too, when its line is gone."""
        self._title.setToolTip(self.plan_line.toolTip())

    @Slot()
    def refresh(self) -> None:
        """Shows the values, their faults, and what can be changed now."""
        running = self._run.active
        # One of the two: there is room for no more on a small screen.
        self.forecast_line.set_wanted(not running)
        self.plan_line.set_wanted(running)
        faults = []
        for name, editor in self.editors.items():
            fault = self._settings.fault_of(name)
            editor.set_value(getattr(self._settings.config, name))
            editor.set_fault(fault)
            if fault:
                faults.append(fault)
            fixed = self._settings.why_fixed(name, running)
            editor.setEnabled(not fixed)
            role(self._labels[name], "muted" if fixed else "")
            if fixed:
                for widget in editor.inputs():
                    widget.setToolTip(f"{editor.field.help}\nNot now: {editor.field.label} {fixed}")
        self._fault.setText("\n".join(faults))
        self._fault.setVisible(bool(faults))
        self.set_muted("the learning rate acts on the run at once" if running else "of the next run")


def _least_width(editor: FieldEditor) -> int:
    return theme().px(84 if editor.field.type == "choice" else 60)


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
