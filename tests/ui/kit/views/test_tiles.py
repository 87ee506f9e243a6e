"""The widget of tiles, with real events: painting, selecting, reading out, turning pages."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.images import colorize
from cnnplay.ui.kit.views.theme import theme, tokens
from cnnplay.ui.kit.views.tile_captions import elided
from cnnplay.ui.kit.views.tile_panel import TilePanel
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.look.look_tiles import Prediction
from cnnplay.ui.look.views.confusion import ConfusionMatrix, shade
from cnnplay.ui.look.views.prediction import PredictionBars
from cnnplay.ui.plot.views.bars import BarsView

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def tiles(count: int = 6, side: int = 5, columns: int = 0, seed: int = 0) -> Tiles:
    values = np.random.default_rng(seed).normal(size=(count, side, side)).astype(np.float32)
    limits = np.tile([[-3.0, 3.0]], (count, 1))
    if columns:
        rows = tuple(f"{n + 1} · norm 0.70" for n in range(count // columns))
        heads = tuple(str(n + 1) for n in range(columns))
        return Tiles(
            values, "signed", limits, columns=columns, row_labels=rows, column_labels=heads, noun="filter"
        )
    return Tiles(values, "magnitude", limits, labels=tuple(str(n + 1) for n in range(count)))


def shown(qtbot: QtBot, content: Tiles, width: int = 560, height: int = 300) -> TilesView:
    view = TilesView("test")
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show_tiles(content)
    with qtbot.waitExposed(view):
        view.show()
    return view


def center_of(view: TilesView, number: int, row: int, column: int, side: int) -> QPoint:
    """The middle of a value's square on the screen."""
    rect = view.tile_rect(number)
    return QPoint(
        rect.x() + int((column + 0.5) * rect.width() / side),
        rect.y() + int((row + 0.5) * rect.height() / side),
    )


def check_colors(view: TilesView, content: Tiles, numbers: list[int]) -> None:
    image = view.grab().toImage()
    side = content.size[0]
    for number in numbers:
        for row, column in ((0, 0), (side - 1, 2), (1, side - 1)):
            value = content.values[number, row, column]
            expected = QColor(*(int(c) for c in colorize(np.array([value]), content.scale, (-3.0, 3.0))[0]))
            found = image.pixelColor(center_of(view, number, row, column, side))
            assert found == expected


def test_a_pixel_of_a_tile_has_the_color_of_its_value(qtbot: QtBot) -> None:
    content = tiles()
    check_colors(shown(qtbot, content), content, [0, 3, 5])


def test_a_pixel_of_the_mosaic_has_the_color_of_the_weight(qtbot: QtBot) -> None:
    content = tiles(16 * 6, columns=6)
    view = shown(qtbot, content, 700, 400)
    check_colors(view, content, [0, 5, 6, 40, 95])


def test_a_click_selects_and_emits_chosen(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles())
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.tile_rect(4).center())
    assert chosen.args == [4]
    assert view.selected == 4


def test_arrow_keys_go_through_rows_and_columns(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles(12))
    arrangement = view.arrangement()
    assert arrangement is not None
    columns = arrangement.numbers.shape[1]
    for key, expected in (
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Left, 0),
    ):
        QTest.keyClick(view, key)
        assert view.selected == expected


def test_an_arrow_key_at_the_end_of_a_page_turns_it(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles(512))
    assert view.page_text() == "1–64 of 512"
    view.select(63)
    with qtbot.waitSignal(view.page_changed):
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.selected == 64
    assert view.page_text() == "65–128 of 512"


def test_page_keys_and_buttons_turn_pages_and_stop_at_the_ends(qtbot: QtBot) -> None:
    view = TilesView("test")
    panel = TilePanel(view, "nothing")
    qtbot.addWidget(panel)
    panel.resize(560, 360)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_tiles(tiles(130))
    assert not view.can_turn(-1)
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert view.page_text() == "65–128 of 130"
    buttons = {button.text(): button for button in panel.pages.findChildren(type(panel.pages._buttons[1, 0]))}
    QTest.mouseClick(buttons["›"], Qt.MouseButton.LeftButton)
    assert view.page_text() == "129–130 of 130"
    assert not buttons["›"].isEnabled()
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.page_text() == "65–128 of 130"


