"""The concept page with real keys and clicks, in both themes."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.shapes.infer import infer
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.views.concept import ConceptPage
from cnnplay.ui.learn.views.concept_grid import shade_of

# The screenless platform says so whenever a window is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

NETWORK = Network(
    name="small",
    input=Input(1, 28, 28),
    task=Classification(10),
    stack=(
        nodes.Convolution(id="conv-1", filters=6, kernel_size=(5, 5), dilation=(2, 2), padding="same"),
        nodes.MaxPooling(id="max-pool-1", padding=(1, 1)),
        nodes.Convolution(id="conv-2", filters=3),
        nodes.Convolution(id="conv-3", filters=3, kernel_size=(11, 11), padding="same"),
        nodes.GlobalAveragePooling(id="global-avg-pool-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1"),
    ),
)


@pytest.fixture(params=["light", "dark"])
def page(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[ConceptPage]:
    theme().install(request.param)
    model = ConceptModel()
    page = ConceptPage(model)
    qtbot.addWidget(page)
    page.resize(760, 440)
    model.show_node(infer(NETWORK), "conv-2")
    with qtbot.waitExposed(page):
        page.show()
    yield page
    model.pause()


def _lecture(page: ConceptPage) -> None:
    QTest.mouseClick(page.example_button, Qt.MouseButton.LeftButton)
    page.canvas.setFocus()


def _colors(page: ConceptPage) -> bytes:
    return bytes(page.canvas.grab().toImage().constBits())


def test_a_click_on_the_lecture_shows_its_first_step(page: ConceptPage) -> None:
    _lecture(page)
    assert page.model.total == -5
    assert "= −5" in page.canvas.accessibleDescription()
    assert page.muted() == "worked example 6×6 · vertical-edge filter"


def test_keys_step_through_the_image(page: ConceptPage) -> None:
    _lecture(page)
    totals = []
    for name in ("Right", "Down", "Left", "End", "Up", "Home"):
        QTest.keyClick(page.canvas, getattr(Qt.Key, f"Key_{name}"))
        totals.append(page.model.total)
    assert totals == [-4, -2, -10, -16, -7, -5]


def test_space_plays_and_stops(page: ConceptPage, qtbot: QtBot) -> None:
    _lecture(page)
    page.controls.speed.setCurrentIndex(4)
    with qtbot.waitSignal(page.model.moved):
        QTest.keyClick(page.canvas, Qt.Key.Key_Space)
    assert page.controls.play.accessibleName() == "Pause"
    QTest.keyClick(page.canvas, Qt.Key.Key_Space)
    assert not page.model.playing
    assert page.controls.play.accessibleName() == "Play"


def test_the_output_fills_up_as_it_steps(page: ConceptPage) -> None:
    _lecture(page)
    before = _colors(page)
    QTest.mouseClick(page.controls.forward, Qt.MouseButton.LeftButton)
    assert page.model.index == 1
    assert _colors(page) != before


def test_a_click_on_the_output_puts_the_window_there(page: ConceptPage) -> None:
    _lecture(page)
    places = page.canvas.places()
    assert places is not None
    QTest.mouseClick(page.canvas, Qt.MouseButton.LeftButton, pos=places.output.cells(2, 3).center().toPoint())
    assert (page.model.step.row, page.model.step.column) == (2, 3)
    assert page.model.total == -7


def test_dragging_on_the_input_moves_the_window_under_the_mouse(page: ConceptPage) -> None:
    _lecture(page)
    places = page.canvas.places()
    assert places is not None
    QTest.mousePress(page.canvas, Qt.MouseButton.LeftButton, pos=places.input.cells(1, 1).center().toPoint())
    assert page.model.index == 0
    QTest.mouseMove(page.canvas, places.input.cells(4, 4).center().toPoint())
    QTest.mouseRelease(page.canvas, Qt.MouseButton.LeftButton)
    assert page.model.total == -16


def test_stride_and_padding_of_the_lecture_are_set_by_keys(page: ConceptPage) -> None:
    _lecture(page)
    QTest.keyClick(page.controls.stride, Qt.Key.Key_Up)
    assert page.model.output.tolist() == [[-5, 0], [0, -4]]
    QTest.keyClick(page.controls.padding, Qt.Key.Key_Up)
    assert page.model.output.shape == (3, 3)


def test_filter_and_channel_are_selected_by_keys(page: ConceptPage) -> None:
    page.canvas.setFocus()
    QTest.keyClick(page.controls.filter, Qt.Key.Key_Up)
    QTest.keyClick(page.canvas, Qt.Key.Key_PageDown)
    assert (page.model.filter, page.model.channel) == (1, 1)
    assert page.controls.channel.value() == 2
    assert "sum over 6 channels + bias" in page.canvas.accessibleDescription()


def test_a_layer_without_a_window_offers_the_lecture(page: ConceptPage) -> None:
    page.model.show_node(infer(NETWORK), "dense-1")
    assert page.empty.isVisible()
    assert "has no sliding window" in page.empty.label.text()
    QTest.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert page.model.source == "lecture"
    assert page.canvas.isVisible()


@pytest.mark.parametrize("node_id", ["conv-1", "max-pool-1", "conv-2", "conv-3", "global-avg-pool-1"])
@pytest.mark.parametrize("size", [(380, 300), (760, 440), (1200, 900)])
def test_every_layer_is_painted_at_every_size_inside_the_page(
    page: ConceptPage, node_id: str, size: tuple[int, int]
) -> None:
    page.resize(*size)
    page.model.show_node(infer(NETWORK), node_id)
    QApplication.processEvents()
    places = page.canvas.places()
    assert places is not None
    rect = page.canvas.rect()
    for box in (places.input, places.window, places.kernel, places.output):
        if box is not None:
            assert box.rect.width() > 4
            assert rect.contains(box.rect.toAlignedRect())
    page.canvas.grab()


def test_a_hidden_page_stops_playing(page: ConceptPage) -> None:
    _lecture(page)
    page.model.play()
    page.hide()
    assert not page.model.playing


def test_every_control_has_a_name_and_a_tooltip(page: ConceptPage) -> None:
    controls = page.controls
    for widget in (
        controls.filter, controls.channel, controls.stride, controls.padding, controls.back, controls.play,
        controls.forward, controls.position, controls.speed, page.layer_button, page.example_button,
    ):  # fmt: skip
        assert widget.accessibleName()
        assert widget.toolTip()


def test_nothing_moves_while_it_is_stepped_through(page: ConceptPage) -> None:
    for size in ((420, 330), (760, 440), (1200, 900)):
        page.resize(*size)
        _lecture(page)
        QApplication.processEvents()
        places, fonts = [], []
        for index in range(16):
            page.model.go(index)
            places.append(page.canvas.places())
            fonts.append(page.canvas._rows_font())
            page.canvas.grab()
        assert places.count(places[0]) == len(places)
        assert fonts.count(fonts[0]) == len(fonts)
        page.layer_button.click()


def test_the_outputs_type_suits_all_its_numbers_from_the_first_step(
    page: ConceptPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def fit(painter: QPainter, cell: float, texts: list[str]) -> bool:
        asked.append(texts)
        return False

    monkeypatch.setattr("cnnplay.ui.learn.views.concept_grid.fit_type", fit)
    _lecture(page)
    page.canvas.grab()
    assert any("−16" in texts for texts in asked)


def test_weights_are_drawn_on_the_signed_scale_even_where_none_is_negative() -> None:
    assert shade_of(np.array([[0.1, 0.4]]), signed=True) == ("signed", (-0.4, 0.4))
    assert shade_of(np.array([[0.1, 0.4]])) == ("magnitude", (0.0, 0.4))


def test_hovering_tells_the_number_under_the_mouse(page: ConceptPage) -> None:
    _lecture(page)
    places = page.canvas.places()
    assert places is not None
    assert page.canvas.tooltip_at(places.input.cells(2, 1).center()) == "input, row 3, column 2: 7"
    assert page.canvas.tooltip_at(places.output.cells(0, 0).center()) == "output, row 1, column 1: −5"
    assert "Space: play or pause" in page.canvas.tooltip_at(QPoint(1, 1).toPointF())


@pytest.mark.parametrize("size", [(760, 440), (1400, 460), (500, 700)])
@pytest.mark.parametrize("node_id", ["conv-1", "max-pool-1", "conv-3"])
def test_each_sign_is_beside_both_of_its_neighbors(
    page: ConceptPage, size: tuple[int, int], node_id: str
) -> None:
    page.resize(*size)
    page.model.show_node(infer(NETWORK), node_id)
    places = page.canvas.places()
    assert places is not None
    grids = [each for each in (places.input, places.window, places.kernel, places.output) if each is not None]
    assert len(places.signs) == len(grids) - 1
    for (rect, _), (before, after) in zip(places.signs, pairwise(grids), strict=True):
        assert before.rect.right() <= rect.center().x() <= after.rect.left()
        for grid in (before, after):
            assert grid.rect.top() < rect.center().y() < grid.rect.bottom()
