"""A form made from field declarations: label and editor in one or two columns, faults where they are."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.widgets.fields import FieldEditor, field_editor
from cnnplay.widgets.theme import role, theme

TWO_COLUMNS_FROM = 520
"""The width in the design's pixels from which fields stand in two columns."""


WIDEST = 800
"""Wider fields would put the numbers too far from their names."""


class FieldForm(QWidget):
    """Editors for some fields. `edited(name, value)`."""

    edited = Signal(str, object)

    def __init__(self, fields: tuple[FieldInfo, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editors: dict[str, FieldEditor] = {}
        self.messages: dict[str, QLabel] = {}
        self._labels: dict[str, QLabel] = {}
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme().px(12))
        self._grid.setVerticalSpacing(theme().px(6))
        for field in fields:
            self._make(field)
        self._arrange(1)
        self.setMaximumWidth(theme().px(WIDEST))

    def set_values(self, values: dict[str, Any], faults: dict[str, str]) -> None:
        """Shows values and, at their fields, faults. None stands for values that differ."""
        for name, editor in self.editors.items():
            editor.set_value(values.get(name))
            message = faults.get(name, "")
            editor.set_fault(message)
            self.messages[name].setText(message)
            self.messages[name].setVisible(bool(message))

    def focus_first(self) -> None:
        """Puts the keyboard into the first field."""
        for editor in self.editors.values():
            editor.inputs()[0].setFocus(Qt.FocusReason.TabFocusReason)
            return

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(2 if self.width() >= theme().px(TWO_COLUMNS_FROM) and len(self.editors) > 2 else 1)

    def _make(self, field: FieldInfo) -> None:
        editor = field_editor(field)
        label = QLabel(field.label)
        label.setToolTip(field.help)
        label.setBuddy(editor.inputs()[0])
        message = QLabel()
        message.setWordWrap(True)
        message.hide()
        role(message, "fault")
        self.editors[field.name], self._labels[field.name], self.messages[field.name] = editor, label, message
        editor.edited.connect(self._emitter(field.name))

    def _emitter(self, name: str) -> Any:
        def emit(value: object) -> None:
            self.edited.emit(name, value)

        return emit

    def _arrange(self, columns: int) -> None:
        """Columns are filled one after the other, so that the tabulator goes down the left one first."""
        if columns == self._columns:
            return
        self._columns = columns
        while self._grid.count():
            self._grid.takeAt(0)
        rows = -(-len(self.editors) // columns)
        for index, name in enumerate(self.editors):
            column, row = 2 * (index // max(1, rows)), 2 * (index % max(1, rows))
            self._grid.addWidget(self._labels[name], row, column)
            self._grid.addWidget(self.editors[name], row, column + 1)
            self._grid.addWidget(self.messages[name], row + 1, column, 1, 2)
        for column in range(2):
            self._grid.setColumnStretch(2 * column + 1, 1 if column < columns else 0)
