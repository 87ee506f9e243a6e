"""One group of the settings: labels and fields in as many columns as fit."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.ui.kit.views.fields import FieldEditor, field_editor
from cnnplay.ui.kit.views.inputs import UnitLabel
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.theme import theme

FRAME, ARROW = 22, 41
"""Pixels around the number of a field, and around the text of a combo box."""
DIGITS = "0.001"
"""The minimum width of a field shows a number this long."""
GAP, BETWEEN, ROWS = 6, 12, 6
"""Pixels between a label and its field, between two columns, and between rows."""


class SettingsPage(QWidget):
    """Fields from left to right, then down; `tail` follows the last of them, `below` gets the rest.
    `beside` has widgets to the right of single fields, by field name.

    `edited(name, value)` is emitted for user edits only.
    """

    edited = Signal(str, object)

    def __init__(
        self,
        fields: tuple[FieldInfo, ...],
        most_columns: int = 2,
        tail: QWidget | None = None,
        below: QWidget | None = None,
        beside: dict[str, QWidget] | None = None,
    ) -> None:
        super().__init__()
        self.editors: dict[str, FieldEditor] = {}
        self.columns, self._most, self._units = 0, most_columns, True
        self.tail, self.below = tail, below
        self._beside = beside or {}
        self._cells: dict[str, QWidget] = {}
        self._grid = QGridLayout()
        self._outer = vbox(self._grid, into=self)
        for field in fields:
            self._add(field)
        if below is not None:
            self._outer.addWidget(below, 1)
            self._outer.addStretch(0)
        self._arrange(most_columns)
        self.restyle()

    def restyle(self) -> None:
        """Takes lengths from the theme."""
        px = theme().px
        self._grid.setHorizontalSpacing(px(GAP))
        self._grid.setVerticalSpacing(px(ROWS))
        self._outer.setSpacing(px(8))
        self._show_units(self._units)

    def _show_units(self, units: bool) -> None:
        self._units = units
        for editor in self.editors.values():
            unit = editor.findChild(UnitLabel)
            if unit is not None:
                unit.set_wanted(units)
            editor.setMinimumWidth(_least_width(editor, units))

    def fit(self, width: int, height: int, bar: int, rest: int) -> None:
        """Uses as many columns as fit into `width`; units, which the tooltips have too, are hidden first. If
        the fields and `rest` below them need more than `height`, a scroll bar takes `bar` of the width.
        """
        for columns in range(self._most, 1, -1):
            room = width - (bar if self._height(columns) + rest > height else 0)
            for units in (True, False):
                if self._width(columns, units) <= room:
                    self._take(columns, units)
                    return
        # Labels wrap if even one column has no room for them.
        self._take(1, True, wrapped=self._width(1, True) > width - bar)

    def _take(self, columns: int, units: bool, wrapped: bool = False) -> None:
        self._show_units(units)
        self._arrange(columns)
        for editor in self.editors.values():
            editor.label.setWordWrap(wrapped)

    def show_below(self, shown: bool) -> None:
        """Shows or hides the widget below the fields."""
        if self.below is not None:
            self.below.setVisible(shown)
            self._outer.setStretch(self._outer.count() - 1, 0 if shown else 1)

    def rest(self) -> int:
        """The minimum height of the widget below the fields."""
        return (
            0
            if self.below is None or self.below.isHidden()
            else self.below.minimumSizeHint().height() + theme().px(8)
        )

    def _width(self, columns: int, units: bool) -> int:
        px, names = theme().px, list(self.editors)
        need = (columns - 1) * px(BETWEEN) + columns * (px(GAP) + 1)  # for rounding
        for column in range(columns):
            own = names[column::columns]
            need += max((self.editors[name].label.sizeHint().width() for name in own), default=0)
            need += max((self._cell_width(name, units) for name in own), default=0)
        return need

    def _cell_width(self, name: str, units: bool) -> int:
        beside = self._beside.get(name)
        more = 0 if beside is None else beside.sizeHint().width() + theme().px(GAP)
        return _least_width(self.editors[name], units) + more

    def _height(self, columns: int) -> int:
        places = len(self.editors) + (1 if self.tail is not None else 0)
        rows = -(-places // columns)
        tallest = max((editor.sizeHint().height() for editor in self.editors.values()), default=0)
        return rows * tallest + (rows - 1) * theme().px(ROWS)

    def _arrange(self, columns: int) -> None:
        if columns == self.columns:
            return
        self.columns = columns
        while self._grid.count():
            self._grid.takeAt(0)
        place = 0
        for place, (name, editor) in enumerate(self.editors.items(), 1):
            row, column = divmod(place - 1, columns)
            self._grid.addWidget(editor.label, row, 3 * column)
            self._grid.addWidget(self._cells[name], row, 3 * column + 1, Qt.AlignmentFlag.AlignVCenter)
        if self.tail is not None:
            row, column = divmod(place, columns)
            self._grid.addWidget(self.tail, row, 3 * column, 1, 3 * (columns - column) - 1)
        for column in range(self._most):
            used = column < columns
            self._grid.setColumnStretch(3 * column + 1, 1 if used else 0)
            between = max(theme().px(BETWEEN) - 2 * theme().px(GAP), 0)
            self._grid.setColumnMinimumWidth(3 * column + 2, between if column < columns - 1 else 0)

    def _add(self, field: FieldInfo) -> None:
        editor = self.editors[field.name] = field_editor(field)
        editor.show_unit()
        editor.edited.connect(self.edited)
        self._cells[field.name] = self._cell(editor, self._beside.get(field.name))

    def _cell(self, editor: FieldEditor, beside: QWidget | None) -> QWidget:
        if beside is None:
            return editor
        cell = QWidget()
        hbox((editor, 1), beside, spacing=GAP, into=cell)
        return cell


def _least_width(editor: FieldEditor, units: bool) -> int:
    """The minimum width of a field: enough for all its values, except long numbers."""
    px, field, metrics = theme().px, editor.field, editor.inputs()[0].fontMetrics()
    if field.type == "flag":
        return editor.inputs()[0].sizeHint().width()
    if field.type == "choice":
        return max(metrics.horizontalAdvance(text) for text in field.choices) + px(ARROW)
    digits = DIGITS
    if field.type == "integer" and field.maximum is not None:
        digits = f"{min(int(field.maximum), 9999)}"
    unit = editor.findChild(UnitLabel)
    unit_width = unit.width_needed() if unit is not None and units else 0
    return metrics.horizontalAdvance(digits) + px(FRAME) + unit_width
