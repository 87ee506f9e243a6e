"""The Build workspace with mouse and keyboard: palette, properties, faults, costs, presets."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QScrollArea, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from cnnplay.network.fields import fields_of
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Network, Place, find, walk
from cnnplay.network.nodes import Convolution, Dropout
from cnnplay.network.presets import preset, preset_keys
from cnnplay.viewmodels.concept import ConceptModel
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.stack import StackModel
from cnnplay.widgets.build import BuildWorkspace
from cnnplay.widgets.concept import ConceptPage
from cnnplay.widgets.costs import in_unit
from cnnplay.widgets.fields import (
    FieldEditor,
    FlagEditor,
    IntegerEditor,
    NumberEditor,
    PaddingEditor,
    PairEditor,
    read_number,
)
from cnnplay.widgets.form import FieldForm
from cnnplay.widgets.stack.actions import StackActions
from cnnplay.widgets.stack.tips import tip
from cnnplay.widgets.theme import theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def work(qtbot: QtBot) -> Iterator[BuildWorkspace]:
    editor = EditorModel(preset("lenet-5").network)
    model = StackModel(editor)
    shown = BuildWorkspace(editor, model, StackActions(editor, model))
    qtbot.addWidget(shown)
    shown.resize(1366, 696)
    with qtbot.waitActive(shown):
        shown.show()
        shown.activateWindow()
    yield shown
    shown.close()


def editor_of(work: BuildWorkspace) -> EditorModel:
    return work.stack_panel.view.editor


def field(work: BuildWorkspace, name: str) -> FieldEditor:
    assert work.properties.form is not None
    return work.properties.form.editors[name]


def type_into(widget: QWidget, text: str) -> None:
    """Replaces a field's text with the keyboard."""
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(widget, text)


def point_of(work: BuildWorkspace, widget: QWidget, point: QPoint) -> QPoint:
    return widget.mapTo(work.window(), point)


# The palette


def test_a_block_is_dragged_from_the_palette_between_two_cards(work: BuildWorkspace) -> None:
    blocks, view = work.palette_panel.blocks, work.stack_panel.view
    row = [kind.tag for kind in KINDS].index("batch-norm")
    start = point_of(work, blocks.viewport(), blocks.visualItemRect(blocks.item(row)).center())
    gap = next(gap for column in view.boxes.columns for gap in column.gaps if gap.place == Place("", 0, 1))
    target = point_of(work, view.viewport(), QPoint(200, gap.y - view.offset()))
    window = work.window().windowHandle()
    QTest.mouseMove(window, start)
    QTest.mousePress(window, LEFT, NONE, start)
    QTest.mouseMove(window, start + QPoint(40, 0))
    assert view.dragged is not None
    assert view.dragged.gap is None
    QTest.mouseMove(window, target)
    assert view.dragged.words() == "batch norm → 6 × 28 × 28"
    QTest.mouseRelease(window, LEFT, NONE, target)
    assert view.dragged is None
    assert editor_of(work).network.stack[1].id == "batch-norm-1"


def test_a_drag_that_ends_outside_the_stack_changes_nothing(work: BuildWorkspace) -> None:
    blocks, before = work.palette_panel.blocks, editor_of(work).network
    start = point_of(work, blocks.viewport(), blocks.visualItemRect(blocks.item(2)).center())
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
    assert work.palette_panel.blocks.tag() == "batch-norm"
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert editor_of(work).network.stack[1].id == "batch-norm-1"
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert work.palette_panel.blocks.count() == len(KINDS)


