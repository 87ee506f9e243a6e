"""The list of shortcuts: made from the tables and actions that bind the keys, and from nothing else."""

import importlib
import pkgutil
from typing import ClassVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import cnnplay.ui
from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.shell.views.shortcuts import TABLES, ShortcutsDialog, keys_of_views
from cnnplay.ui.train.views.curves import CurvePlot

SHIFT = Qt.KeyboardModifier.ShiftModifier


class Keyed(QWidget):
    """Notes what its keys did."""

    KEYS: ClassVar[KeyTable] = KeyTable(
        "Test",
        KeyRow("Go left", {Qt.Key.Key_Left: lambda view: view.did.append("left")}),
        KeyRow("Go far left", {Qt.Key.Key_Left: lambda view: view.did.append("far left")}, shift=True),
        KeyRow("Take it", dict.fromkeys(ENTER, lambda view: view.did.append("taken"))),
        KeyRow("Never", {Qt.Key.Key_N: lambda view: False}),
    )

    def __init__(self) -> None:
        super().__init__()
        self.did: list[str] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.KEYS.press(self, event) and event.key() != Qt.Key.Key_Shift:
            self.did.append("not mine")


@pytest.mark.parametrize(
    ("key", "held", "did"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, "left"),
        (Qt.Key.Key_Left, SHIFT, "far left"),
        (Qt.Key.Key_Enter, SHIFT, "taken"),
        (Qt.Key.Key_N, Qt.KeyboardModifier.NoModifier, "not mine"),
        (Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier, "not mine"),
    ],
)
def test_a_table_binds_what_it_lists(qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier, did: str) -> None:
    view = Keyed()
    qtbot.addWidget(view)
    QTest.keyClick(view, key, held)
    assert view.did == [did]
    assert [row[1:] for row in Keyed.KEYS.entries()] == [
        ("Go left", "Left"), ("Go far left", "Shift+Left"), ("Take it", "Return"), ("Never", "N"),
    ]  # fmt: skip


def test_the_table_of_every_view_is_in_the_list() -> None:
    modules = pkgutil.walk_packages(cnnplay.ui.__path__, "cnnplay.ui.")
    things = [thing for module in modules for thing in vars(importlib.import_module(module.name)).values()]
    found = [thing for thing in things if isinstance(thing, KeyTable)]
    assert CurvePlot.KEYS in TABLES, "the table of a class"
    assert all(table in TABLES for table in found)


def test_the_list_holds_the_keys_of_curves_and_of_the_concepts_page(window: MainWindow) -> None:
    rows = keys_of_views()
    keys = {(where, keys) for where, _, keys in rows}
    assert {("Curves", "L"), ("Curves", "Home, 0")} <= keys
    assert {("Step by step", "Left, Right"), ("Step by step", "Space")} <= keys
    dialog = ShortcutsDialog(window.menus.groups, rows, window)
    shown = {
        tuple(dialog.table.item(row, column).text() for column in range(3))
        for row in range(dialog.table.rowCount())
    }
    assert set(rows) <= shown
    dialog.deleteLater()


def test_the_curves_answer_to_the_keys_that_are_listed(window: MainWindow) -> None:
    window.show_workspace("train")
    plots = {plot.accessibleName(): plot for plot in window.page("train").findChildren(CurvePlot)}
    loss = plots["loss curves"]
    assert not loss._model.logarithmic
    QTest.keyClick(loss, Qt.Key.Key_L)
    assert loss._model.logarithmic
    QTest.keyClick(loss, Qt.Key.Key_L)
    assert not loss._model.logarithmic
    QTest.keyClick(loss, Qt.Key.Key_Plus)
    assert not loss.following
    QTest.keyClick(loss, Qt.Key.Key_0)
    assert loss.following
    QTest.keyClick(plots["accuracy curves"], Qt.Key.Key_L)
    assert not loss._model.logarithmic
