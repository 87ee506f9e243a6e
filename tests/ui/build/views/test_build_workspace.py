"""The Build workspace as a whole: the layout of its panels."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QScrollArea, QSplitter
from pytestqt.qtbot import QtBot

from cnnplay.network.network import walk
from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.build.views.stack.tooltips import tooltip_text
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.views.concept import ConceptPage
from tests.ui.build_bench import LEFT, NONE, editor_of, field
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_a_tip_sets_names_of_fields_apart_and_gives_shape_and_cost_their_lines(work: BuildWorkspace) -> None:
    view = work.stack_panel.view
    words = tooltip_text(view.editor, view.boxes, view.boxes.cards["conv-1"].rect.center())
    assert "`" not in words
    assert "<i>filters</i>" in words
    parts = words.split("</p>")
    assert any("1 × 32 × 32 → 6 × 28 × 28" in part and "parameters" not in part for part in parts)


def test_cards_end_as_far_from_the_panels_edge_as_they_begin(work: BuildWorkspace) -> None:
    theme().install("light", 1.0)
    settle()
    panel, view = work.stack_panel, work.stack_panel.view
    rect = view.boxes.cards["conv-1"].rect
    left = view.viewport().mapTo(panel, rect.topLeft()).x()
    right = panel.width() - 1 - view.viewport().mapTo(panel, rect.topRight()).x()
    assert abs(left - right) <= 1


def test_while_stepping_in_a_low_window_the_fields_fold_and_problems_stay(work: BuildWorkspace) -> None:
    model = ConceptModel()
    page = ConceptPage(model)
    work.set_concept_page(page)
    editor_of(work).select(("conv-1",))
    work.resize(1366, 640)
    settle()
    work.show_concept(True)
    assert work.properties.folded
    assert not work.problems.rows
    editor_of(work).set_fields(("conv-1",), "groups", 4)
    settle()
    (row,) = work.problems.rows
    assert row.button.isVisible(), "a problem can be fixed from here"
    editor_of(work).undo()
    settle()
    assert work.step_button.isVisible()
    assert page.canvas.height() > page.canvas.minimumSizeHint().height()
    work.show_concept(False)
    assert not work.properties.folded
    assert work.properties.form is None or work.properties.form.isVisible()


def test_two_stacks_of_one_model_show_the_same(work: BuildWorkspace, qtbot: QtBot) -> None:
    view = work.stack_panel.view
    other = type(view)(view.editor, view.model, view.stack_actions)
    qtbot.addWidget(other)
    other.resize(400, 600)
    other.show()
    view.editor.load_preset("mini-resnet")
    view.model.set_collapsed("skip-1", True)
    assert other.boxes.cards.keys() == view.boxes.cards.keys()
    other.close()


def drag_handle(splitter: QSplitter, index: int, by: QPoint) -> None:
    handle = splitter.handle(index)
    QTest.mousePress(handle, LEFT, NONE, handle.rect().center())
    QTest.mouseMove(handle, handle.rect().center() + by)
    QTest.mouseRelease(handle, LEFT, NONE, handle.rect().center())


def test_the_splitters_are_remembered(work: BuildWorkspace) -> None:
    state = work.save_layout()
    before = work._splitter.sizes(), work._right.sizes()
    drag_handle(work._splitter, 2, QPoint(60, 0))
    drag_handle(work._right, 1, QPoint(0, -40))
    dragged = work.save_layout()
    after = work._splitter.sizes(), work._right.sizes()
    assert dragged != state
    assert after != before
    assert work.restore_layout(state)
    assert (work._splitter.sizes(), work._right.sizes()) == before
    assert work.restore_layout(dragged)
    assert work.save_layout() == dragged
    assert (work._splitter.sizes(), work._right.sizes()) == after
    work.reset_layout()
    assert (work._splitter.sizes(), work._right.sizes()) == before
    assert not work.restore_layout(b"nonsense")
    assert not work.restore_layout(b"build 200 -4 x")


def test_all_properties_of_a_layer_are_visible_where_there_is_room(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    settle()
    assert work.properties.findChildren(QScrollArea)[0].verticalScrollBar().maximum() == 0
    height = work.properties.height()
    editor_of(work).select(("tanh-1",))
    settle()
    assert work.properties.height() == height, "the costs stay where they are"


def test_where_there_is_none_the_view_ends_between_two_rows(work: BuildWorkspace, qtbot: QtBot) -> None:
    editor_of(work).select(("conv-1",))
    work.resize(900, 420)
    scroll = work.properties.findChildren(QScrollArea)[0]
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() > 0)
    settle()
    assert work.properties.form is not None
    shown = scroll.viewport().height()
    for editor in work.properties.form.editors.values():
        top = editor.mapTo(scroll.widget(), QPoint(0, 0)).y()
        assert not top < shown < top + editor.height(), editor.field.name


def test_a_button_next_to_the_formula_shows_the_step_by_step_page(work: BuildWorkspace) -> None:
    page = QLineEdit("the window slides")
    work.set_concept_page(page)
    assert not page.isVisible()
    QTest.mouseClick(work.step_button, LEFT)
    assert page.isVisible()
    QTest.mouseClick(work.step_button, LEFT)
    assert work.costs.isVisible()


def test_every_control_has_a_tooltip_and_a_name(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    assert work.properties.form is not None
    for name in work.properties.form.editors:
        for widget in field(work, name).inputs():
            assert widget.toolTip()
            assert widget.accessibleName()
    for action in work.stack_panel.view.stack_actions.by_name.values():
        assert action.toolTip()
        assert action.isEnabled() or "Unavailable" in action.toolTip()
    assert {node.id for node, _ in walk(editor.network)} == editor.node_ids