def test_a_double_click_inserts_behind_the_chosen_block(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    blocks = work.palette_panel.blocks
    point = blocks.visualItemRect(blocks.item([kind.tag for kind in KINDS].index("dropout"))).center()
    QTest.mouseClick(blocks.viewport(), LEFT, NONE, point)
    QTest.mouseDClick(blocks.viewport(), LEFT, NONE, point)
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


# Properties


def test_every_kind_has_an_editor_for_each_of_its_fields(qtbot: QtBot) -> None:
    for kind in KINDS:
        form = FieldForm(fields_of(kind.type))
        qtbot.addWidget(form)
        node = kind.type()
        form.set_values({name: getattr(node, name) for name in form.editors}, {})
        assert set(form.editors) == {info.name for info in fields_of(kind.type)}
        for editor in form.editors.values():
            for widget in editor.inputs():
                assert widget.toolTip()
                assert widget.accessibleName()


def test_typing_a_number_changes_the_network_as_one_step(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    before = editor.network
    filters = field(work, "filters")
    assert isinstance(filters, IntegerEditor)
    type_into(filters.spin, "128")
    node = find(editor.network, "conv-1")
    assert isinstance(node, Convolution)
    assert node.filters == 128
    editor.undo()
    assert editor.network is before
    assert filters.spin.value() == 6


def test_a_number_outside_its_limits_gets_a_fault_at_its_field(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    stride = field(work, "stride")
    assert isinstance(stride, PairEditor)
    type_into(stride.height_spin, "0")
    assert work.properties.form is not None
    message = work.properties.form.messages["stride"]
    assert message.isVisible()
    assert "stride of conv-1 must be" in message.text()
    assert stride.height_spin.property("fault") == "true"
    QTest.keyClick(stride.height_spin, Qt.Key.Key_Up)
    assert not message.isVisible()


def test_arrow_keys_stop_at_the_limits(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    groups = field(work, "groups")
    assert isinstance(groups, IntegerEditor)
    groups.spin.setFocus()
    QTest.keyClick(groups.spin, Qt.Key.Key_Down)
    assert groups.spin.value() == 1


def test_linked_pairs_change_together_and_unlinked_ones_do_not(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    kernel = field(work, "kernel_size")
    assert isinstance(kernel, PairEditor)
    type_into(kernel.height_spin, "3")
    assert find(editor.network, "conv-1").kernel_size == (3, 3)  # type: ignore[union-attr]
    QTest.mouseClick(kernel.link, LEFT)
    type_into(kernel.width_spin, "7")
    assert find(editor.network, "conv-1").kernel_size == (3, 7)  # type: ignore[union-attr]


def test_padding_is_a_word_or_pixels(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    padding = field(work, "padding")
    assert isinstance(padding, PaddingEditor)
    padding.combo.setFocus()
    QTest.keyClicks(padding.combo, "same")
    QTest.keyClick(padding.combo, Qt.Key.Key_Return)
    padding.combo.textActivated.emit("same")
    assert find(editor.network, "conv-1").padding == "same"  # type: ignore[union-attr]
    padding.combo.textActivated.emit("pixels")
    assert padding.pair.isVisible()
    type_into(padding.pair.height_spin, "2")
    assert find(editor.network, "conv-1").padding == (2, 2)  # type: ignore[union-attr]


def test_a_flag_is_clicked_and_a_number_typed(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    bias = field(work, "bias")
    assert isinstance(bias, FlagEditor)
    QTest.mouseClick(bias.box, LEFT)
    assert find(editor.network, "conv-1").bias is False  # type: ignore[union-attr]
    editor.insert("dropout")
    p = field(work, "p")
    assert isinstance(p, NumberEditor)
    type_into(p.line, "0.25")
    node = find(editor.network, "dropout-1")
    assert isinstance(node, Dropout)
    assert node.p == 0.25


def test_a_decimal_comma_is_one(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.insert("dropout")
    p = field(work, "p")
    assert isinstance(p, NumberEditor)
    type_into(p.line, "0,25")
    node = find(editor.network, "dropout-1")
    assert isinstance(node, Dropout)
    assert node.p == 0.25


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0,01", 0.01),
        ("1,5", 1.5),
        ("0,001", 0.001),
        ("1,024", 1.024),
        ("−2,5e-3", -0.0025),
        (",5", 0.5),
        ("1e-5", 1e-5),
        ("1,024,000", 1_024_000.0),
        ("61,706.5", 61_706.5),
        ("1,02,3", None),
        ("1,5.2", None),
        ("1,0245.5", None),
        ("1.5,2", None),
        ("0.1.2", None),
        ("inf", None),
        ("", None),
    ],
)
def test_commas_are_decimal_signs_or_part_groups_of_three(text: str, number: float | None) -> None:
    assert read_number(text) == number


def test_a_whole_number_may_have_thousands_separators(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    filters = field(work, "filters")
    assert isinstance(filters, IntegerEditor)
    type_into(filters.spin, "1,024")
    assert filters.spin.value() == 1024


def test_words_in_a_number_field_are_refused_at_the_field(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.insert("dropout", Place("", 0, 1))
    p = field(work, "p")
    assert isinstance(p, NumberEditor)
    before = editor.network
    type_into(p.line, "half")
    assert p.line.property("fault") == "true"
    assert "half" in p.line.toolTip()
    QTest.keyClick(p.line, Qt.Key.Key_Return)
    assert p.line.text() == "0.5"
    assert editor.network is before


def test_several_blocks_of_a_kind_are_changed_together(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1", "conv-2"))
    filters = field(work, "filters")
    assert isinstance(filters, IntegerEditor)
    assert filters.spin.text() == ""
    type_into(filters.spin, "9")
    assert [find(editor.network, name).filters for name in ("conv-1", "conv-2")] == [9, 9]  # type: ignore[union-attr]
    editor.undo()
    assert [find(editor.network, name).filters for name in ("conv-1", "conv-2")] == [6, 16]  # type: ignore[union-attr]


def test_the_input_and_the_classes_are_edited_in_the_same_way(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select_input()
    assert work.properties.title() == "input"
    for name, value in (("channels", "3"), ("height", "40"), ("width", "36"), ("classes", "7")):
        part = field(work, name)
        assert isinstance(part, IntegerEditor)
        type_into(part.spin, value)
    assert editor.network.input.shape == (3, 40, 36)
    assert editor.network.task.classes == 7


def test_formulas_stand_with_their_own_numbers_and_follow_edits(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    assert "⌊(32 − 5) / 1⌋ + 1 = 28" in work.properties.formulas.text()
    assert "156" in work.properties.formulas.text()
    editor.set_field("conv-1", "stride", (2, 2))
    assert "= 14" in work.properties.formulas.text()


def test_enter_on_a_card_goes_to_its_first_field(work: BuildWorkspace, qtbot: QtBot) -> None:
    view = work.stack_panel.view
    view.setFocus()
    editor_of(work).select(("conv-1",))
    QTest.keyClick(view, Qt.Key.Key_Return)
    filters = field(work, "filters")
    assert isinstance(filters, IntegerEditor)
    qtbot.waitUntil(filters.spin.hasFocus)
    QTest.keyClick(filters.spin, Qt.Key.Key_C, CONTROL)
    assert editor_of(work).selected == ("conv-1",)


# Faults and costs


def test_a_fault_is_named_chosen_and_mended_by_clicks(work: BuildWorkspace, qtbot: QtBot) -> None:
    editor = editor_of(work)
    assert work.faults.muted().startswith("none")
    editor.set_classes(7)
    editor.set_field("conv-1", "stride", (0, 0))
    rows = {row.fault.node: row for row in work.faults.rows}
    assert len(rows) == len(editor.report.faults)
    row = rows["conv-1"]
    words = " ".join(label.text() for label in row.findChildren(QLabel))
    assert "stride of <b>conv-1</b> must be" in words
    QTest.mouseClick(row, LEFT, NONE, QPoint(30, 8))
    assert editor.selected == ("conv-1",)
    QTest.mouseClick(row.button, LEFT)
    assert not editor.report.faults_of("conv-1")
    while work.faults.rows:
        QTest.mouseClick(work.faults.rows[0].button, LEFT)
    assert editor.report.valid
    assert editor.report.output == (7,)


def test_the_head_button_finishes_a_bare_stack_and_goes_away(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    assert not work.stack_panel.head_button.isVisible()
    network = editor.network
    editor.reset(
        Network(name="bare", input=network.input, task=network.task, stack=(Convolution(id="conv-1"),))
    )
    assert work.stack_panel.head_button.isVisible()
    QTest.mouseClick(work.stack_panel.head_button, LEFT)
    assert editor.report.valid
    assert not work.stack_panel.head_button.isVisible()


def test_costs_name_every_layer_and_a_click_chooses_it(work: BuildWorkspace) -> None:
    bars, editor = work.costs.bars, editor_of(work)
    assert [cost.node_id for cost in bars.costs] == ["conv-1", "conv-2", "conv-3", "dense-1", "dense-2"]
    assert sum(cost.parameters for cost in bars.costs) == 61_706
    QTest.mouseClick(bars.viewport(), LEFT, NONE, bars.row_rect(1).center())
    assert editor.selected == ("conv-2",)
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Down)
    assert editor.selected == ("conv-3",)


def test_costs_are_called_as_in_the_stack_and_counted_in_one_unit(work: BuildWorkspace) -> None:
    bars = work.costs.bars
    assert in_unit(480, 9_999_999) == "480"
    assert in_unit(117_600, 9_999_999) == "117,600"
    assert [in_unit(count, 10**8) for count in (10**8, 513_000, 480)] == ["100.00 M", "0.51 M", "< 0.01 M"]
    editor_of(work).load_preset("mini-resnet")
    names = [bars.name(cost) for cost in bars.costs]
    assert "batch norm" in names
    assert "conv-2" in names
    assert "skip-1 shortcut" in " ".join(names) or not any("shortcut" in cost.title for cost in bars.costs)


def test_a_tip_sets_names_of_fields_apart_and_gives_shape_and_cost_their_lines(work: BuildWorkspace) -> None:
    view = work.stack_panel.view
    words = tip(view.editor, view.boxes, view.boxes.cards["conv-1"].rect.center())
    assert "`" not in words
    assert "<i>filters</i>" in words
    parts = words.split("</p>")
    assert any("1 × 32 × 32 → 6 × 28 × 28" in part and "parameters" not in part for part in parts)


def test_a_card_of_the_gallery_says_that_it_can_be_pressed(work: BuildWorkspace) -> None:
    work.open_gallery()
    assert work._gallery is not None
    card = work._gallery.cards[0]
    words = [label.text() for label in card.findChildren(QLabel)]
    assert words.count("Departs from the paper") == 1
    assert card.testAttribute(Qt.WidgetAttribute.WA_Hover)
    assert card.cursor().shape() == Qt.CursorShape.PointingHandCursor
    work._gallery.close()


def test_cards_end_as_far_from_the_panels_edge_as_they_begin(work: BuildWorkspace) -> None:
    theme().install("light", 1.0)
    QTest.qWait(30)
    panel, view = work.stack_panel, work.stack_panel.view
    rect = view.boxes.cards["conv-1"].rect
    left = view.viewport().mapTo(panel, rect.topLeft()).x()
    right = panel.width() - 1 - view.viewport().mapTo(panel, rect.topRight()).x()
    assert abs(left - right) <= 1


def test_while_stepping_in_a_low_window_the_other_panels_are_their_titles(work: BuildWorkspace) -> None:
    model = ConceptModel()
    page = ConceptPage(model)
    work.set_concept(page)
    editor_of(work).select(("conv-1",))
    work.resize(1366, 640)
    QTest.qWait(50)
    work.show_concept(True)
    assert work.properties.folded
    assert work.faults.folded
    assert work.step_button.isVisible()
    assert page.canvas.height() > page.canvas.minimumSizeHint().height()
    work.show_concept(False)
    assert not work.properties.folded
    assert work.properties.form is None or work.properties.form.isVisible()


def test_costs_add_up_with_containers_open_or_closed(work: BuildWorkspace) -> None:
    editor, model = editor_of(work), work.stack_panel.view.model
    editor.load_preset("resnet-34")
    for closed in (False, True):
        model.collapse_all(closed)
        assert sum(cost.parameters for cost in work.costs.bars.costs) == 21_797_672
        assert sum(cost.multiply_adds for cost in work.costs.bars.costs) == editor.report.multiply_adds


# The whole


def test_two_stacks_of_one_model_show_the_same(work: BuildWorkspace, qtbot: QtBot) -> None:
    view = work.stack_panel.view
    other = type(view)(view.editor, view.model, view.actions_of_stack)
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


def test_all_that_is_to_say_of_a_block_is_seen_where_there_is_room(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    QTest.qWait(50)
    assert work.properties.findChildren(QScrollArea)[0].verticalScrollBar().maximum() == 0
    height = work.properties.height()
    editor_of(work).select(("tanh-1",))
    QTest.qWait(50)
    assert work.properties.height() == height, "the costs stay where they are"


def test_where_there_is_none_the_view_ends_between_two_rows(work: BuildWorkspace, qtbot: QtBot) -> None:
    editor_of(work).select(("conv-1",))
    work.resize(900, 420)
    scroll = work.properties.findChildren(QScrollArea)[0]
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() > 0)
    QTest.qWait(50)
    assert work.properties.form is not None
    shown = scroll.viewport().height()
    for editor in work.properties.form.editors.values():
        top = editor.mapTo(scroll.widget(), QPoint(0, 0)).y()
        assert not top < shown < top + editor.height(), editor.field.name


def test_numbers_stand_below_one_another_in_fields_of_one_width(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    QApplication.processEvents()
    filters, kernel = field(work, "filters"), field(work, "kernel_size")
    assert isinstance(filters, IntegerEditor)
    assert isinstance(kernel, PairEditor)
    assert filters.spin.width() <= theme().px(120)
    right = filters.spin.mapTo(work, filters.spin.rect().topRight()).x()
    assert abs(right - kernel.width_spin.mapTo(work, kernel.width_spin.rect().topRight()).x()) <= 2


def test_the_concept_page_stands_behind_a_button_beside_the_formula(work: BuildWorkspace) -> None:
    page = QLineEdit("the window slides")
    work.set_concept(page)
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
    for action in work.stack_panel.view.actions_by_name.values():
        assert action.toolTip()
        assert action.isEnabled() or "Not now" in action.toolTip()
    assert {node.id for node, _ in walk(editor.network)} == editor.node_ids
