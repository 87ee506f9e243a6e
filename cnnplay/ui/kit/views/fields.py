"""Editors for single fields, created from their declarations."""

import math
import re
from functools import cached_property
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from cnnplay.network.fields import FieldInfo
from cnnplay.ui.kit.views.inputs import RIGHT, SEVERAL, ComboBox, IntSpinBox, UnitLabel
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.theme import mark_invalid, role
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.kit.views.undo_keys import forward_undo_to_window


class FieldEditor(QWidget):
    """Edits one field. `edited(name, value)` is emitted for user input only, never for `set_value`."""

    edited = Signal(str, object)

    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._row = hbox(spacing=6, into=self)

    @cached_property
    def label(self) -> QLabel:
        """The label to be put beside it."""
        label = QLabel(self.field.label)
        label.setToolTip(tip(self.field.help))
        label.setBuddy(self.inputs()[0])
        return label

    def inputs(self) -> tuple[QWidget, ...]:
        """The widgets that take keyboard focus."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Shows a value; None if several selected layers have different values."""
        raise NotImplementedError

    def show_unit(self) -> None:
        """Shows the field's unit after the number, if it has one."""

    def set_problem(self, message: str) -> None:
        """Marks the field as invalid, with the reason; "" removes the mark."""
        for widget in self.inputs():
            mark_invalid(widget, bool(message))
            widget.setToolTip(tip(message or _help(self.field)))

    def set_locked(self, reason: str) -> None:
        """Disables the field, and says why; "" enables it."""
        self.setEnabled(not reason)
        role(self.label, "muted" if reason else "")
        text = f"{self.field.help}\nUnavailable: {self.field.label} {reason}" if reason else self.field.help
        self.label.setToolTip(tip(text))
        if reason:
            for widget in self.inputs():
                widget.setToolTip(tip(text))

    def _emit_edited(self, value: object) -> None:
        self.edited.emit(self.field.name, value)

    def _name_inputs(self, *suffixes: str) -> None:
        for widget, suffix in zip(self.inputs(), suffixes or ("",) * len(self.inputs()), strict=False):
            widget.setAccessibleName(f"{self.field.label} {suffix}".strip())
            widget.setAccessibleDescription(self.field.help)
            forward_undo_to_window(widget)
            widget.setToolTip(tip(_help(self.field)))


class IntegerEditor(FieldEditor):
    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.spin = IntSpinBox(field)
        self.spin.valueChanged.connect(self._emit_edited)
        self._row.addWidget(self.spin)
        self._name_inputs()

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.spin,)

    def show_unit(self) -> None:
        if self.field.unit:
            UnitLabel(self.spin.lineEdit(), self.field.unit, framed=False)

    def set_value(self, value: Any) -> None:
        self.spin.show_value(value)


class NumberEditor(FieldEditor):
    """Any number, in any usual spelling: ``0.1``, ``1e-5``, ``0,01``."""

    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.line = QLineEdit()
        self.line.setAlignment(RIGHT)
        self.line.setPlaceholderText(SEVERAL)
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._finished)
        self._value: float | None = None
        self._row.addWidget(self.line)
        self._name_inputs()

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.line,)

    def show_unit(self) -> None:
        if self.field.unit:
            UnitLabel(self.line, self.field.unit)

    def set_value(self, value: Any) -> None:
        if value == self._value and self.line.hasFocus():
            return
        self._value = value
        self.line.setText("" if value is None else f"{value:g}")

    def _typed(self, text: str) -> None:
        number = read_number(text)
        if number is None:
            self.set_problem(
                f"{self.field.label} must be a number such as {self.field.default:g}; got “{text}”"
            )
            return
        self.set_problem("")
        self._value = number
        self._emit_edited(number)

    def _finished(self) -> None:
        """Replaces an invalid text by the last valid number."""
        if read_number(self.line.text()) is None and self._value is not None:
            self.set_problem("")
            self.line.setText(f"{self._value:g}")


class FlagEditor(FieldEditor):
    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = QCheckBox()
        self.box.clicked.connect(self._clicked)
        self._row.addWidget(self.box)
        self._row.addStretch(1)
        self._name_inputs()

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.box,)

    def set_value(self, value: Any) -> None:
        state = Qt.CheckState.PartiallyChecked if value is None else Qt.CheckState.Unchecked
        self.box.setCheckState(Qt.CheckState.Checked if value else state)

    def _clicked(self, checked: bool) -> None:
        self.box.setTristate(False)
        self._emit_edited(checked)


