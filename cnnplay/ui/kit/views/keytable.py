"""The keys of a view that are no actions, in one table: it says what a key does, and the list of shortcuts
reads it. So nothing can be listed that is not bound, nor bound and not listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

KeyAction: TypeAlias = Callable[[Any], object]
"""What a key does to a view; False where it cannot be done there, and the key is somebody else's."""
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
OTHER_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


@dataclass(frozen=True)
class KeyRow:
    """Keys that belong together, and what they do, in words. `shift`: held down with them."""

    description: str
    actions: Mapping[Qt.Key, KeyAction]
    shift: bool = False

    @property
    def text(self) -> str:
        """``Left, Right``, as the system writes them; the Enter of the number pad is not told apart."""
        shown = [key for key in self.actions if key != Qt.Key.Key_Enter]
        held = Qt.KeyboardModifier.ShiftModifier if self.shift else Qt.KeyboardModifier.NoModifier
        native = QKeySequence.SequenceFormat.NativeText
        return ", ".join(QKeySequence(held | key).toString(native) for key in shown)


class KeyTable:
    """All keys of a view. `where` is what the view is called in the list of shortcuts."""

    def __init__(self, where: str, *rows: KeyRow) -> None:
        self.where = where
        self.rows = rows

    def press(self, view: Any, event: QKeyEvent) -> bool:
        """Does what the key is for; whether it was for anything.

        With Shift a row for Shift goes first; keys without one do the same with and without. Keys held with
        Ctrl, Alt or Meta are the menus' and the system's.
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
        """(where, what it does, keys) of each row."""
        return [(self.where, row.description, row.text) for row in self.rows]

    def sentence(self) -> str:
        """``Left, Right: a step; Space: play`` for a tooltip."""
        return "; ".join(
            f"{row.text}: {row.description[0].lower()}{row.description[1:]}" for row in self.rows
        )
