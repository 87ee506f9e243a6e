"""A window's first size fits on the screen."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.first_size import TITLE_BAR, resize_first


def test_a_window_is_no_larger_than_the_screen_below_its_title_bar(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    screen = window.screen().availableGeometry().size()
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "xcb")
    resize_first(window, QSize(100, 90))
    assert window.size() == QSize(100, 90)
    resize_first(window, screen + QSize(500, 500))
    assert window.size() == screen - QSize(0, TITLE_BAR)
