"""What Qt has put off is done, so that sizes and texts are those that stay."""

from PySide6.QtWidgets import QApplication

ROUNDS = 10
"""A layout's request, the step that it puts off and the resizing that follows may each ask for another."""


def settle() -> None:
    """Events and steps that were put off happen now, and those that they put off in turn."""
    for _ in range(ROUNDS):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
