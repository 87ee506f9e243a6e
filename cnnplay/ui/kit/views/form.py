"""A form created from field declarations: labels and editors in one or two columns, with messages."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.ui.kit.views.fields import FieldEditor, FlagEditor, PaddingEditor, PairEditor, field_editor
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import follow_theme, theme

WIDEST = 120
"""The widest field, in design pixels, so that numbers to compare are below one another. The two numbers
of a pair share it."""


class FieldForm(QWidget):
    """Editors for some fields. `edited(name, value)`: the user changed a field."""

    edited = Signal(str, object)

    def __init__(self, fields: tuple[FieldInfo, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editors: dict[str, FieldEditor] = {}
        self.messages: dict[str, QLabel] = {}
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for field in fields:
            self._make(field)
        self._arrange(1)
        follow_theme(self._restyle)

    def set_values(self, values: dict[str, Any], problems: dict[str, str]) -> None:
        """Shows values, and problems at their fields. None means that values differ."""
        for name, editor in self.editors.items():
            editor.set_value(values.get(name))
            message = problems.get(name, "")
            editor.set_problem(message)
            self.messages[name].setText(message)
            self.messages[name].setVisible(bool(message))

    def focus_first(self) -> None:
        """Gives the first field keyboard focus."""
        for editor in self.editors.values():
            editor.inputs()[0].setFocus(Qt.FocusReason.TabFocusReason)
            return

    def fit(self, width: int) -> None:
        """Uses two columns if they fit into `width`."""
        self._arrange(2 if len(self.editors) > 2 and width >= self._two_need() else 1)

    def _two_need(self) -> int:
        names = tuple(self.editors)
        half = -(-len(names) // 2)
        gap = self._grid.horizontalSpacing()
        return gap + sum(
            max(self.editors[name].label.sizeHint().width() for name in column)
            + gap
            + max(self.editors[name].sizeHint().width() for name in column)
            for column in (names[:half], names[half:])
        )

    def _restyle(self) -> None:
        px = theme().px
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(6))
        for editor in self.editors.values():
            pair = editor.pair if isinstance(editor, PaddingEditor) else editor
            if isinstance(pair, PairEditor):
                gaps = pair.times.sizeHint().width() + 2 * px(6)
                for spin in pair.inputs():
                    spin.setMaximumWidth((px(WIDEST) - gaps) // 2)
            if not isinstance(editor, (PairEditor, FlagEditor)):
                editor.inputs()[0].setMaximumWidth(px(WIDEST))

    def _make(self, field: FieldInfo) -> None:
        editor = self.editors[field.name] = field_editor(field)
        editor.edited.connect(self.edited)
        message = self.messages[field.name] = wrapped("", "fault")
        message.hide()

    def _arrange(self, columns: int) -> None:
        """Fills one column after the other, so that Tab goes down the left one first."""
        if columns == self._columns:
            return
        self._columns = columns
        while self._grid.count():
            self._grid.takeAt(0)
        rows = -(-len(self.editors) // columns)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for index, (name, editor) in enumerate(self.editors.items()):
            column, row = 2 * (index // max(1, rows)), 2 * (index % max(1, rows))
            self._grid.addWidget(editor.label, row, column)
            self._grid.addWidget(editor, row, column + 1, left)
            self._grid.addWidget(self.messages[name], row + 1, column, 1, 2)
        for column in range(2):
            self._grid.setColumnStretch(2 * column + 1, 1 if column < columns else 0)
