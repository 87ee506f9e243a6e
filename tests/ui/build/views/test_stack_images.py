"""The strips on the cards and the input image, as a visible stack view paints them."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import Floats, StackModel
from cnnplay.ui.build.views.stack.images import GAP, SIDE, strip_image
from cnnplay.ui.build.views.stack.view import StackView
from cnnplay.ui.kit.views.theme import theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[StackView]:
    editor = EditorModel(preset("tiny-cnn").network)
    shown = StackView(editor, StackModel(editor))
    qtbot.addWidget(shown)
    shown.resize(500, 700)
    with qtbot.waitExposed(shown):
        shown.show()
    yield shown
    shown.close()


def maps(value: float) -> Floats:
    return np.full((8, 5, 5), value, np.float32)


def card(view: StackView, node_id: str) -> QImage:
    rect = view.item_rect(node_id)
    assert rect is not None
    return view.viewport().grab(rect).toImage()


def test_a_strip_is_a_row_of_square_tiles_with_transparent_gaps() -> None:
    image = strip_image(
        np.linspace(0, 1, 8, dtype=np.float32)[:, None, None] * np.ones((8, 5, 5), np.float32)
    )
    assert (image.width(), image.height()) == (8 * SIDE, SIDE)
    dark, bright = theme().table("magnitude")[[0, 255]]
    assert image.pixelColor(0, 0).getRgb()[:3] == tuple(dark)
    assert image.pixelColor(8 * SIDE - GAP - 1, SIDE - 1).getRgb()[:3] == tuple(bright)
    assert image.pixelColor(SIDE - 1, 0).alpha() == 0


def test_a_card_shows_new_maps_and_none_once_they_are_cleared(view: StackView) -> None:
    plain = card(view, "conv-1")
    other = card(view, "conv-2")
    view.model.set_strip("conv-1", maps(0.0))
    dark = card(view, "conv-1")
    view.model.set_strip("conv-1", maps(1.0))
    bright = card(view, "conv-1")
    assert dark != plain != bright != dark
    assert card(view, "conv-2") == other
    view.model.clear_strips()
    assert card(view, "conv-1") == plain


def test_the_input_card_shows_the_image_that_the_model_holds(view: StackView) -> None:
    empty = card(view, "input")
    view.model.set_input_image(np.zeros((28, 28, 1), np.uint8))
    black = card(view, "input")
    view.model.set_input_image(np.full((28, 28, 3), (200, 0, 0), np.uint8))
    assert card(view, "input") != black != empty
    view.model.set_input_image(None)
    assert card(view, "input") == empty


def test_the_model_knows_whether_a_stack_is_visible(view: StackView) -> None:
    assert view.model.shown
    second = StackView(view.editor, view.model)
    second.show()
    view.hide()
    assert view.model.shown
    second.close()
    assert not view.model.shown
