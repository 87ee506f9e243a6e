"""Dialogs that the demonstration expects, and when to fill them in."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QAbstractButton, QDialog, QMessageBox

ACTIVE_WITHIN_S = 5.0
"""Without a window manager a dialog may never become active: it is filled in after so long all the same."""
AGAIN_AFTER_S = 3.0
"""A dialog still open so long after it was filled in is filled in again: a popup may have taken a key."""
DIALOG_WITHIN_S = 60.0


class ExpectedDialog:
    """A dialog that is about to open, and how it is filled in."""

    def __init__(self, kind: type[QDialog], fill: Callable[[Any], None], since: float) -> None:
        self.kind = kind
        self.fill = fill
        self.filled = 0.0
        """When it was filled in last; 0 if it was not."""
        self._since = since

    def due(self, active: bool) -> bool:
        now = time.monotonic()
        if self.filled:
            return now > self.filled + AGAIN_AFTER_S
        return active or now > self._since + ACTIVE_WITHIN_S

    def late(self) -> bool:
        return time.monotonic() > self._since + DIALOG_WITHIN_S


def accepting(box: QMessageBox) -> QAbstractButton | None:
    """The button of a question that goes on; None if the box asks nothing."""
    by_role = {box.buttonRole(button): button for button in box.buttons()}
    roles = QMessageBox.ButtonRole
    return by_role.get(roles.AcceptRole) if roles.RejectRole in by_role else None
