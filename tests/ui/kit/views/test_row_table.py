"""A table shows only whole rows: at any height, text size and scroll position."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.views.row_table import RowTable
from cnnplay.ui.kit.views.theme import theme
from tests.ui.events import settle

ROW, MANY = RowTable.ROW, 40


@pytest.fixture
def table(qtbot: QtBot) -> RowTable:
    model = QStandardItemModel(MANY, 2)
    for number in range(MANY):
        model.setItem(number, 0, QStandardItem(str(number)))
    made = RowTable(QAbstractItemView.SelectionMode.SingleSelection)
    model.setParent(made)
    made.setModel(model)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("wide", [1, 6], ids=["one scroll bar", "two scroll bars"])
def test_no_row_is_cut(table: RowTable, wide: int, scale: float) -> None:
    name = theme().name
    theme().install(name, scale)
    try:
        table.setColumnWidth(0, 100 * wide)
        for height in range(150, 320, 7):
            table.resize(300, height)
            settle()
            for at in (0, 5, table.verticalScrollBar().maximum()):
                table.verticalScrollBar().setValue(at)
                end = table.viewport().height()
                least = table.rowHeight(0)
                assert theme().px(ROW) <= least <= 1.5 * theme().px(ROW)
                parts = [
                    end - table.rowViewportPosition(row)
                    for row in range(MANY)
                    if 0 < end - table.rowViewportPosition(row) < least
                ]
                # The remainder is less than a pixel per row: the frame of one, none of its text.
                assert all(part < end // least for part in parts)
    finally:
        theme().install(name, 1.0)


def test_no_scroll_bar_appears_for_a_few_pixels(table: RowTable) -> None:
    model = table.model()
    assert isinstance(model, QStandardItemModel)
    model.setColumnCount(6)
    model.setHorizontalHeaderLabels([f"column {number}" for number in range(6)])
    for column in range(6):
        model.setItem(0, column, QStandardItem("some text"))
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    table.resize(2000, 200)
    table.fit_columns()
    settle()
    widths = [table.columnWidth(column) for column in range(6)]
    frame = table.width() - table.viewport().width()
    table.resize(sum(widths) + frame - 20, 200)
    settle()
    assert table.horizontalScrollBar().maximum() == 0
    for column in range(1, 6):
        text = table.fontMetrics().horizontalAdvance("some text")
        assert table.columnWidth(column) >= text + 4, "no text is elided for it"
    table.resize(sum(widths) // 2, 200)
    settle()
    assert table.horizontalScrollBar().maximum() > 0, "without room for the texts it scrolls"
    assert [table.columnWidth(column) for column in range(6)] == widths
    table.resize(2000, 200)
    settle()
    assert [table.columnWidth(column) for column in range(6)] == widths


def test_a_width_that_the_user_chose_is_kept(table: RowTable) -> None:
    table.resize(600, 200)
    table.fit_columns()
    table.setColumnWidth(1, 333)
    table.resize(300, 200)
    settle()
    assert table.columnWidth(1) == 333
