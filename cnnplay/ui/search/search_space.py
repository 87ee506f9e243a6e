"""The search space, field by field: settings, and fields of the network's layers."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.fields import FieldInfo, fields_of, violated_limit
from cnnplay.network.network import ids, walk
from cnnplay.search.space import Choices, Entry, Range, Space, Value
from cnnplay.search.suggest import suggested
from cnnplay.search.values import value_text as choice_text
from cnnplay.search.variables import Variable, varying_settings
from cnnplay.spec.settings import GROUPS
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.train.settings import SettingsModel, value_text

INITIAL = ("learning_rate",)
"""Varied by default: it matters most."""
LAYERS = "layers"
NO_LAYER = "Select a layer in the stack to search its fields."
STEPS = (2, 4, 8, 16, 32)
FEWEST_CHOICES = 2
"""A categorical parameter needs at least two choices."""


class Scale(msgspec.Struct, frozen=True):
    """How values are sampled between the ends of a range."""

    log: bool = False
    step: int | float | None = None

    @property
    def label(self) -> str:
        if self.log:
            return "log-uniform"
        return "uniform" if self.step is None else f"step {self.step:g}"


class SpaceField(msgspec.Struct, frozen=True):
    """A row of the list: a field that can vary. `problem`: what is wrong with its range."""

    variable: Variable
    varied: bool
    current: str
    """Its current value, as text."""
    problem: str = ""

    @property
    def name(self) -> str:
        return self.variable.name

    @property
    def field(self) -> FieldInfo:
        return self.variable.field

    @property
    def entry(self) -> Entry:
        return self.variable.entry

    @property
    def scale(self) -> Scale | None:
        """None for a list of choices."""
        entry = self.entry
        return None if isinstance(entry, Choices) else Scale(entry.log, entry.step)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scales that its range can have."""
        steps = tuple(Scale(step=step) for step in STEPS) if self.variable.whole else ()
        current = () if self.scale is None else (self.scale,)
        return tuple(dict.fromkeys((Scale(), Scale(log=True), *steps, *current)))


class FieldGroup(msgspec.Struct, frozen=True):
    """Rows under a common title."""

    key: str
    title: str
    hint: str
    rows: tuple[SpaceField, ...]
    empty: str = ""
    """How to get rows here, shown if there are none."""


