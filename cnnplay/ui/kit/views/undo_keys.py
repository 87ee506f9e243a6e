"""Undo in a text field undoes changes of the network, instead of single characters in the field."""

from functools import cache

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

_KEYS = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class _Filter(QObject):
    """Keeps a field from consuming the undo keys, so that the window's actions get them."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        claimed = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if claimed and any(event.matches(key) for key in _KEYS):  # type: ignore[attr-defined]
            event.ignore()
            return True
        return False


@cache
def _filter() -> _Filter:
    return _Filter()


def forward_undo_to_window(widget: QWidget) -> None:
    """Lets the window handle the undo and redo keys of this field."""
    widget.installEventFilter(_filter())
