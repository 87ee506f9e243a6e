"""The training settings, made from their declarations: two columns, what is fixed says why."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cnnplay.viewmodels.forecast import ForecastModel
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.settings import SettingsModel
from cnnplay.widgets.fields import FieldEditor, field_editor
from cnnplay.widgets.forecast import ForecastLine
from cnnplay.widgets.panel import Panel
from cnnplay.widgets.theme import role, theme

ORDER = ("optimizer", "batch_size", "learning_rate", "weight_decay", "epochs", "momentum", "seed")
"""From left to right, then down: what is changed most comes first. Others follow as they are declared."""


class SettingsPanel(Panel):
    """A field for each setting, the forecast below."""

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
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(12))
        grid.setVerticalSpacing(theme().px(6))
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        for place, field in enumerate(sorted(settings.fields, key=lambda field: _rank(field.name))):
            self._add(grid, field_editor(field), place)
        self.forecast_line = ForecastLine(forecast)
        self.body.addLayout(grid)
        self.body.addWidget(self._fault)
        self.body.addWidget(self.forecast_line)
        self.body.addStretch(1)
        settings.changed.connect(self.refresh)
        run.state_changed.connect(self.refresh)
        self.refresh()

    def _add(self, grid: QGridLayout, editor: FieldEditor, place: int) -> None:
        name = editor.field.name
        label = QLabel(editor.field.label)
        label.setBuddy(editor.inputs()[0])
        label.setToolTip(editor.field.help)
        editor.edited.connect(self._setter(name))
        editor.setMinimumWidth(theme().px(72))
        self.editors[name], self._labels[name] = editor, label
        row, column = divmod(place, 2)
        grid.addWidget(label, row, 2 * column)
        grid.addWidget(editor, row, 2 * column + 1, Qt.AlignmentFlag.AlignVCenter)

    def _setter(self, name: str) -> Any:
        def set_(value: object) -> None:
            self._settings.set(name, value)

        return set_

    @Slot()
    def refresh(self) -> None:
        """Shows the values, their faults, and what can be changed now."""
        running = self._run.active
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


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
