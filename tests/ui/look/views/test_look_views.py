"""The views of Look inside with real models, a trained network and real events."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnplay.data.folder import load_folder
from cnnplay.network.presets import preset
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.view import StackView
from cnnplay.ui.kit.views.images import colorize
from cnnplay.ui.look.stack_results import StackResults
from cnnplay.ui.look.views.confusion import ConfusionMatrix
from cnnplay.ui.look.views.look import LookWorkspace
from tests.look_bench import WAIT, LookBench, digits, pets

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[..., LookBench]]:
    made: list[LookBench] = []

    def new(*arguments: object, adopt: bool = True, **settings: object) -> LookBench:
        bench = LookBench(*arguments, **settings)  # type: ignore[arg-type]
        made.append(bench)
        if adopt:
            bench.adopt()
        return bench

    yield new
    for bench in made:
        bench.shutdown()


def workspace(qtbot: QtBot, bench: LookBench, width: int = 960, height: int = 680) -> LookWorkspace:
    page = LookWorkspace(bench.look).built()
    qtbot.addWidget(page)
    page.resize(width, height)
    with qtbot.waitExposed(page):
        page.show()
    bench.wait(qtbot)
    return page


def test_maps_and_filters_say_what_they_show(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    assert page.filters.title() == "Filters of conv-1"
    assert page.filters.muted().startswith("8 @ 3×3 · ±")
    assert page.maps.title() == "Feature maps of conv-1"
    assert page.maps.muted().startswith("8 × 28 × 28 · 0 to ")
    assert page.maps.muted().endswith("after ReLU")
    bench.editor.select(("conv-2",))
    bench.wait(qtbot)
    assert page.filters.muted().startswith("12 @ 3×3, 8 channels each · ±")
    assert page.filters.view.tiles is not None
    assert page.filters.view.tiles.columns == 8


def test_the_pixels_of_the_mosaic_have_the_colors_of_the_weights(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench, 1500, 1000)
    bench.editor.select(("conv-2",))
    bench.wait(qtbot)
    filters, view = bench.look.filters, page.filters.view
    assert filters is not None
    pixels = view.grab().toImage()
    for out, channel, row, column in ((0, 0, 0, 0), (3, 7, 2, 1), (11, 4, 1, 2)):
        rect = view.tile_rect(out * 8 + channel)
        assert not rect.isEmpty()
        x, y = (
            rect.x() + int((column + 0.5) * rect.width() / 3),
            rect.y() + int((row + 0.5) * rect.height() / 3),
        )
        weight = filters.values[out, channel, row, column]
        expected = colorize(np.array([weight]), "signed", (-filters.limit, filters.limit))[0]
        assert abs(np.array(pixels.pixelColor(x, y).getRgb()[:3]) - expected.astype(int)).max() <= 3


def test_a_click_on_a_map_shows_it_over_the_image(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    QTest.mouseClick(page.maps.view, Qt.MouseButton.LeftButton, pos=page.maps.view.tile_rect(3).center())
    assert bench.look.focus.number == 3
    assert page.overlay.title().startswith("Map 4 ")
    assert page.filters.view.selected == 3


def test_a_click_on_the_overlay_selects_the_pixel_under_it(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    bench.editor.select(("conv-2",))
    bench.wait(qtbot)
    canvas = page.overlay.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.pixel_rect(4, 9).center().toPoint())
    assert bench.look.focus.pixel == (4, 9)
    window = canvas.window_rect(4, 9)
    scale = canvas.image_rect().width() / 28
    assert (round(window.width() / scale), round(window.height() / scale)) == (8, 8)
    assert window.contains(canvas.pixel_rect(4, 9).center())
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert bench.look.focus.pixel == (5, 8)
    assert page.overlay.muted().startswith("pixel (6, 9): ")


def test_with_zero_opacity_the_overlay_is_the_image(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    page.overlay.slider.setValue(0)
    shown, area = page.overlay.canvas.grab().toImage(), page.overlay.canvas.image_rect()
    chosen = bench.look.image_choice.image
    assert chosen is not None
    step = area.width() / 28
    for row, column in ((1, 1), (10, 14), (20, 12)):
        x, y = int(area.x() + (column + 0.5) * step), int(area.y() + (row + 0.5) * step)
        assert abs(shown.pixelColor(x, y).red() - int(chosen.pixels[row, column, 0])) <= 1


def test_single_numbers_are_bars_with_class_names(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    bench.editor.select(("dense-1",))
    bench.wait(qtbot)
    assert page.maps.title() == "Outputs of dense-1"
    assert page.maps.bars.isVisible()
    page.maps.bars.setFocus()
    QTest.keyClick(page.maps.bars, Qt.Key.Key_Right)
    assert page.maps.tiles.read_out.text().startswith("output 1 (0): ")
    assert page.overlay.empty.isVisible()


def test_the_read_out_under_a_resting_mouse_follows_the_image(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    QTest.mouseMove(page.maps.view, page.maps.view.tile_rect(0).center())
    qtbot.waitUntil(lambda: page.maps.view.read_out.startswith("map 1 · row "))
    before = page.maps.tiles.read_out.text()
    bench.look.choose(2500)
    bench.wait(qtbot)
    assert page.maps.tiles.read_out.text() != before


def test_hidden_views_want_nothing(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    assert bench.look.maps is not None
    page.hide()
    bench.wait(qtbot)
    counts = page.redraws
    bench.look.choose(2500)
    bench.wait(qtbot)
    assert page.redraws == counts
    page.show()
    bench.wait(qtbot)
    qtbot.waitUntil(lambda: page.redraws["maps"] > counts["maps"])


def test_samples_random_and_top_losses(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    bar, choice = page.image_bar, bench.look.image_choice
    QTest.mouseClick(bar.samples, Qt.MouseButton.LeftButton, pos=bar.samples.tile_rect(2).center())
    assert choice.image is not None
    assert choice.image.index == choice.samples[2]
    assert bar.caption.text() == f"mnist-sample · {digits().labels[choice.samples[2]]}"
    before = choice.samples
    QTest.mouseClick(bar.random, Qt.MouseButton.LeftButton)
    assert choice.samples != before
    QTest.mouseClick(bar.top_losses, Qt.MouseButton.LeftButton)
    bench.wait(qtbot)
    assert bench.look.evaluation.result is not None
    worst = bench.look.evaluation.result.mistakes(1)[0]
    assert choice.image.index == worst.image
    assert bar.samples.tiles is not None
    assert bar.samples.tiles.labels[0] == f"predicted {worst.predicted}, is {worst.truth}"
    assert bar.samples.tiles.accents[0] == f"predicted {worst.predicted}"


def test_disabled_top_losses_say_why(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    page = workspace(qtbot, make(adopt=False))
    assert not page.image_bar.top_losses.isEnabled()
    assert "train the network first" in page.image_bar.top_losses.toolTip()


def test_an_unreadable_file_is_reported_in_one_line_and_the_image_stays(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    bar, good, bad = page.image_bar, tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(np.full((50, 70, 3), (200, 10, 40), np.uint8)).save(good)
    bad.write_text("this is not an image")
    bar.ask_path = lambda: str(good)
    with qtbot.waitSignal(bench.look.image_choice.changed, timeout=WAIT):
        QTest.mouseClick(bar.open, Qt.MouseButton.LeftButton)
    assert bar.caption.text() == "good.png"
    assert bar.detail.text().startswith("50 × 70 ")
    bar.ask_path = lambda: str(bad)
    with qtbot.waitSignal(bench.look.image_choice.failed, timeout=WAIT):
        QTest.mouseClick(bar.open, Qt.MouseButton.LeftButton)
    assert bar.error.isVisible()
    assert str(bad) in bar.error.text()
    assert bar.caption.text() == "good.png"


def test_the_image_is_shown_as_it_is_or_as_network_input(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make(preset("lenet-5").network, adopt=False)
    page = workspace(qtbot, bench)
    bar = page.image_bar
    pixels = bar.image.pixels()
    assert pixels is not None
    assert pixels.shape == (28, 28, 1)
    bar.as_input.click()
    pixels = bar.image.pixels()
    assert pixels is not None
    assert pixels.shape == (32, 32, 1)
    assert bar.detail.text().startswith("1 × 32 × 32 · −")


def draw_a_one(qtbot: QtBot, canvas: object) -> None:
    assert hasattr(canvas, "width")
    x, top, bottom = canvas.width() // 2, 40, canvas.width() - 40
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, top))  # type: ignore[call-overload]
    for y in range(top, bottom, 10):
        QTest.mouseMove(canvas, QPoint(x, y))  # type: ignore[call-overload]
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, bottom))  # type: ignore[call-overload]


def test_a_drawn_one_is_predicted_as_a_one_while_the_pad_is_open(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    QTest.mouseClick(page.image_bar.draw, Qt.MouseButton.LeftButton)
    pad = page.image_bar.pad
    assert pad is not None
    draw_a_one(qtbot, pad.canvas)
    assert "nothing" not in pad.origin.text(), "not while the drawing waits for its prediction"
    bench.wait(qtbot)
    image, prediction = bench.look.image_choice.image, bench.look.prediction
    assert image is not None
    assert image.source == "drawn"
    assert prediction is not None
    assert prediction.best == 1
    assert "1 with" in pad.bars.accessibleDescription()
    bench.look.choose(0)
    assert "another image" in pad.origin.text()
    QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.drawing.blank
    assert "nothing" in pad.origin.text()
    QTest.keyClick(pad, Qt.Key.Key_Escape)
    assert not pad.isVisible()


def test_a_cell_of_the_confusion_matrix_shows_its_images_and_a_click_chooses_one(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    page.tabs.setCurrentWidget(page.confusion)
    bench.wait(qtbot)
    result, view = bench.look.evaluation.result, page.confusion
    assert result is not None
    worst = result.mistakes(1)[0]
    cell = view.matrix.cell_rect(worst.truth, worst.predicted).center()
    QTest.mouseClick(view.matrix, Qt.MouseButton.LeftButton, pos=cell)
    inside = [found.image for found in result.cell(worst.truth, worst.predicted)]
    assert list(view.thumbnails.indices) == inside
    qtbot.waitUntil(lambda: not view.thumbnails.tile_rect(0).isEmpty())
    QTest.mouseClick(view.thumbnails, Qt.MouseButton.LeftButton, pos=view.thumbnails.tile_rect(0).center())
    assert bench.look.image_choice.image is not None
    assert bench.look.image_choice.image.index == worst.image


def test_another_data_set_while_a_cell_is_shown_empties_the_cell(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    page.tabs.setCurrentWidget(page.confusion)
    bench.wait(qtbot)
    bench.look.show_top_losses()
    view = page.confusion
    cell = view.matrix.cell_rect(9, 7).center()
    QTest.mouseClick(view.matrix, Qt.MouseButton.LeftButton, pos=cell)
    assert bench.look.evaluation.cell == (9, 7)
    bench.data.choose_folder(pets(tmp_path / "pets"))
    qtbot.waitUntil(lambda: bench.data.state == "ready", timeout=WAIT)
    assert view.empty.isVisible()
    assert list(view.thumbnails.indices) == []
    bench.wait(qtbot)
    assert bench.look.evaluation.cell is None
    assert "of 10" not in view.matrix.read_out
    assert "Click a cell" in view.read_out.text()
    result = bench.look.evaluation.result
    assert result is not None
    assert view.matrix.grab().width() > 0


def test_a_cell_that_the_matrix_lacks_is_not_framed(qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.show_counts(np.ones((2, 2), np.int64), ("cat", "dog"))
    matrix.select((9, 7))
    assert matrix.read_out == ""
    matrix.select((1, 0))
    assert matrix.read_out.startswith("1 of 2 ")
    assert "dog" in matrix.read_out


def test_images_with_top_losses_show_prediction_and_true_class(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    page.tabs.setCurrentWidget(page.top_losses)
    bench.wait(qtbot)
    result, view = bench.look.evaluation.result, page.top_losses
    assert result is not None
    second = result.mistakes(2)[1]
    assert view.thumbnails.tiles is not None
    assert view.thumbnails.tiles.labels[1] == f"predicted {second.predicted}, is {second.truth}"
    QTest.mouseClick(view.thumbnails, Qt.MouseButton.LeftButton, pos=view.thumbnails.tile_rect(1).center())
    assert bench.look.image_choice.image is not None
    assert bench.look.image_choice.image.index == second.image
    assert f"predicted {second.predicted} with " in view.read_out.text()


def test_live_views_are_redrawn_while_it_trains(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make(adopt=False, epochs=200)
    page = workspace(qtbot, bench)
    before = page.filters.redraws
    first = page.filters.view.grab().toImage()
    bench.run.start()
    qtbot.waitUntil(lambda: page.filters.redraws >= before + 3, timeout=WAIT)
    assert page.filters.view.grab().toImage() != first
    bench.run.stop()
    qtbot.waitUntil(lambda: bench.run.state == "idle", timeout=WAIT)


def test_the_stack_gets_image_strips_and_prediction(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make()
    stack = StackModel(bench.editor)
    StackResults(bench.look, stack, stack)
    view = StackView(bench.editor, stack)
    qtbot.addWidget(view)
    view.resize(500, 700)
    with qtbot.waitExposed(view):
        view.show()
    before = view.grab().toImage()
    bench.wait(qtbot)
    assert stack.image is not None
    assert stack.caption.startswith("mnist-sample · ")
    strip = stack.strip("conv-1")
    assert strip is not None
    np.testing.assert_array_equal(strip, bench.look.strips["conv-1"])
    assert stack.prediction is not None
    prediction = bench.look.prediction
    assert prediction is not None
    assert stack.prediction[0] == (
        prediction.name(prediction.best),
        pytest.approx(float(prediction.probabilities.max())),
    )
    assert view.grab().toImage() != before


def test_nothing_is_probed_for_the_stack_while_no_stack_is_visible(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    stack = StackModel(bench.editor)
    StackResults(bench.look, stack, stack)
    bench.wait(qtbot)
    assert stack.strip("conv-1") is None
    first, second = object(), object()
    stack.set_shown(first, True)
    stack.set_shown(second, True)
    stack.set_shown(first, False)
    bench.wait(qtbot)
    shown = stack.strip("conv-1")
    assert shown is not None
    stack.set_shown(second, False)
    bench.look.choose(3600)
    bench.wait(qtbot)
    assert stack.strip("conv-1") is shown


def test_every_view_has_a_tooltip_and_an_accessible_name(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    page = workspace(qtbot, make())
    bar = page.image_bar
    for widget in (
        page.maps.view, page.maps.bars, page.overlay.canvas, page.overlay.slider, page.filters.view,
        page.prediction.bars, page.confusion.matrix, page.top_losses.thumbnails, page.maps.shared_scale,
        page.maps.activated, page.filters.color, bar.samples, bar.draw, bar.open, bar.random, bar.top_losses,
        bar.as_input,
    ):  # fmt: skip
        assert widget.toolTip(), widget
        assert widget.accessibleName(), widget


def test_the_layout_is_remembered_and_reset(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    page = workspace(qtbot, make(adopt=False), 1400, 1000)
    page.rows.setSizes([330, 540])
    state, sizes = page.save_layout(), page.rows.sizes()
    page.reset_layout()
    assert page.rows.sizes() != sizes
    page.restore_layout(state)
    assert page.rows.sizes() == sizes


def test_a_digit_in_ink_can_be_inverted_and_is_then_predicted_like_the_data_sets_digits(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    box = page.image_bar.inverted
    assert not box.isVisible(), "the data set's images are as in training"
    pixels = digits().image(3600)[:, :, 0]
    Image.fromarray(255 - pixels).save(tmp_path / "ink.png")
    with qtbot.waitSignal(bench.look.image_choice.changed, timeout=WAIT):
        bench.look.open_file(tmp_path / "ink.png")
    assert box.isVisible()
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    image = bench.look.image_choice.image
    assert image is not None
    np.testing.assert_array_equal(image.pixels[:, :, 0], pixels)
    bench.wait(qtbot)
    inverted = bench.look.prediction
    assert inverted is not None
    bench.look.choose(3600)
    bench.wait(qtbot)
    assert bench.look.prediction is not None
    np.testing.assert_allclose(inverted.probabilities, bench.look.prediction.probabilities, atol=1e-6)
    assert not box.isVisible()
    assert not box.isChecked()


def test_a_drawing_of_inverted_polarity_gets_a_hint_where_it_is_drawn(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    QTest.mouseClick(page.image_bar.draw, Qt.MouseButton.LeftButton)
    pad = page.image_bar.pad
    assert pad is not None
    draw_a_one(qtbot, pad.canvas)
    bench.wait(qtbot)
    assert "mostly" not in pad.explanation.text()
    pad.inverted.click()
    bench.wait(qtbot)
    assert "mostly dark images" in pad.explanation.text()
    assert "mostly dark images" in page.image_bar.hint.text()
    assert page.image_bar.hint.isVisible()
    assert pad.explanation.height() >= pad.explanation.heightForWidth(pad.explanation.width())
    pad.inverted.click()
    bench.wait(qtbot)
    assert "mostly" not in pad.explanation.text()
    assert not page.image_bar.hint.isVisible()
    pad.close()


def test_the_confusion_of_inverted_images_says_so_above_the_matrix(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    bench = make()
    page = workspace(qtbot, bench)
    page.tabs.setCurrentWidget(page.confusion)
    bench.wait(qtbot)
    assert not page.confusion.hint.isVisible()
    for label in range(10):
        (tmp_path / str(label)).mkdir()
        for number in range(3):
            inverted = 255 - digits().image(500 * label + number)[:, :, 0]
            Image.fromarray(inverted).save(tmp_path / str(label) / f"{number}.png")
    bench.data.use(load_folder(tmp_path))
    bench.wait(qtbot)
    assert page.confusion.hint.isVisible()
    assert "mostly bright" in page.confusion.hint.text()
    assert page.confusion.hint.geometry().bottom() <= page.confusion.matrix.parentWidget().geometry().top()


def inked(matrix: ConfusionMatrix, place: QRect) -> bool:
    """Whether anything is painted there."""
    image = matrix.grab(place).toImage()
    return len({image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}) > 1


@pytest.mark.parametrize("size", [(140, 100), (260, 160), (700, 300)])
@pytest.mark.parametrize("names", [("0", "1"), ("automobile", "truck")])
def test_the_axes_of_the_confusion_matrix_are_named(
    qtbot: QtBot, size: tuple[int, int], names: tuple[str, ...]
) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(*size)
    matrix.show_counts(np.array([[5, 0], [1, 4]]), names)
    with qtbot.waitExposed(matrix):
        matrix.show()
    places = matrix.axis_rects()
    assert set(places) == {"predicted", "true"}
    cells = [matrix.cell_rect(row, column) for row in (0, 1) for column in (0, 1)]
    for place in places.values():
        assert inked(matrix, place)
        assert not any(place.intersects(cell) for cell in cells)
    assert places["predicted"].bottom() < cells[0].top()
    assert places["true"].right() < cells[0].left()


def test_names_of_classes_are_whole_where_there_is_room(qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(700, 200)
    name = "a class with a long name, longer than a quarter"
    matrix.show_counts(np.eye(3, dtype=np.int64), (name, "b", "c"))
    widest = matrix.fontMetrics().horizontalAdvance(name)
    assert matrix.cell_rect(0, 0).left() >= widest
    matrix.resize(300, 200)
    assert matrix.cell_rect(0, 0).left() < widest, "without room the matrix comes first"


def test_mistakes_are_captioned_with_prediction_and_truth(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    page = workspace(qtbot, bench, 1600, 900)
    page.tabs.setCurrentWidget(page.top_losses)
    bench.wait(qtbot)
    result, view = bench.look.evaluation.result, page.top_losses.thumbnails
    assert result is not None
    worst = result.mistakes(1)[0]
    full = f"predicted {result.name(worst.predicted)}, is {result.name(worst.truth)}"
    assert view.tiles is not None
    assert view.tiles.caption(0) == full
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.tile_rect(0).center())
    assert full in view.accessibleDescription()