def test_the_page_stays_when_the_data_changes(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles(512))
    view.turn(2)
    view.show_tiles(tiles(512, seed=1))
    assert view.page_text() == "129–192 of 512"


def test_the_read_out_follows_the_mouse_and_then_the_data(qtbot: QtBot) -> None:
    content = tiles()
    view = shown(qtbot, content)
    QTest.mouseMove(view, center_of(view, 2, 3, 1, 5))
    qtbot.waitUntil(lambda: view.read_out.startswith("map 3 · row 4, column 2: "))
    before = view.read_out
    with qtbot.waitSignal(view.read_out_changed):
        view.show_tiles(tiles(seed=1))
    assert view.read_out.startswith("map 3 · row 4, column 2: ")
    assert view.read_out != before


def test_a_hidden_view_is_not_redrawn_and_a_visible_one_once_for_new_data(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles())
    qtbot.waitUntil(lambda: view.redraws == 1)
    view.hide()
    for seed in range(5):
        view.show_tiles(tiles(seed=seed))
    assert view.redraws == 1
    view.show()
    qtbot.waitUntil(lambda: view.redraws == 2)
    view.repaint()
    assert view.redraws == 2


def test_both_themes_can_be_painted(qtbot: QtBot) -> None:
    view = shown(qtbot, tiles(16 * 6, columns=6), 700, 400)
    for choice in ("dark", "light"):
        theme().install(choice)  # type: ignore[arg-type]
        assert not view.grab().isNull()


def test_bars_read_out_the_number_under_the_mouse(qtbot: QtBot) -> None:
    bars = BarsView("test")
    qtbot.addWidget(bars)
    bars.resize(500, 200)
    bars.show_values(np.array([0.5, -1.0, 2.0]), (-1.0, 2.0), ("a", "b", "c"))
    with qtbot.waitExposed(bars):
        bars.show()
    QTest.keyClick(bars, Qt.Key.Key_Right)
    QTest.keyClick(bars, Qt.Key.Key_Right)
    assert bars.read_out == "output 2 (b): −1.00"
    QTest.mouseMove(bars, QPoint(bars._plot().left() + 3, 50))
    qtbot.waitUntil(lambda: bars.read_out == "output 1 (a): 0.500")
    bars.show_values(np.array([0.25, -1.0, 2.0]), (-1.0, 2.0), ("a", "b", "c"))
    assert bars.read_out == "output 1 (a): 0.250"


def test_many_bars_show_every_extreme(qtbot: QtBot) -> None:
    bars = BarsView("test")
    qtbot.addWidget(bars)
    bars.resize(300, 200)
    values = np.zeros(4096, np.float32)
    values[1733] = 1
    bars.show_values(values, (0.0, 1.0))
    with qtbot.waitExposed(bars):
        bars.show()
    image, plot = bars.grab().toImage(), bars._plot()
    row = plot.top() + 5
    accent = theme().color("accent")
    assert sum(image.pixelColor(x, row) == accent for x in range(plot.left(), plot.right())) == 1


def matrix(qtbot: QtBot) -> ConfusionMatrix:
    view = ConfusionMatrix()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show_counts(np.array([[9, 1, 0], [0, 10, 0], [4, 0, 6]]), ("cat", "dog", "cow"))
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_a_cell_of_the_confusion_matrix_is_chosen_by_click_and_by_keys(qtbot: QtBot) -> None:
    view = matrix(qtbot)
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.cell_rect(2, 0).center())
    assert chosen.args == [2, 0]
    assert view.read_out.startswith("4 of 10 ")
    assert view.read_out.endswith("cat: 40.0 %")
    assert "cow" in view.read_out
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right)
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [2, 2]
    assert view.read_out.startswith("6 of 10 ")
    assert view.read_out.endswith("correctly: 60.0 %")


