"""What a search is to vary, ticked field by field: settings, and fields of the network's blocks."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.network.fields import FieldInfo, complaint, fields_of
from cnnplay.network.network import ids, walk
from cnnplay.search.space import Choices, Entry, Range, Space, Value
from cnnplay.search.suggest import suggested
from cnnplay.search.values import value_words as in_words
from cnnplay.search.variables import Variable, varying_settings
from cnnplay.spec.settings import GROUPS
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.train.settings import SettingsModel, value_words

FIRST = ("learning_rate",)
"""Ticked at first: it matters most."""
BLOCKS = "blocks"
NO_BLOCKS = "Choose a layer in the stack to vary its fields."
EVEN, LOG = "even", "log"
STEPS = (2, 4, 8, 16, 32)
FEWEST = 2
"""Choices of which one is drawn."""


class VaryRow(msgspec.Struct, frozen=True):
    """A field as the list shows it. `fault`: what is wrong with its range."""

    variable: Variable
    ticked: bool
    present: str
    """The value that it has now, in words."""
    fault: str = ""

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
    def scale(self) -> str:
        """``even``, ``log`` or ``step 2``."""
        entry = self.entry
        if isinstance(entry, Choices):
            return ""
        return LOG if entry.log else EVEN if entry.step is None else f"step {entry.step:g}"

    @property
    def scales(self) -> tuple[str, ...]:
        """All that its range may have."""
        steps = tuple(f"step {step}" for step in STEPS) if self.variable.whole else ()
        return tuple(dict.fromkeys((EVEN, LOG, *steps, self.scale)))


class VaryGroup(msgspec.Struct, frozen=True):
    """Rows that belong together under a title."""

    key: str
    title: str
    hint: str
    rows: tuple[VaryRow, ...]
    empty: str = ""
    """What to do for rows to stand here."""


class SpaceModel(QObject):
    """Holds what is ticked, by name, and each field's range, whether it is ticked or not.

    Fields of blocks are those of the chosen block, and those that are ticked. `changed`: something of it.
    """

    changed = Signal()

    def __init__(self, editor: EditorModel, settings: SettingsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._settings = editor, settings
        self._ticked: set[str] = set(FIRST)
        self._entries: dict[str, Entry] = {}
        self._groups: tuple[VaryGroup, ...] = ()
        for signal in (editor.changed, editor.selection_changed, settings.changed):
            signal.connect(self.refresh)
        self.refresh()

    @property
    def groups(self) -> tuple[VaryGroup, ...]:
        """All fields, as they are listed."""
        return self._groups

    def row(self, name: str) -> VaryRow:
        """KeyError for a field that is not listed."""
        for group in self._groups:
            for row in group.rows:
                if row.name == name:
                    return row
        raise KeyError(name)

    @property
    def ticked(self) -> tuple[VaryRow, ...]:
        return tuple(row for group in self._groups for row in group.rows if row.ticked)

    @property
    def space(self) -> Space:
        """What is ticked, as a search takes it."""
        return Space({row.name: row.entry for row in self.ticked})

    @property
    def problem(self) -> str:
        """Why nothing can be searched so; "" where it can."""
        if not self.ticked:
            return "tick what is to vary"
        return next((row.fault for row in self.ticked if row.fault), "")

    @property
    def words(self) -> str:
        """``3 fields vary``."""
        count = len(self.ticked)
        return (
            "nothing is ticked" if not count else "1 field varies" if count == 1 else f"{count} fields vary"
        )

    def tick(self, name: str, ticked: bool) -> None:
        """Has a field vary, or no more."""
        if ticked != (name in self._ticked):
            (self._ticked.add if ticked else self._ticked.discard)(name)
            self.refresh()

    def set_ends(self, name: str, low: float | None = None, high: float | None = None) -> None:
        """Another end of a range. One that breaks a limit is held too: `fault` then says what is wrong."""
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

    def set_scale(self, name: str, scale: str) -> None:
        """``even``, ``log`` or ``step 2``."""
        entry = self.row(name).entry
        if isinstance(entry, Range):
            step = int(scale.split()[1]) if scale.startswith("step") else None
            self._set(name, Range(entry.low, entry.high, scale == LOG, step))

    def set_choice(self, name: str, choice: Value, wanted: bool) -> None:
        """Takes a choice among those that are drawn, or out of them."""
        row = self.row(name)
        if isinstance(row.entry, Choices):
            kept = {one for one in row.entry.choices if one != choice} | ({choice} if wanted else set())
            every = (False, True) if row.field.type == "flag" else row.field.choices
            self._set(name, Choices(tuple(one for one in every if one in kept)))

    def show(self, space: Space) -> None:
        """Ticks just what a space varies."""
        self._ticked = set(space.vary)
        self._entries |= space.vary
        self.refresh()

    def _set(self, name: str, entry: Entry) -> None:
        if entry != self._entries.get(name):
            self._entries[name] = entry
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """The network, the chosen block or the settings are others."""
        config = self._settings.config
        groups = []
        for key, hint in GROUPS.items():
            fields = [field for field in varying_settings() if field.group == key]
            rows = tuple(self._row(field, getattr(config, field.name)) for field in fields)
            groups.append(VaryGroup(key, key.capitalize(), hint, rows))
        hint = "Fields of the chosen block, and of others those that are ticked."
        blocks = VaryGroup(BLOCKS, "Blocks", hint, self._of_blocks(), NO_BLOCKS)
        groups.insert(1, blocks)
        if tuple(groups) != self._groups:
            self._groups = tuple(groups)
            self.changed.emit()

    def _of_blocks(self) -> tuple[VaryRow, ...]:
        network, chosen = self._editor.network, self._editor.current
        self._ticked = {
            name for name in self._ticked if "." not in name or name.rpartition(".")[0] in ids(network)
        }
        return tuple(
            self._row(field, getattr(node, field.name), node.id)
            for node, _ in walk(network)
            for field in fields_of(type(node))
            if field.type != "text" and (node.id == chosen or f"{node.id}.{field.name}" in self._ticked)
        )

    def _row(self, field: FieldInfo, value: Any, node: str = "") -> VaryRow:
        name = f"{node}.{field.name}" if node else field.name
        entry = self._entries.get(name)
        if entry is None:
            entry = suggested(field, value)
            if name in self._ticked:  # from now on it stays, whatever the value becomes
                self._entries[name] = entry
        variable = Variable(name, field, entry, node)
        return VaryRow(variable, name in self._ticked, _present(field, value), fault_of(variable))


def fault_of(variable: Variable) -> str:
    """What is wrong with a range or its choices, in words; "" where nothing is."""
    entry, label = variable.entry, variable.label
    if isinstance(entry, Choices):
        return "" if len(entry.choices) >= FEWEST else f"{label}: choose two or more"
    for name, value in (("from", entry.low), ("to", entry.high)):
        if variable.whole and not isinstance(value, int):
            return f"{label}, {name}: must be a whole number; got {value:g}"
        expected = complaint(variable.field, value)
        if expected is not None:
            return f"{label}, {name}: must be {expected}; got {value:,.10g}"
    if not entry.low < entry.high:
        return f"{label}: the range must end above {entry.low:,.10g}; got {entry.high:,.10g}"
    if entry.log and entry.low <= 0:
        return f"{label}: a logarithmic range must begin above 0; got {entry.low:g}"
    if entry.step is not None and entry.step > entry.high - entry.low:
        return f"{label}: the step is larger than the range"
    return ""


def entry_words(entry: Entry) -> str:
    """``0.0001 to 0.01, log``, ``32 to 128 in steps of 32``, ``sgd, momentum or adam``."""
    if isinstance(entry, Choices):
        *others, last = map(in_words, entry.choices)
        return f"{', '.join(others)} or {last}" if others else last
    scale = ", log" if entry.log else "" if entry.step is None else f" in steps of {entry.step:g}"
    return f"{in_words(entry.low)} to {in_words(entry.high)}{scale}"


def _present(field: FieldInfo, value: Any) -> str:
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return "–" if value is None else value_words(field, value)
