"""The browser of the data set with real clicks and keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnplay.data.folder import load_folder
from cnnplay.data.images import ImageSet
from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.browse_page import PER_CLASS, PER_PAGE
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.data.views.browser import Browser
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.main_window import MainWindow
from tests.ui.events import settle

pytestmark = [
    pytest.mark.qt_log_ignore("propagateSizeHints"),
    pytest.mark.qt_log_ignore(r"This plugin does not support raise\(\)"),
]
LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key


def noise(classes: int = 3, each: int = 100) -> ImageSet:
    """Of each class 7/10 train, 2/10 validate, 1/10 test."""
    count = classes * each
    train, validation = count * 7 // 10, count * 9 // 10
    return ImageSet(
        key="noise",
        title="noise",
        classes=tuple(f"class {number}" for number in range(classes)),
        images=np.random.default_rng(1).integers(0, 256, (count, 8, 8, 3), np.uint8),
        labels=np.arange(count) % classes,
        train=np.arange(train),
        validation=np.arange(train, validation),
        test=np.arange(validation, count),
        shape=(3, 8, 8),
        channels=3,
    )


Open = Callable[[ImageSet | None], tuple[Browser, BrowseModel]]


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Open]:
    """A browser on screen, all that it shows at first there."""
    made: list[BrowseModel] = []

    def make(images: ImageSet | None) -> tuple[Browser, BrowseModel]:
        theme().install("dark")
        data = DataModel()
        if images is not None:
            data.use(images)
        model = BrowseModel(data)
        browser = Browser(model)
        made.append(model)
        qtbot.addWidget(browser)
        with qtbot.waitExposed(browser):
            browser.show()
        if images is not None:
            qtbot.waitUntil(lambda: model.overview is not None and model.thumbnails is not None)
        return browser, model

    yield make
    for model in made:
        close_jobs(model)


def test_it_opens_by_its_keys_and_from_the_list_and_closes_with_the_window(
    window: MainWindow, qtbot: QtBot
) -> None:
    QTest.keyClick(window, KEY.Key_D, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.browser is not None
    qtbot.waitUntil(window.browser.isVisible)
    window.browser.close()
    menu = window.data_picker.choice_menu
    menu.popup(window.data_picker.mapToGlobal(QPoint(0, 0)))
    action = next(action for action in menu.actions() if action.text().startswith("Browse"))
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    menu.hide()
    assert window.browser.isVisible()
    model = window.session.browse
    qtbot.waitUntil(lambda: model.overview is not None and model.thumbnails is not None)
    assert window.browser.means.statistics.text() == "μ 0.131 σ 0.308"
    window.session.document.dirty = False
    window.close()
    assert not window.browser.isVisible()


def test_it_shows_the_images_counts_and_mean_of_each_class(opened: Open) -> None:
    browser, _ = opened(noise())
    tiles = browser.images.view.tiles
    assert tiles is not None
    assert (len(tiles), tiles.columns) == (3 * PER_CLASS, PER_CLASS)
    means = browser.means.view.tiles
    assert means is not None
    assert means.labels == ("all", "class 0", "class 1", "class 2")
    assert browser.classes.bars.class_text(1) == "class 1: 70 train, 20 validation, 10 test"
    assert browser.means.statistics.text().startswith("red μ 0.")
    assert "210 train / 60 validation / 30 test (held out)" in browser._summary.text()


def test_arrow_keys_and_clicks_select_a_class(opened: Open, qtbot: QtBot) -> None:
    browser, model = opened(noise())
    bars = browser.classes.bars
    QTest.keyClick(bars, KEY.Key_Down)
    assert model.label == 0
    QTest.keyClick(bars, KEY.Key_End)
    assert model.label == 2
    assert bars.accessibleDescription().startswith("class 2: 70 train")
    QTest.mouseClick(bars, LEFT, pos=bars.row_rect(1).center())
    assert model.label == 1
    qtbot.waitUntil(lambda: model.thumbnails is not None)
    tiles = browser.images.view.tiles
    assert tiles is not None
    assert len(tiles) == PER_PAGE
    QTest.keyClick(bars, KEY.Key_Home)
    assert model.label is None


def test_page_keys_and_buttons_turn_the_pages_of_a_class(opened: Open, qtbot: QtBot) -> None:
    browser, model = opened(noise())
    model.choose_class(1)
    qtbot.waitUntil(lambda: model.thumbnails is not None)
    QTest.keyClick(browser.images.view, KEY.Key_PageDown)
    qtbot.waitUntil(lambda: model.thumbnails is not None)
    assert browser.images.pager.label.text() == "61–70 of 70"
    assert not browser.images.pager.next.isEnabled()
    assert "Unavailable" in browser.images.pager.next.toolTip()
    QTest.mouseClick(browser.images.pager.previous, LEFT)
    assert model.page == 0


def test_the_test_split_is_shown_only_on_request(opened: Open, qtbot: QtBot) -> None:
    browser, model = opened(noise())
    images = browser.images
    QTest.mouseClick(images.splits["test"], LEFT)
    assert images.empty.isVisible()
    assert "held out" in images.empty.label.text()
    assert images.view.tiles is None
    QTest.mouseClick(images.empty.button, LEFT)
    qtbot.waitUntil(lambda: images.view.tiles is not None)
    assert images.view.isVisible()
    QTest.mouseClick(images.splits["validation"], LEFT)
    assert model.split == "validation"


def test_a_missing_split_cannot_be_selected_and_says_why(opened: Open) -> None:
    images = noise()
    images.test = np.empty(0, np.int64)
    browser, _ = opened(images)
    button = browser.images.splits["test"]
    assert not button.isEnabled()
    assert "this data set has none" in button.toolTip()


def test_without_a_data_set_it_says_what_to_do(opened: Open) -> None:
    browser, _ = opened(None)
    assert "Choose a data set" in browser.images.empty.label.text()
    assert not browser.images.empty.button.isVisible()


def test_a_hundred_classes_are_reached_with_the_keyboard(opened: Open, qtbot: QtBot) -> None:
    browser, model = opened(noise(100, 20))
    bars, area = browser.classes.bars, browser.classes.area
    QTest.keyClick(bars, KEY.Key_End)
    settle()
    row = bars.mapTo(area.viewport(), bars.row_rect(99).center())
    assert area.viewport().rect().contains(row)
    QTest.keyClick(bars, KEY.Key_Home)
    qtbot.waitUntil(lambda: model.thumbnails is not None)
    view = browser.images.view
    assert "of 100" in view.page_text()
    QTest.keyClick(view, KEY.Key_PageDown)
    assert model.page == 0  # further classes first
    assert "labels 1–" not in view.page_text()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_it_paints_in_both_themes_and_fits_a_small_screen(opened: Open, scale: float) -> None:
    browser, _ = opened(noise())
    shown = []
    try:
        for choice in ("light", "dark"):
            theme().install(choice, scale)  # type: ignore[arg-type]
            settle()
            shown.append(browser.grab().toImage().pixelColor(2, 2).name())
            assert browser.minimumSizeHint().width() <= 1366
            assert browser.minimumSizeHint().height() <= 768
    finally:
        theme().install("dark", 1.0)
    assert shown[0] != shown[1]


def test_everything_has_a_name_and_a_tooltip(opened: Open) -> None:
    browser, _ = opened(noise())
    images = browser.images
    for widget in (
        browser.classes.bars,
        *images.splits.values(),
        images.view,
        images.pager.previous,
        images.pager.next,
        browser.means.view,
    ):
        assert widget.accessibleName()
        assert widget.toolTip()


def folder_with_others(root: Path, texts: int = 3) -> ImageSet:
    """Two classes; in one a damaged image, and files that are no images."""
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (8, 8), 60 * number).save(root / name / f"{number}.png")
    for number in range(texts):
        (root / "cat" / f"a{number}.txt").write_text("a list")
    (root / "dog" / "broken.png").write_bytes(b"no image")
    return load_folder(root)


def test_what_was_left_out_is_listed_with_counts_and_damaged_images_first(
    opened: Open, tmp_path: Path
) -> None:
    browser, _ = opened(folder_with_others(tmp_path / "pets"))
    panel = browser.left_out
    assert panel.isVisible()
    lines = [line.text() for line in panel.lines]
    assert lines[0] == "1 damaged or unreadable image"
    assert lines[1].startswith("dog/broken.png: ")
    assert lines[2] == "3 files without an image extension"
    assert lines[3].startswith("cat/a0.txt: ")
    assert not any("a2.txt" in line for line in lines), "only the first few"
    QTest.mouseClick(panel.whole, LEFT)
    assert panel.list is not None
    assert panel.list.isVisible()
    text = panel.list.text.toPlainText()
    assert text.index("broken.png") < text.index("a0.txt") < text.index("a2.txt")
    panel.list.close()


def test_remarks_on_the_images_are_listed_too(opened: Open, tmp_path: Path) -> None:
    images = folder_with_others(tmp_path / "pets", texts=0)
    images.left_out, images.remarks = (), ("no validation images of 'cat'",)
    browser, _ = opened(images)
    assert [line.text() for line in browser.left_out.lines] == ["no validation images of 'cat'"]


def test_nothing_left_out_takes_no_room(opened: Open) -> None:
    browser, _ = opened(noise())
    assert not browser.left_out.isVisible()


def test_it_fits_on_a_screen_of_768_pixels_with_all_that_was_left_out(opened: Open, tmp_path: Path) -> None:
    browser, _ = opened(folder_with_others(tmp_path / "pets"))
    assert browser.frameGeometry().height() + 32 <= 768  # 32: a title bar
    assert browser.classes.geometry().bottom() < browser.left_out.geometry().top()


def test_mean_images_use_the_room_that_there_is(opened: Open) -> None:
    browser, _ = opened(noise())
    view = browser.means.view
    assert view.tile_rect(0).height() >= view.height() * 0.6