def test_a_cells_shade_is_its_share_of_the_row(qtbot: QtBot) -> None:
    view = matrix(qtbot)
    image = view.grab().toImage()
    for (truth, predicted), share in {(0, 0): 0.9, (2, 0): 0.4, (1, 1): 1.0, (0, 2): 0.0}.items():
        corner = view.cell_rect(truth, predicted).topLeft() + QPoint(2, 2)
        assert image.pixelColor(corner) == shade(share, truth == predicted)


def test_labels_lose_their_details_before_a_page_is_turned(qtbot: QtBot) -> None:
    content = tiles()
    labels = tuple(f"{n + 1} · norm 0.70" for n in range(6))
    content = Tiles(content.values, "signed", content.limits, labels=labels, noun="filter")
    view = shown(qtbot, content, 360, 110)
    assert view.page_text() == ""
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.tile_rect(5).center())
    QTest.keyClick(view, Qt.Key.Key_Left)
    view.leaveEvent(QEvent(QEvent.Type.Leave))
    assert view.read_out.startswith("filter 5 · norm 0.70 · −")


def test_long_captions_are_elided_and_the_tooltip_has_the_full_text(qtbot: QtBot) -> None:
    name = "coffee for chelsea the cat with a rather long class name"
    content = tiles(8)
    view = shown(qtbot, replace(content, labels=(name,) * 8, accents=("coffee",) * 8), 560, 130)
    assert view.page_text() == ""
    arrangement = view.arrangement()
    assert arrangement is not None
    assert arrangement.pitch[1] <= 560 // 4
    under = view.tile_rect(3).center()
    assert view.caption_under(under) == name
    help_event = QHelpEvent(QEvent.Type.ToolTip, under, view.mapToGlobal(under))
    assert view.event(help_event)
    assert QToolTip.text() == name
    assert not view.grab().toImage().isNull()


def test_an_elided_caption_still_shows_prediction_and_true_class(qtbot: QtBot) -> None:
    metrics = QFontMetrics(theme().font(small=True))
    room = metrics.horizontalAdvance("chelsea for coffee")
    accent, text = elided("chelsea the cat for coffee", "chelsea the cat", room, metrics)
    assert accent.startswith("chel")
    assert text.startswith(accent)
    assert "… for co" in text
    assert metrics.horizontalAdvance(text) <= room
    assert elided("1 for 7", "1", room, metrics) == ("1", "1 for 7")


def test_details_of_labels_never_make_tiles_smaller(qtbot: QtBot) -> None:
    plain = tiles()
    detailed = replace(plain, labels=tuple(f"{n + 1} · norm 0.70" for n in range(6)))
    for size in ((360, 110), (374, 220), (200, 300)):
        one, other = shown(qtbot, plain, *size), shown(qtbot, detailed, *size)
        assert one.tile_rect(5).size() == other.tile_rect(5).size()


def test_the_color_scale_comes_back_after_bars(qtbot: QtBot) -> None:
    view = TilesView("test")
    panel = TilePanel(view, "nothing")
    bars = BarsView("bars")
    panel.add_middle(bars)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_tiles(tiles())
    panel.show_middle(bars)
    assert not panel.legend.isVisible()
    panel.show_tiles(tiles())
    assert panel.legend.isVisible()


def test_the_pages_text_has_priority_over_the_color_scale(qtbot: QtBot) -> None:
    view = TilesView("test")
    panel = TilePanel(view, "nothing")
    qtbot.addWidget(panel)
    panel.resize(240, 160)
    panel.show()
    panel.show_tiles(tiles(512))
    qtbot.waitUntil(lambda: panel.pages._label.text() == view.page_text() != "")
    assert panel.pages._label.isVisible()
    panel.resize(700, 160)
    qtbot.waitUntil(lambda: panel.legend.width() > 100)
    assert panel.pages._label.text() == view.page_text()


