"""Commands: enabled or with a reason, which their tooltip, their button and their shortcut give."""

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.command import Command, CommandButton, set_available


class Door(QObject):
    """What a command depends on."""

    changed = Signal()
    locked = False

    def set_locked(self, locked: bool) -> None:
        self.locked = locked
        self.changed.emit()


class Page(QWidget):
    """A window with one command and its button."""

    def __init__(self) -> None:
        super().__init__()
        self.door, self.opened = Door(), 0
        self.command = Command(
            self,
            "&Open…",
            self._open,
            "F9",
            "Opens the door",
            lambda: "it is locked" if self.door.locked else "",
            (self.door.changed,),
        )
        self.addAction(self.command)
        self.button = CommandButton(self.command)
        QHBoxLayout(self).addWidget(self.button)

    def _open(self) -> None:
        self.opened += 1


@pytest.fixture
def page(qtbot: QtBot) -> Page:
    made = Page()
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def test_a_command_runs_from_its_key_and_its_button(page: Page) -> None:
    QTest.keyClick(page, Qt.Key.Key_F9)
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert page.opened == 2


def test_an_unavailable_command_says_why_in_both_tooltips_and_when_its_key_is_pressed(
    page: Page, qtbot: QtBot
) -> None:
    page.door.set_locked(True)
    for shown in (page.command, page.button):
        assert not shown.isEnabled()
        assert shown.toolTip() == "Opens the door\nUnavailable: it is locked."
    with qtbot.waitSignal(page.command.refused) as refused:
        QTest.keyClick(page, Qt.Key.Key_F9)
    assert refused.args == ["Open: it is locked"]
    assert page.opened == 0


def test_a_command_that_is_available_again_is_not_refused(page: Page, qtbot: QtBot) -> None:
    page.door.set_locked(True)
    page.door.set_locked(False)
    with qtbot.assertNotEmitted(page.command.refused):
        QTest.keyClick(page, Qt.Key.Key_F9)
    assert page.opened == 1
    assert page.button.toolTip() == "Opens the door"


def test_a_button_gets_its_reason_as_one_sentence(qtbot: QtBot) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    set_available(button, "Starts it", "no room.")
    assert (button.isEnabled(), button.toolTip()) == (False, "Starts it\nUnavailable: no room.")
    set_available(button, "Starts it", "")
    assert (button.isEnabled(), button.toolTip()) == (True, "Starts it")
