"""The size of a window when it is first shown."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

TITLE_BAR = 32
"""Approximate height of the system's title bar in pixels; a window must fit on the screen with it."""


def resize_first(window: QWidget, size: QSize) -> None:
    """Gives a window its first size, but no more than the screen has room for. The offscreen platform's
    screen does not count.
    """
    if QGuiApplication.platformName() != "offscreen":
        size = size.boundedTo(window.screen().availableGeometry().size() - QSize(0, TITLE_BAR))
    window.resize(size)
