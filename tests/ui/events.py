"""Processes Qt's deferred events, so that sizes and texts are final."""

from PySide6.QtWidgets import QApplication

ROUNDS = 10
"""A layout request, the deferred step and the resize after it may each post another event."""


def settle() -> None:
    """Processes posted events and deferred calls, and those that they post in turn."""
    for _ in range(ROUNDS):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
