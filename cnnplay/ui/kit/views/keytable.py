"""The keys of a view that are not QActions, in one table that binds them and feeds the list of shortcuts, so
that the list is always complete and correct."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

KeyAction: TypeAlias = Callable[[Any], object]
"""What a key does to a view. Returns False if it does not apply, so that the key is not consumed."""
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
OTHER_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


@dataclass(frozen=True)
class KeyRow:
    """Keys that belong together, and a description of what they do. `shift`: together with Shift."""

    description: str
    actions: Mapping[Qt.Key, KeyAction]
    shift: bool = False

    @property
    def text(self) -> str:
        """``Left, Right``, in the system's spelling; the number pad's Enter is not listed separately."""
        shown = [key for key in self.actions if key != Qt.Key.Key_Enter]
        held = Qt.KeyboardModifier.ShiftModifier if self.shift else Qt.KeyboardModifier.NoModifier
        native = QKeySequence.SequenceFormat.NativeText
        return ", ".join(QKeySequence(held | key).toString(native) for key in shown)


class KeyTable:
    """All keys of a view. `where` is the view's name in the list of shortcuts."""

    def __init__(self, where: str, *rows: KeyRow) -> None:
        self.where = where
        self.rows = rows

    def press(self, view: Any, event: QKeyEvent) -> bool:
        """Runs the key's action. Returns whether there was one.

        With Shift, a row for Shift takes precedence; other keys do the same with and without Shift. Keys
        pressed with Ctrl, Alt or Meta are left to menus and the system.
        """
        if event.modifiers() & OTHER_MODIFIERS:
            return False
        key = Qt.Key(event.key())
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        for held in (True, False) if shift else (False,):
            action = next(
                (row.actions[key] for row in self.rows if row.shift == held and key in row.actions), None
            )
            if action is not None:
                return action(view) is not False
        return False

    def entries(self) -> list[tuple[str, str, str]]:
        """(where, description, keys) of each row."""
        return [(self.where, row.description, row.text) for row in self.rows]

    def sentence(self) -> str:
        """``Left, Right: a step; Space: play`` for a tooltip."""
        return "; ".join(
            f"{row.text}: {row.description[0].lower()}{row.description[1:]}" for row in self.rows
        )