def test_a_few_bars_share_the_width_and_keep_their_names(qtbot: QtBot) -> None:
    view = BarsView("bars")
    qtbot.addWidget(view)
    view.resize(600, 200)
    view.show_values(np.array([90.0, -568.0, 471.0]), (-568.0, 471.0), ("astronaut", "coffee", "chelsea"))
    plot = view._plot()
    assert view._pitch(plot) == pytest.approx(plot.width() / 3)
    texts = [tick.text for tick in view._ticks(plot.height())]
    assert "0" in texts
    assert all(text.strip("−").rstrip("0").strip("0") in ("", "5", "2", "4", "1", "25") for text in texts)
    view.show_values(np.array([4096.0] * 40), (0.0, 41_000.0))
    assert any("," in tick.text for tick in view._ticks(plot.height()))
    assert not view.grab().toImage().isNull()


def prediction_bars(qtbot: QtBot, values: list[float], height: int) -> PredictionBars:
    view = PredictionBars(0)
    qtbot.addWidget(view)
    view.resize(300, height)
    names = tuple(f"class {number}" for number in range(len(values)))
    view.show_prediction(Prediction(np.array(values, np.float32), names, 0))
    view.grab()
    return view


def test_a_few_classes_are_all_shown_in_their_own_order(qtbot: QtBot) -> None:
    values = [0.9, 0.0, 0.1, *([0.0] * 7)]
    least = QFontMetrics(theme().font(strong=True)).height()
    view = prediction_bars(qtbot, values, 10 * least)
    assert view._prediction is not None
    shown_now, height = view._shown(view._prediction, least)
    assert shown_now == tuple(range(10))
    assert height * 10 <= view.height()
    view.resize(300, 3 * least)
    assert view._shown(view._prediction, least)[0] == (0, 2)


def test_a_class_that_reads_zero_percent_has_no_bar(qtbot: QtBot) -> None:
    view = prediction_bars(qtbot, [0.9998, 0.0002], 44)
    image = view.grab().toImage()
    names = [{image.pixelColor(x, y).name() for x in range(60, 220)} for y in (11, 33)]
    marks = {theme().color(key).name() for key in ("good", "fault", "accent")}
    assert theme().color("good").name() in names[0]
    assert theme().color("surface_sunken").name() in names[1]
    assert not names[1] & marks


def test_the_color_scales_are_those_named_in_the_tokens() -> None:
    from pyqtgraph import colormap

    for scale, name in tokens()["scales"].items():
        table = colormap.get(name).getLookupTable(nPts=256, alpha=False)
        assert (theme().table(scale) == table[:, :3]).all()


def test_centered_tiles_share_the_free_width_and_answer_clicks_where_they_are(qtbot: QtBot) -> None:
    view = TilesView("test", centered=True)
    qtbot.addWidget(view)
    view.resize(1400, 160)
    for content in (tiles(), tiles(6, columns=3)):
        view.show_tiles(content)
        with qtbot.waitExposed(view):
            view.show()
        rects = [view.tile_rect(number) for number in range(len(content))]
        left, right = min(rect.left() for rect in rects), 1400 - max(rect.right() for rect in rects)
        beside = view.fontMetrics().horizontalAdvance(max((*content.row_labels, ""), key=len)) + 16
        assert abs(left - right) <= beside, "as much room on both sides, except for the names of rows"
        assert content.columns or right > 20
        for number in (0, len(content) - 1):
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=rects[number].center())
            assert view.selected == number
    assert shown(qtbot, tiles(), 1400, 160).tile_rect(0).left() < 20


def test_brief_labels_are_used_where_whole_ones_have_no_room(qtbot: QtBot) -> None:
    whole = tuple(f"predicted {n}, is 7" for n in range(6))
    brief = tuple(f"{n}, is 7" for n in range(6))
    content = replace(tiles(), labels=whole, brief_labels=brief, accents=("predicted",) * 6)
    narrow, wide = shown(qtbot, content, 300, 80), shown(qtbot, content, 1100, 140)
    under = narrow.tile_rect(2).center()
    assert narrow.caption_under(under) == whole[2], "the tooltip has what the brief label leaves out"
    assert wide.caption_under(wide.tile_rect(2).center()) == ""
    assert narrow.tiles is not None
    assert narrow.tiles.caption(2) == whole[2]
