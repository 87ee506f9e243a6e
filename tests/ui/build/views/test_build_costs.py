"""Problems with their fixes, and the cost of every layer, in the Build workspace."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Convolution
from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.build.views.costs import multiply_adds_text
from cnnplay.ui.kit.counts import costs
from cnnplay.ui.kit.time_text import ms_text
from tests.ui.build_bench import LEFT, NONE, editor_of
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_a_problem_is_named_and_clicks_select_its_layer_and_fix_it(
    work: BuildWorkspace, qtbot: QtBot
) -> None:
    editor = editor_of(work)
    assert work.problems.muted().startswith("No problems")
    editor.set_classes(7)
    editor.set_fields(("conv-1",), "stride", (0, 0))
    rows = {row.problem.node: row for row in work.problems.rows}
    assert len(rows) == len(editor.report.problems)
    row = rows["conv-1"]
    words = " ".join(label.text() for label in row.findChildren(QLabel))
    assert "stride of <b>conv-1</b> must be" in words
    QTest.mouseClick(row, LEFT, NONE, QPoint(30, 8))
    assert editor.selected == ("conv-1",)
    QTest.mouseClick(row.button, LEFT)
    assert not editor.report.problems_of("conv-1")
    while work.problems.rows:
        QTest.mouseClick(work.problems.rows[0].button, LEFT)
    assert editor.report.valid
    assert editor.report.output == (7,)


def test_the_focus_goes_from_a_fixed_problem_to_the_next_and_at_last_to_the_stack(
    work: BuildWorkspace, qtbot: QtBot
) -> None:
    editor = editor_of(work)
    editor.set_classes(7)
    editor.set_fields(("conv-1",), "stride", (0, 0))
    while work.problems.rows:
        button = work.problems.rows[-1].button
        button.setFocus()
        qtbot.waitUntil(button.hasFocus)
        QTest.keyClick(button, Qt.Key.Key_Space)
        if work.problems.rows:
            qtbot.waitUntil(work.problems.rows[-1].button.hasFocus)
    qtbot.waitUntil(work.stack_panel.view.hasFocus)


def test_the_problem_of_an_empty_network_is_fully_visible(work: BuildWorkspace, qtbot: QtBot) -> None:
    editor = editor_of(work)
    network = editor.network
    editor.reset(Network(name="bare", input=network.input, task=network.task, stack=()))
    (row,) = work.problems.rows
    scroll = work.problems._scroll
    qtbot.waitUntil(lambda: not scroll.verticalScrollBar().isVisible())
    assert scroll.viewport().height() >= row.height() >= row.heightForWidth(row.width())


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


def test_costs_name_every_layer_and_a_click_selects_it(work: BuildWorkspace) -> None:
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
    assert multiply_adds_text(480, 9_999_999) == "480"
    assert multiply_adds_text(117_600, 9_999_999) == "117,600"
    assert [multiply_adds_text(count, 10**8) for count in (10**8, 513_000, 480)] == [
        "100.00 M",
        "0.51 M",
        "< 0.01 M",
    ]
    editor_of(work).load_preset("mini-resnet")
    names = [bars.name(cost) for cost in bars.costs]
    assert "batch norm" in names
    assert "conv-2" in names
    shortcuts = [name for name in names if "shortcut" in name]
    parts = ("", ", batch norm")
    assert shortcuts == [f"skip-{number} shortcut{part}" for number in (1, 2) for part in parts]


def test_costs_add_up_with_containers_expanded_or_collapsed(work: BuildWorkspace) -> None:
    editor, model = editor_of(work), work.stack_panel.view.model
    editor.load_preset("resnet-34")
    for closed in (False, True):
        model.collapse_all(closed)
        assert sum(cost.parameters for cost in work.costs.bars.costs) == 21_797_672
        assert sum(cost.multiply_adds for cost in work.costs.bars.costs) == editor.report.multiply_adds


def test_measured_times_appear_beside_the_counts_also_of_layers_without_parameters(
    work: BuildWorkspace, qtbot: QtBot
) -> None:
    panel, editor = work.costs, editor_of(work)
    assert not panel.caption.isVisible()
    QTest.mouseClick(panel.measure, LEFT)
    assert panel.measure.text() == "Cancel"
    qtbot.waitUntil(lambda: panel.measure.text() == "Measure again", timeout=60_000)
    rows = panel.bars.costs
    assert [cost.node_id for cost in rows] == [node.id for node in leaves(editor.network)]
    assert all(cost.forward > 0 and cost.backward > 0 for cost in rows)
    heights = [panel.bars.row_rect(number).height() for number in (0, 1)]
    assert heights[0] > heights[1], "a convolution has more numbers than an activation"
    assert panel.caption.isVisible()
    assert panel.caption.text().startswith("Batch of 4, 1 thread: forward ")
    editor.set_fields(("conv-1",), "filters", 7)
    assert panel.caption.text().startswith("Outdated: ")
    assert panel.bars.costs[0].forward == rows[0].forward
    editor.set_fields(("conv-1",), "stride", (0, 0))
    assert not panel.measure.isEnabled()
    assert "problems" in panel.measure.toolTip()


def test_a_collapsed_container_takes_the_time_of_its_layers(work: BuildWorkspace) -> None:
    editor = editor_of(work)
    editor.load_preset("mini-resnet")
    times = {node.id: (1.0, 2.0) for node in leaves(editor.network)}
    for closed in (frozenset[str](), frozenset({"skip-1"})):
        rows = costs(editor.network, editor.report, closed, times)
        assert sum(cost.forward for cost in rows) == len(times)
        assert sum(cost.seconds for cost in rows) == 3 * len(times)


@pytest.mark.parametrize(
    ("seconds", "largest", "text"),
    [
        (0.000_5, 0.000_9, "0.500 ms"),
        (0.012_34, 0.05, "12.34 ms"),
        (0.000_001, 0.05, "< 0.01 ms"),
        (0.25, 0.5, "250.0 ms"),
        (2.0, 3.0, "2,000 ms"),
        (0.0, 3.0, "0 ms"),
    ],
)
def test_times_of_a_column_have_the_same_decimals(seconds: float, largest: float, text: str) -> None:
    assert ms_text(seconds, largest) == text


def test_few_costs_use_a_tall_panel_and_many_are_as_tall_as_usual(work: BuildWorkspace, qtbot: QtBot) -> None:
    bars, editor = work.costs.bars, editor_of(work)
    work.resize(1366, 1400)
    settle()
    tall = bars.row_rect(0).height()
    last = bars.row_rect(len(bars.costs) - 1)
    work.resize(1366, 560)
    settle()
    usual = bars.row_rect(0).height()
    assert usual < tall <= 2 * usual
    assert last.bottom() <= 1400
    editor.load_preset("resnet-34")
    settle()
    assert bars.row_rect(0).height() <= usual
    assert bars.verticalScrollBar().maximum() > 0
    QTest.mouseClick(bars.viewport(), LEFT, NONE, bars.row_rect(1).center())
    assert editor.selected == (bars.costs[1].node_id,)


def test_the_letters_of_a_formula_are_explained_where_it_is(work: BuildWorkspace) -> None:
    editor_of(work).select(("conv-2",))
    tips = [label.toolTip() for label in work.properties.formulas.findChildren(QLabel) if label.isVisible()]
    assert any("s: stride" in text and "f: kernel size" in text for text in tips)
    assert any("k: number of filters" in text and "H′: height of the output" in text for text in tips)
    assert any("j: jump" in text and "r: receptive field" in text for text in tips)


def test_the_times_of_a_network_go_when_another_document_is_opened(
    work: BuildWorkspace, qtbot: QtBot
) -> None:
    panel, editor = work.costs, editor_of(work)
    QTest.mouseClick(panel.measure, LEFT)
    qtbot.waitUntil(lambda: panel.measure.text() == "Measure again", timeout=60_000)
    editor.reset(editor.network)
    assert panel.measure.text() == "Measure time"
    assert not panel.caption.isVisible()
    assert not any(cost.seconds for cost in panel.bars.costs)
