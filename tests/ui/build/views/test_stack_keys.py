"""The stack with a real keyboard."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.network import Place, locate
from cnnplay.network.presets import preset
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.view import StackView

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

KEY = Qt.Key
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[StackView]:
    editor = EditorModel(preset("mini-resnet").network)
    shown = StackView(editor, StackModel(editor))
    qtbot.addWidget(shown)
    shown.resize(400, 600)
    with qtbot.waitActive(shown):
        shown.show()
        shown.activateWindow()
    shown.setFocus()
    qtbot.waitUntil(shown.hasFocus)
    yield shown
    shown.close()


def press(
    view: StackView, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(view, key, modifiers)


def top(view: StackView) -> list[str]:
    return [node.id for node in view.editor.network.stack]


def test_down_and_up_go_through_the_cards_and_into_bodies(view: StackView) -> None:
    seen = []
    for _ in range(10):
        press(view, KEY.Key_Down)
        seen.append(view.editor.current)
    assert seen == [
        "input", "conv-1", "batch-norm-1", "relu-1", "skip-1",
        "conv-2", "batch-norm-2", "relu-2", "conv-3", "batch-norm-3",
    ]  # fmt: skip
    for expected in reversed(seen[:-1]):
        press(view, KEY.Key_Up)
        assert view.editor.current == expected


def test_right_expands_and_enters_left_leaves_and_collapses(view: StackView) -> None:
    view.editor.select(("skip-1",))
    press(view, KEY.Key_Left)
    assert view.boxes.cards["skip-1"].collapsed
    press(view, KEY.Key_Right)
    assert "skip-1" in view.boxes.frames
    press(view, KEY.Key_Right)
    assert view.editor.current == "conv-2"
    press(view, KEY.Key_Right)
    assert locate(view.editor.network, view.editor.current)[1] == Place("skip-1", 1, 0)
    press(view, KEY.Key_Left)
    assert locate(view.editor.network, view.editor.current)[1].slot == 0
    press(view, KEY.Key_Left)
    assert view.editor.current == "skip-1"


def test_home_and_end_go_to_the_ends_and_the_card_is_scrolled_into_view(view: StackView) -> None:
    press(view, KEY.Key_End)
    assert view.editor.current == "dense-1"
    rect = view.item_rect("dense-1")
    assert rect is not None
    assert view.viewport().rect().contains(rect)
    press(view, KEY.Key_Home)
    assert view.editor.current == "input"
    assert view.offset() == 0


def test_the_last_card_stays_in_sight_when_the_prediction_takes_its_place_again(view: StackView) -> None:
    classes = view.editor.network.task.classes
    view.model.set_prediction([("7", 0.9), ("9", 0.1), ("1", 0.0)])
    press(view, KEY.Key_End)
    last = view.editor.network.stack[-1].id
    assert view.editor.current == last
    view.editor.set_fields((last,), "units", classes + 1)
    press(view, KEY.Key_End)
    view.editor.set_fields((last,), "units", classes)
    box = view.item_rect(last)
    assert box is not None
    assert box.bottom() <= view.viewport().height() - view.boxes.prediction.height()


def test_page_down_goes_on_by_about_a_page(view: StackView) -> None:
    press(view, KEY.Key_Home)
    press(view, KEY.Key_PageDown)
    rect = view.boxes.box(view.editor.current)
    assert rect is not None
    assert view.viewport().height() // 2 < rect.y() < view.viewport().height()


def test_shift_extends_and_delete_removes_all_of_it(view: StackView) -> None:
    view.editor.select(("conv-1",))
    press(view, KEY.Key_Down, SHIFT)
    press(view, KEY.Key_Down, SHIFT)
    assert view.editor.selected == ("conv-1", "batch-norm-1", "relu-1")
    press(view, KEY.Key_Up, SHIFT)
    assert view.editor.selected == ("conv-1", "batch-norm-1")
    press(view, KEY.Key_Delete)
    assert top(view)[0] == "relu-1"
    assert view.editor.current == "relu-1"
    press(view, KEY.Key_Backspace)
    assert top(view)[0] == "skip-1"


def test_copy_paste_cut_and_duplicate(view: StackView) -> None:
    view.editor.select(("conv-1",))
    press(view, KEY.Key_C, CONTROL)
    press(view, KEY.Key_V, CONTROL)
    assert len(top(view)) == len(preset("mini-resnet").network.stack) + 1
    assert view.editor.current == top(view)[1]
    press(view, KEY.Key_X, CONTROL)
    assert top(view) == [node.id for node in preset("mini-resnet").network.stack]
    view.editor.select(("relu-1",))
    press(view, KEY.Key_D, CONTROL)
    assert top(view)[3] == view.editor.current
    assert top(view)[3].startswith("relu-")


def test_wrap_and_unwrap(view: StackView) -> None:
    before = view.editor.network
    view.editor.select(("conv-1", "batch-norm-1"))
    press(view, KEY.Key_G, CONTROL)
    assert top(view)[0] == view.editor.current
    assert top(view)[0].startswith("skip-")
    press(view, KEY.Key_G, CONTROL | SHIFT)
    assert view.editor.network == before


def test_alt_moves_by_one_and_out_of_a_body(view: StackView) -> None:
    view.editor.select(("conv-1",))
    press(view, KEY.Key_Down, ALT)
    assert top(view)[:2] == ["batch-norm-1", "conv-1"]
    press(view, KEY.Key_Up, ALT)
    assert top(view)[:2] == ["conv-1", "batch-norm-1"]
    view.editor.select(("conv-2",))
    press(view, KEY.Key_Up, ALT)
    assert locate(view.editor.network, "conv-2")[1] == Place("", 0, 3)


def test_undo_and_redo_without_limit(view: StackView) -> None:
    view.editor.select(("conv-1",))
    networks = [view.editor.network]
    for _ in range(100):
        press(view, KEY.Key_D, CONTROL)
        networks.append(view.editor.network)
    for network in reversed(networks[:-1]):
        press(view, KEY.Key_Z, CONTROL)
        assert view.editor.network is network
    for network in networks[1:]:
        press(view, KEY.Key_Z, CONTROL | SHIFT)
        assert view.editor.network is network


@pytest.mark.parametrize("key", [KEY.Key_Slash, KEY.Key_Insert])
def test_a_key_opens_the_layer_list_and_enter_inserts_after_the_current_one(
    view: StackView, qtbot: QtBot, key: Qt.Key
) -> None:
    view.editor.select(("relu-1",))
    press(view, key)
    picker = view.inserter.picker
    assert picker is not None
    qtbot.waitUntil(picker.isVisible)
    QTest.keyClicks(picker.search, "max")
    QTest.keyClick(picker.search, KEY.Key_Return)
    assert not picker.isVisible()
    assert top(view)[3] == "max-pool-1"
    assert view.editor.current == "max-pool-1"


def test_escape_closes_the_layer_list_and_changes_nothing(view: StackView, qtbot: QtBot) -> None:
    before = view.editor.network
    view.editor.select(("relu-1",))
    press(view, KEY.Key_Insert)
    picker = view.inserter.picker
    assert picker is not None
    qtbot.waitUntil(picker.isVisible)
    QTest.keyClick(picker.search, KEY.Key_Escape)
    assert not picker.isVisible()
    assert view.editor.network is before


def test_space_collapses_and_the_arrows_reach_an_empty_branch(view: StackView) -> None:
    view.editor.insert("branches", Place("", 0, 0))
    holder = view.editor.current
    view.editor.add_branch()
    place = view.editor.place
    assert place is not None
    press(view, KEY.Key_Left)
    assert view.editor.place is None
    press(view, KEY.Key_Right)
    view.editor.select((holder,))
    press(view, KEY.Key_Space)
    assert view.boxes.cards[holder].collapsed


def test_the_key_of_an_unavailable_action_says_why(view: StackView) -> None:
    said: list[str] = []
    view.stack_actions.by_name["delete"].refused.connect(said.append)
    view.editor.select(())
    press(view, KEY.Key_Delete)
    assert said == ["Delete: select a layer first"]


def test_foreign_text_is_refused_with_a_message(view: StackView) -> None:
    said: list[str] = []
    view.editor.message.connect(said.append)
    QGuiApplication.clipboard().setText("a poem")
    press(view, KEY.Key_V, CONTROL)
    assert "a poem" in said[0]


def test_the_current_card_has_a_screen_reader_text(view: StackView) -> None:
    view.editor.select(("conv-1",))
    assert view.accessibleName() == "Network stack"
    words = view.accessibleDescription()
    for part in ("conv-1", "convolution", "16 × 32 × 32", "144 parameters"):
        assert part in words


def test_the_menu_carries_reasons_in_its_disabled_entries(view: StackView) -> None:
    view.editor.select(("conv-1",))
    menu = view.context_menu()
    texts = {action.text(): action.isEnabled() for action in menu.actions()}
    assert texts["Wrap in a skip"]
    refused = next(text for text in texts if text.startswith("Unwrap"))
    assert not texts[refused]
    assert "conv-1 is not a skip" in refused
    insertion = next(action.menu() for action in menu.actions() if action.text() == "Insert before")
    assert insertion is not None
    next(action for action in insertion.actions() if action.text() == "Dropout").trigger()  # type: ignore[attr-defined]
    assert top(view)[0] == "dropout-1"


def test_the_menu_key_opens_the_menu_at_the_card(view: StackView, qtbot: QtBot) -> None:
    view.editor.select(("conv-1",))
    menu = view.open_menu()
    qtbot.waitUntil(menu.isVisible)
    assert QApplication.activePopupWidget() is menu
    menu.close()


def test_layers_inserted_one_after_another_into_an_empty_stack_keep_that_order(
    view: StackView, qtbot: QtBot
) -> None:
    press(view, KEY.Key_A, CONTROL)
    press(view, KEY.Key_Delete)
    assert view.editor.network.stack == ()
    for word in ("conv", "relu", "flat", "dense"):
        press(view, KEY.Key_Slash)
        picker = view.inserter.picker
        assert picker is not None
        qtbot.waitUntil(picker.isVisible)
        QTest.keyClicks(picker.search, word)
        QTest.keyClick(picker.search, KEY.Key_Return)
    kinds = [type(node).__name__ for node in view.editor.network.stack]
    assert kinds == ["Convolution", "ReLU", "Flatten", "Dense"]
