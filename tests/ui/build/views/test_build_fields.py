"""A layer's fields and formulas in the Build workspace, with mouse and keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.fields import fields_of
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Place, find
from cnnplay.network.nodes import Convolution, Dropout
from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.kit.views.fields import (
    FlagEditor,
    IntegerEditor,
    NumberEditor,
    PaddingEditor,
    PairEditor,
    read_number,
)
from cnnplay.ui.kit.views.form import FieldForm
from cnnplay.ui.kit.views.theme import theme
from tests.ui.build_bench import CONTROL, LEFT, editor_of, field, type_into

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


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


def test_a_number_outside_its_limits_shows_a_problem_at_its_field(work: BuildWorkspace) -> None:
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


def test_text_in_a_number_field_is_refused_at_the_field(work: BuildWorkspace) -> None:
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


def test_several_layers_of_a_kind_are_edited_together(work: BuildWorkspace) -> None:
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


def test_formulas_contain_the_layers_numbers_and_follow_edits(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.select(("conv-1",))
    assert "⌊(32 − 5) / 1⌋ + 1 = 28" in work.properties.formulas.text()
    assert "156" in work.properties.formulas.text()
    editor.set_fields(("conv-1",), "stride", (2, 2))
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


def test_numbers_are_right_aligned_in_fields_of_equal_width(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-1",))
    QApplication.processEvents()
    filters, kernel = field(work, "filters"), field(work, "kernel_size")
    assert isinstance(filters, IntegerEditor)
    assert isinstance(kernel, PairEditor)
    assert filters.spin.width() <= theme().px(120)
    right = filters.spin.mapTo(work, filters.spin.rect().topRight()).x()
    assert abs(right - kernel.width_spin.mapTo(work, kernel.width_spin.rect().topRight()).x()) <= 2


@pytest.mark.parametrize("name", ["channels", "height", "width"])
def test_a_problem_of_the_input_is_shown_at_its_own_field(work: BuildWorkspace, name: str) -> None:
    editor = editor_of(work)
    editor.select_input()
    editor.set_input(**{name: 0})
    assert work.properties.form is not None
    shown = {field for field, label in work.properties.form.messages.items() if label.isVisible()}
    assert shown == {name}
