"""The stack with a real mouse: selecting, dragging, copying, collapsing, inserting."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.network import Place, find, locate
from cnnplay.network.nodes import Skip
from cnnplay.network.presets import preset
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.view import StackView

# What the offscreen plug-in says when a pop-up opens.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LEFT = Qt.MouseButton.LeftButton
NONE, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[StackView]:
    editor = EditorModel(preset("mini-resnet").network)
    shown = StackView(editor, StackModel(editor))
    qtbot.addWidget(shown)
    shown.resize(400, 1000)
    with qtbot.waitExposed(shown):
        shown.show()
    yield shown
    shown.close()


class Hand:
    """A mouse over one view: events go through the window, as the system's do."""

    def __init__(self, view: StackView) -> None:
        self.view = view

    @property
    def window(self) -> QWindow:
        return self.view.window().windowHandle()

    def at(self, point: QPoint) -> QPoint:
        return self.view.viewport().mapTo(self.view.window(), point)

    def card(self, spot: str | Place) -> QPoint:
        rect = self.view.item_rect(spot)
        assert rect is not None
        if isinstance(spot, str) and spot in self.view.boxes.frames:
            return rect.topLeft() + QPoint(rect.width() // 2, 6)
        return rect.center()

    def gap(self, place: Place) -> QPoint:
        gaps = [gap for column in self.view.boxes.columns for gap in column.gaps if gap.place == place]
        assert len(gaps) == 1
        return QPoint(gaps[0].wire, gaps[0].y - self.view.offset())

    def click(self, point: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseMove(self.window, self.at(point))
        QTest.mouseClick(self.window, LEFT, modifiers, self.at(point))

    def double_click(self, point: QPoint) -> None:
        self.click(point)
        QTest.mouseDClick(self.window, LEFT, NONE, self.at(point))

    def lift(self, point: QPoint) -> None:
        """Presses and moves until it is a drag."""
        QTest.mouseMove(self.window, self.at(point))
        QTest.mousePress(self.window, LEFT, NONE, self.at(point))
        self.carry(point + QPoint(0, QApplication.startDragDistance() + 1))

    def carry(self, point: QPoint) -> None:
        QTest.mouseMove(self.window, self.at(point))

    def drop(self, point: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.carry(point)
        QTest.mouseRelease(self.window, LEFT, modifiers, self.at(point))


@pytest.fixture
def hand(view: StackView) -> Hand:
    return Hand(view)


def test_a_click_selects_a_card(view: StackView, hand: Hand) -> None:
    hand.click(hand.card("conv-2"))
    assert view.editor.selected == ("conv-2",)
    hand.click(hand.card("skip-1"))
    assert view.editor.selected == ("skip-1",)
    hand.click(hand.card("input"))
    assert view.editor.selected == ()
    assert view.editor.current == "input"


def test_control_adds_and_takes_away_and_shift_extends(view: StackView, hand: Hand) -> None:
    hand.click(hand.card("conv-1"))
    hand.click(hand.card("relu-1"), CONTROL)
    assert view.editor.selected == ("conv-1", "relu-1")
    hand.click(hand.card("conv-1"), CONTROL)
    assert view.editor.selected == ("relu-1",)
    hand.click(hand.card("conv-1"))
    hand.click(hand.card("relu-1"), SHIFT)
    assert view.editor.selected == ("conv-1", "batch-norm-1", "relu-1")


def test_a_click_next_to_the_cards_clears_the_selection(view: StackView, hand: Hand) -> None:
    hand.click(hand.card("conv-1"))
    hand.click(QPoint(300, view.boxes.input.bottom() + 4 - view.offset()))
    assert view.editor.selected == ()


def test_a_card_is_dragged_to_another_place(view: StackView, hand: Hand) -> None:
    hand.lift(hand.card("conv-1"))
    assert view.dragged is not None
    hand.carry(hand.gap(Place("", 0, 3)))
    assert view.dragged.gap is not None
    assert view.dragged.gap.place == Place("", 0, 3)
    hand.drop(hand.gap(Place("", 0, 3)))
    assert view.dragged is None
    assert locate(view.editor.network, "conv-1")[1] == Place("", 0, 2)
    assert view.editor.selected == ("conv-1",)
    view.editor.undo()
    assert view.editor.network == preset("mini-resnet").network


def test_a_card_is_dragged_into_a_skip_and_its_shape_is_next_to_the_cursor(
    view: StackView, hand: Hand
) -> None:
    hand.lift(hand.card("relu-1"))
    hand.carry(hand.gap(Place("skip-1", 0, 1)))
    assert view.dragged is not None
    assert view.dragged.text() == "relu-1 → 32 × 16 × 16"
    hand.drop(hand.gap(Place("skip-1", 0, 1)))
    assert locate(view.editor.network, "relu-1")[1] == Place("skip-1", 0, 1)


def test_a_drag_that_would_break_the_network_says_so_before_the_drop(view: StackView, hand: Hand) -> None:
    hand.lift(hand.card("conv-2"))
    hand.carry(hand.gap(Place("", 0, 0)))
    assert view.dragged is not None
    assert view.dragged.has_problem
    assert "new problem" in view.dragged.text()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.dragged is None
    hand.drop(hand.gap(Place("", 0, 0)))
    assert view.editor.network == preset("mini-resnet").network


def test_several_cards_move_together_in_their_order(view: StackView, hand: Hand) -> None:
    hand.click(hand.card("conv-1"))
    hand.click(hand.card("batch-norm-1"), SHIFT)
    hand.lift(hand.card("batch-norm-1"))
    hand.drop(hand.gap(Place("", 0, 3)))
    assert [node.id for node in view.editor.network.stack[:3]] == ["relu-1", "conv-1", "batch-norm-1"]


def test_control_while_dropping_copies(view: StackView, hand: Hand) -> None:
    hand.lift(hand.card("conv-1"))
    hand.drop(hand.gap(Place("", 0, 3)), CONTROL)
    assert view.editor.network.stack[0].id == "conv-1"
    copied = view.editor.network.stack[3]
    assert copied.id == view.editor.current
    assert copied.id not in preset("mini-resnet").network.stack


def test_a_container_is_not_dropped_into_itself(view: StackView, hand: Hand) -> None:
    hand.lift(hand.card("skip-1"))
    hand.carry(hand.gap(Place("skip-1", 0, 2)))
    assert view.dragged is not None
    assert "not here" in view.dragged.text()
    hand.drop(hand.gap(Place("skip-1", 0, 2)))
    assert view.editor.network == preset("mini-resnet").network


def test_a_double_click_collapses_a_container_and_expands_it(view: StackView, hand: Hand) -> None:
    hand.double_click(hand.card("skip-1"))
    assert "skip-1" in view.boxes.cards
    assert "conv-2" not in view.boxes.cards
    hand.double_click(hand.card("skip-1"))
    assert "conv-2" in view.boxes.cards


def test_a_collapsed_container_stays_collapsed_through_undo_and_redo(view: StackView, hand: Hand) -> None:
    hand.double_click(hand.card("skip-1"))
    view.editor.select(("skip-1",))
    view.editor.remove_selected()
    view.editor.undo()
    assert view.boxes.cards["skip-1"].collapsed


def test_the_plus_in_a_gap_inserts_the_picked_layer_there(view: StackView, hand: Hand, qtbot: QtBot) -> None:
    gap = hand.gap(Place("", 0, 1))
    hand.carry(gap)
    assert view.plus_gap is not None
    hand.click(gap)
    picker = view.inserter.picker
    assert picker is not None
    qtbot.waitUntil(picker.isVisible)
    QTest.keyClicks(picker.search, "drop")
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert view.editor.network.stack[1].id == "dropout-1"
    assert view.editor.selected == ("dropout-1",)


def test_the_identity_path_takes_a_projection(view: StackView, hand: Hand) -> None:
    view.editor.insert("skip", Place("", 0, 0))
    holder = view.editor.current
    gaps = [gap for column in view.boxes.columns for gap in column.gaps if gap.place == Place(holder, 1, 0)]
    assert gaps
    view.dragging.drop_new(
        "conv", view.viewport().mapToGlobal(QPoint(gaps[0].wire, gaps[0].y - view.offset()))
    )
    skip = find(view.editor.network, holder)
    assert isinstance(skip, Skip)
    assert skip.shortcut
    assert skip.shortcut[0].id in view.boxes.cards