class SpaceModel(QObject):
    """Holds which fields vary, by name, and the range of each field, whether it varies or not.

    Layers' fields are listed for the selected layer, and for other layers only those that vary. `changed`:
    any of this changed.
    """

    changed = Signal()

    def __init__(self, editor: EditorModel, settings: SettingsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._settings = editor, settings
        self._varied: set[str] = set(INITIAL)
        self._entries: dict[str, Entry] = {}
        self._groups: tuple[FieldGroup, ...] = ()
        for signal in (editor.changed, editor.selection_changed, settings.changed):
            signal.connect(self.refresh)
        self.refresh()

    @property
    def groups(self) -> tuple[FieldGroup, ...]:
        """All fields, as listed."""
        return self._groups

    def row(self, name: str) -> SpaceField:
        """The row of a field. KeyError if it is not listed."""
        for group in self._groups:
            for row in group.rows:
                if row.name == name:
                    return row
        raise KeyError(name)

    @property
    def varied(self) -> tuple[SpaceField, ...]:
        return tuple(row for group in self._groups for row in group.rows if row.varied)

    @property
    def space(self) -> Space:
        """The search space for the engine."""
        return Space({row.name: row.entry for row in self.varied})

    @property
    def problem(self) -> str:
        """What is wrong with the space; "" if it can be searched."""
        if not self.varied:
            return "choose parameters to search"
        return next((row.problem for row in self.varied if row.problem), "")

    @property
    def summary(self) -> str:
        """``3 parameters``."""
        count = len(self.varied)
        return "1 parameter" if count == 1 else f"{count} parameters" if count else "no parameters"

    def set_varied(self, name: str, varied: bool) -> None:
        """Adds a field to the search space, or removes it."""
        if varied != (name in self._varied):
            (self._varied.add if varied else self._varied.discard)(name)
            self.refresh()

    def set_ends(self, name: str, low: float | None = None, high: float | None = None) -> None:
        """Changes the ends of a range. Invalid ones are kept too; `problem` then says what is wrong."""
        row = self.row(name)
        entry = row.entry
        if isinstance(entry, Range):
            whole = row.variable.whole
            given = {"low": low, "high": high}
            ends = {
                key: int(value) if whole and value == int(value) else value
                for key, value in given.items()
                if value is not None
            }
            self._set(name, msgspec.structs.replace(entry, **ends))

    def set_scale(self, name: str, scale: Scale) -> None:
        """Changes how values are sampled between the ends of a range."""
        entry = self.row(name).entry
        if isinstance(entry, Range):
            self._set(name, Range(entry.low, entry.high, scale.log, scale.step))

    def set_choice(self, name: str, choice: Value, wanted: bool) -> None:
        """Adds a choice to those that are sampled, or removes it."""
        row = self.row(name)
        if isinstance(row.entry, Choices):
            kept = {one for one in row.entry.choices if one != choice} | ({choice} if wanted else set())
            every = (False, True) if row.field.type == "flag" else row.field.choices
            self._set(name, Choices(tuple(one for one in every if one in kept)))

    def show(self, space: Space) -> None:
        """Replaces the search space."""
        self._varied = set(space.vary)
        self._entries |= space.vary
        self.refresh()

    def _set(self, name: str, entry: Entry) -> None:
        if entry != self._entries.get(name):
            self._entries[name] = entry
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Updates the list after a change of the network, the selected layer or the settings."""
        config = self._settings.config
        groups = []
        for key, hint in GROUPS.items():
            fields = [field for field in varying_settings() if field.group == key]
            rows = tuple(self._row(field, getattr(config, field.name)) for field in fields)
            groups.append(FieldGroup(key, key.capitalize(), hint, rows))
        hint = "Fields of the selected layer, and the chosen fields of other layers."
        groups.insert(1, FieldGroup(LAYERS, "Layers", hint, self._layer_rows(), NO_LAYER))
        if tuple(groups) != self._groups:
            self._groups = tuple(groups)
            self.changed.emit()

    def _layer_rows(self) -> tuple[SpaceField, ...]:
        network, selected = self._editor.network, self._editor.current
        self._varied = {
            name for name in self._varied if "." not in name or name.rpartition(".")[0] in ids(network)
        }
        return tuple(
            self._row(field, getattr(node, field.name), node.id)
            for node, _ in walk(network)
            for field in fields_of(type(node))
            if field.type != "text" and (node.id == selected or f"{node.id}.{field.name}" in self._varied)
        )

    def _row(self, field: FieldInfo, value: Any, node: str = "") -> SpaceField:
        name = f"{node}.{field.name}" if node else field.name
        entry = self._entries.get(name)
        if entry is None:
            entry = suggested(field, value)
            if name in self._varied:  # from now on it is kept, even if the value changes
                self._entries[name] = entry
        variable = Variable(name, field, entry, node)
        return SpaceField(variable, name in self._varied, _current_text(field, value), problem_of(variable))


def problem_of(variable: Variable) -> str:
    """What is wrong with a range or its choices; "" if nothing is."""
    entry, label = variable.entry, variable.label
    if isinstance(entry, Choices):
        return "" if len(entry.choices) >= FEWEST_CHOICES else f"{label}: choose at least two values"
    for name, value in (("from", entry.low), ("to", entry.high)):
        if variable.whole and not isinstance(value, int):
            return f"{label}, {name}: must be an integer; got {value:g}"
        expected = violated_limit(variable.field, value)
        if expected is not None:
            return f"{label}, {name}: must be {expected}; got {value:,.10g}"
    if not entry.low < entry.high:
        return f"{label}: the upper end must be above {entry.low:,.10g}; got {entry.high:,.10g}"
    if entry.log and entry.low <= 0:
        return f"{label}: a log-uniform range must start above 0; got {entry.low:g}"
    if entry.step is not None and entry.step > entry.high - entry.low:
        return f"{label}: the step is larger than the range"
    return ""


def entry_text(entry: Entry) -> str:
    """``0.0001 to 0.01, log-uniform``, ``32 to 128 in steps of 32``, ``sgd, momentum or adam``."""
    if isinstance(entry, Choices):
        *others, last = map(choice_text, entry.choices)
        return f"{', '.join(others)} or {last}" if others else last
    scale = ", log-uniform" if entry.log else "" if entry.step is None else f" in steps of {entry.step:g}"
    return f"{choice_text(entry.low)} to {choice_text(entry.high)}{scale}"


def _current_text(field: FieldInfo, value: Any) -> str:
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return "–" if value is None else value_text(field, value)
