"""The list of layers, the presets and their gallery, with mouse and keyboard."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Place
from cnnplay.network.presets import preset, preset_keys
from cnnplay.ui.build.views.build import BuildWorkspace
from tests.ui.build_bench import LEFT, NONE, editor_of, point_of

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_a_layer_is_dragged_from_the_palette_between_two_cards(work: BuildWorkspace) -> None:
    layers, view = work.palette_panel.layers, work.stack_panel.view
    row = [kind.tag for kind in KINDS].index("batch-norm")
    start = point_of(work, layers.viewport(), layers.visualItemRect(layers.item(row)).center())
    gap = next(gap for column in view.boxes.columns for gap in column.gaps if gap.place == Place("", 0, 1))
    target = point_of(work, view.viewport(), QPoint(200, gap.y - view.offset()))
    window = work.window().windowHandle()
    QTest.mouseMove(window, start)
    QTest.mousePress(window, LEFT, NONE, start)
    QTest.mouseMove(window, start + QPoint(40, 0))
    assert view.dragged is not None
    assert view.dragged.gap is None
    QTest.mouseMove(window, target)
    assert view.dragged.text() == "batch norm → 6 × 28 × 28"
    QTest.mouseRelease(window, LEFT, NONE, target)
    assert view.dragged is None
    assert editor_of(work).network.stack[1].id == "batch-norm-1"


def test_a_drag_that_ends_outside_the_stack_changes_nothing(work: BuildWorkspace) -> None:
    layers, before = work.palette_panel.layers, editor_of(work).network
    start = point_of(work, layers.viewport(), layers.visualItemRect(layers.item(2)).center())
    window = work.window().windowHandle()
    QTest.mouseMove(window, start)
    QTest.mousePress(window, LEFT, NONE, start)
    QTest.mouseMove(window, start + QPoint(0, 60))
    QTest.mouseRelease(window, LEFT, NONE, start + QPoint(0, 60))
    assert work.stack_panel.view.dragged is None
    assert editor_of(work).network is before


def test_the_search_finds_titles_and_aliases_and_enter_inserts(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    search = work.palette_panel.search
    search.setFocus()
    QTest.keyClicks(search, "bn")
    assert work.palette_panel.layers.tag() == "batch-norm"
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert editor_of(work).network.stack[1].id == "batch-norm-1"
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert work.palette_panel.layers.count() == len(KINDS)


def test_a_slash_opens_the_layer_list_anywhere_in_the_workspace_but_is_typed_in_a_field(
    work: BuildWorkspace, qtbot: QtBot
) -> None:
    editor_of(work).select(("conv-1",))
    search, bars = work.palette_panel.search, work.costs.bars
    search.setFocus()
    QTest.keyClicks(search, "/")
    assert search.text() == "/"
    assert work.stack_panel.view.inserter.picker is None
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Slash)
    picker = work.stack_panel.view.inserter.picker
    assert picker is not None
    qtbot.waitUntil(picker.isVisible)
    QTest.keyClick(picker.search, Qt.Key.Key_Escape)


def test_a_double_click_inserts_after_the_selected_layer(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    layers = work.palette_panel.layers
    point = layers.visualItemRect(layers.item([kind.tag for kind in KINDS].index("dropout"))).center()
    QTest.mouseClick(layers.viewport(), LEFT, NONE, point)
    QTest.mouseDClick(layers.viewport(), LEFT, NONE, point)
    assert editor_of(work).network.stack[1].id == "dropout-1"


def test_a_click_opens_a_preset_and_undo_brings_the_old_network_back(work: BuildWorkspace) -> None:
    editor, before = editor_of(work), editor_of(work).network
    opened: list[str] = []
    work.preset_opened.connect(opened.append)
    presets = work.palette_panel.presets
    row = preset_keys().index("vgg-16")
    QTest.mouseClick(presets.viewport(), LEFT, NONE, presets.visualItemRect(presets.item(row)).center())
    assert opened == ["vgg-16"]
    assert editor.report.parameters == 138_357_544
    assert work.stack_panel.title() == editor.network.name
    editor.undo()
    assert editor.network is before


def test_the_gallery_shows_every_preset_and_enter_opens_one(work: BuildWorkspace, qtbot: QtBot) -> None:
    QTest.mouseClick(work.palette_panel.gallery, LEFT)
    gallery = work._gallery
    assert gallery is not None
    qtbot.waitUntil(gallery.isVisible)
    assert [card.key for card in gallery.cards] == list(preset_keys())
    card = gallery.cards[preset_keys().index("mlp")]
    texts = " ".join(label.text() for label in card.findChildren(QLabel))
    assert preset("mlp").title in texts
    assert preset("mlp").remark in texts
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert not gallery.isVisible()
    assert editor_of(work).network == preset("mlp").network


def test_a_card_of_the_gallery_says_that_it_can_be_pressed(work: BuildWorkspace) -> None:
    work.open_gallery()
    assert work._gallery is not None
    card = work._gallery.cards[0]
    labels = [label.text() for label in card.findChildren(QLabel)]
    assert labels.count("Differs from the paper") == 1
    assert card.testAttribute(Qt.WidgetAttribute.WA_Hover)
    assert card.cursor().shape() == Qt.CursorShape.PointingHandCursor
    work._gallery.close()