class ChoiceEditor(FieldEditor):
    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.combo = ComboBox(field.choices)
        self.combo.textActivated.connect(self._emit_edited)
        self._row.addWidget(self.combo)
        self._name_inputs()

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.combo,)

    def set_value(self, value: Any) -> None:
        self.combo.setCurrentIndex(-1 if value is None else self.combo.findText(value))


class PairEditor(FieldEditor):
    """Height and width. While they are linked, changing one changes both."""

    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.height_spin, self.width_spin = IntSpinBox(field), IntSpinBox(field)
        self.link = role(QToolButton(), "quiet")
        self.link.setText("square")
        self.link.setCheckable(True)
        self.link.setChecked(True)
        self.link.setAccessibleName(f"{field.label}: height equals width")
        self.link.setToolTip("Change height and width together. Turn off to change each on its own.")
        self.times = role(QLabel("×"), "muted")
        self._row.addWidget(self.height_spin, 1)
        self._row.addWidget(self.times)
        self._row.addWidget(self.width_spin, 1)
        self._row.addWidget(self.link)
        self.height_spin.valueChanged.connect(self._height_changed)
        self.width_spin.valueChanged.connect(self._width_changed)
        self.link.clicked.connect(self._linked)
        self._name_inputs("height", "width")

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.height_spin, self.width_spin)

    def set_value(self, value: Any) -> None:
        height, width = value if isinstance(value, tuple) else (None, None)
        self.height_spin.show_value(height)
        self.width_spin.show_value(width)
        if height != width:
            self.link.setChecked(False)

    def _height_changed(self, height: int) -> None:
        if self.link.isChecked():
            self.width_spin.show_value(height)
        self._emit()

    def _width_changed(self, width: int) -> None:
        if self.link.isChecked():
            self.height_spin.show_value(width)
        self._emit()

    def _linked(self, linked: bool) -> None:
        if linked and self.width_spin.value() != self.height_spin.value():
            self.width_spin.show_value(self.height_spin.value())
            self._emit()

    def _emit(self) -> None:
        self._emit_edited((self.height_spin.value(), self.width_spin.value()))


class PaddingEditor(FieldEditor):
    """A padding mode, or pixels for height and width."""

    PIXELS = "pixels"

    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.combo = ComboBox((*field.choices, self.PIXELS))
        self.combo.textActivated.connect(self._chosen)
        self.pair = PairEditor(field)
        self.pair.edited.connect(self.edited)
        self._row.addWidget(self.combo, 1)
        self._row.addWidget(self.pair, 2)
        self.pair.hide()
        self._pixels = (1, 1)
        self._name_inputs("", "height", "width")

    def inputs(self) -> tuple[QWidget, ...]:
        return (self.combo, *self.pair.inputs())

    def set_value(self, value: Any) -> None:
        pixels = isinstance(value, tuple)
        if pixels:
            self._pixels = value
            self.pair.set_value(value)
        text = self.PIXELS if pixels else value
        self.combo.setCurrentIndex(-1 if text is None else self.combo.findText(text))
        self.pair.setVisible(pixels)

    def _chosen(self, text: str) -> None:
        self._emit_edited(self._pixels if text == self.PIXELS else text)


def field_editor(field: FieldInfo) -> FieldEditor:
    """Creates the editor for a field's type. KeyError for an unknown type."""
    makers: dict[str, type[FieldEditor]] = {
        "integer": IntegerEditor,
        "number": NumberEditor,
        "flag": FlagEditor,
        "choice": ChoiceEditor,
        "pair": PairEditor,
        "padding": PaddingEditor,
    }
    return makers[field.type](field)


def read_number(text: str) -> float | None:
    """Reads a number with a decimal point or a decimal comma; None for any other text.

    A single comma is the decimal separator: ``0,01`` is 0.01, and ``1,024`` is 1.024. Fields of fractions
    (rates, probabilities, slopes) never show thousands separators, and a rate that is silently read as
    1,000 times too large does harm. With a second comma or a point, commas are thousands separators and must
    come before groups of three digits: ``1,024,000`` and ``1,024.5``. Integer fields have no decimal
    separator: there ``1,024`` is 1024.
    """
    plain = text.strip().replace("−", "-")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    elif "," in plain:
        if not _THOUSANDS.match(plain):
            return None
        plain = plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(?![\d,])")


def _help(field: FieldInfo) -> str:
    text = field.help
    if field.unit:
        text += f" In {field.unit}."
    if field.minimum is not None and field.maximum is not None:
        text += f" {_limit(field.minimum)} to {_limit(field.maximum)}."
    return text


def _limit(value: float) -> str:
    """``2,147,483,647``, ``0.99``"""
    return f"{value:,.0f}" if value == round(value) else f"{value:,g}"
