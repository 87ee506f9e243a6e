"""The settings in groups, with real events: tabs, marks, the rate's drawing, pictures before and after."""

from collections.abc import Iterator

import pytest
import torch  # noqa: F401 - the window imports it before anything is drawn
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.views.inputs import UnitLabel
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.train.augmentation import NO_DATA, AugmentationModel
from cnnplay.ui.train.views.augmentation_view import AugmentationView
from cnnplay.ui.train.views.settings import DURING, SettingsPanel
from tests.train_bench import ENDLESS, WAIT, Bench, bench, until
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def one() -> Iterator[Bench]:
    with bench() as made:
        yield made


def panel(qtbot: QtBot, one: Bench, width: int = 467, height: int = 220) -> SettingsPanel:
    theme().install("dark")
    made = SettingsPanel(one.settings, one.run, one.estimate, one.augmentation)
    qtbot.addWidget(made)
    made.resize(width, height)
    made.show()
    qtbot.waitExposed(made)
    settle()
    return made


def click_tab(made: SettingsPanel, group: str) -> None:
    at = made.tabs.tabRect(made.tabs.groups.index(group)).center()
    QTest.mouseClick(made.tabs, LEFT, Qt.KeyboardModifier.NoModifier, at)
    settle()


def type_into(made: SettingsPanel, name: str, text: str) -> None:
    line = made.editors[name].inputs()[0]
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, text)


def test_a_click_and_the_arrow_keys_show_one_group_at_a_time(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    assert [name for name, page in made.pages.items() if page.isVisible()] == ["basics"]
    click_tab(made, "regularization")
    assert [name for name, page in made.pages.items() if page.isVisible()] == ["regularization"]
    assert made.editors["label_smoothing"].isVisible()
    assert not made.editors["epochs"].isVisible()
    made.tabs.setFocus()
    QTest.keyClick(made.tabs, Qt.Key.Key_Right)
    assert made.pages["augmentation"].isVisible()
    QTest.keyClick(made.tabs, Qt.Key.Key_Left)
    QTest.keyClick(made.tabs, Qt.Key.Key_Left)
    assert made.pages["schedule"].isVisible()


def test_every_setting_has_its_field_and_a_name(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    assert set(made.editors) == {field.name for field in one.settings.fields}
    for name, editor in made.editors.items():
        assert all(widget.accessibleName() for widget in editor.inputs()), name


def test_a_group_that_is_not_as_usual_is_marked_and_says_what(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    index = made.tabs.groups.index("augmentation")
    assert not made.tabs.marked("augmentation")
    click_tab(made, "augmentation")
    type_into(made, "shift", "2")
    assert one.settings.config.shift == 2
    assert made.tabs.marked("augmentation")
    assert "shift 2 px" in made.tabs.tabToolTip(index)
    assert "shift 2 px" in made.tabs.accessibleTabName(index)
    type_into(made, "shift", "0")
    assert not made.tabs.marked("augmentation")
    assert "shift" not in made.tabs.accessibleTabName(index)


def test_a_problem_in_a_hidden_group_is_visible(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    one.settings.set("erase", 3.0)
    assert made._problem.isVisible()
    assert "erase must be" in made._problem.text()
    assert "erase must be" in made.tabs.tabToolTip(made.tabs.groups.index("augmentation"))
    click_tab(made, "augmentation")
    seen = made._room.viewport().rect()
    assert seen.contains(made._problem.mapTo(made._room.viewport(), made._problem.rect().center()))
    assert not made.augmentation_view.isVisible()
    type_into(made, "erase", "0.5")
    assert made.augmentation_view.isVisible()
    assert not made._problem.isVisible()


def test_during_a_run_each_group_says_which_settings_are_locked(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        made = panel(qtbot, one)
        one.run.start()
        until(qtbot, one.run, "running")
        assert made.muted() == DURING
        assert {name for name, editor in made.editors.items() if not editor.isEnabled()} == {
            "optimizer",
            "batch_size",
            "seed",
            "momentum",  # not used by adam
            "step_every",
            "step_factor",
            "averaging",
            "loss",
            "class_balance",
            "initialisation",
        }
        for name in ("loss", "averaging"):
            assert "stop the run" in made.editors[name].inputs()[0].toolTip()
            assert "stop the run" in made.editors[name].label.toolTip()
        click_tab(made, "augmentation")
        type_into(made, "shift", "1")
        qtbot.waitUntil(lambda: bool(one.run.history.changes), timeout=WAIT)
        assert one.run.history.changes[-1][1].name == "shift"


def test_the_schedule_is_drawn_anew_while_it_is_edited_and_not_while_it_is_hidden(
    qtbot: QtBot, one: Bench
) -> None:
    made = panel(qtbot, one)
    view = made.schedule
    one.settings.set("learning_rate", 0.02)
    settle()
    assert view.redraws == 0
    click_tab(made, "schedule")
    assert view.redraws >= 1
    assert view.accessibleDescription() == "0.02 throughout"
    before, picture = view.redraws, view.grab().toImage()
    combo = made.editors["schedule"].inputs()[0]
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_C)  # constant is there already: the next one with C
    QTest.keyClick(combo, Qt.Key.Key_C)
    settle()
    assert one.settings.config.schedule == "cosine"
    assert view.redraws > before
    assert view.grab().toImage() != picture
    assert view.accessibleDescription().startswith("0.02 → ")


def test_during_a_run_the_drawing_moves_on_at_most_twice_a_second(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        made = panel(qtbot, one)
        click_tab(made, "schedule")
        one.run.start()
        until(qtbot, one.run, "running")
        qtbot.waitUntil(lambda: made.schedule.accessibleDescription().startswith("now "), timeout=WAIT)
        before, first = made.schedule.redraws, len(one.run.history)
        for _ in range(20):
            one.run.recorder.changed.emit()
        settle()
        assert made.schedule.redraws <= before + 1
        qtbot.waitUntil(lambda: made.schedule.redraws > before, timeout=WAIT)
        assert len(one.run.history) >= first


def test_under_the_mouse_stands_the_rate_of_that_epoch(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    click_tab(made, "schedule")
    plain = made.schedule.grab().toImage()
    QTest.mouseMove(made.schedule, QPoint(made.schedule.width() // 2, 20))
    settle()
    assert made.schedule.grab().toImage() != plain


def test_pictures_before_and_after_follow_the_settings_and_a_click(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    assert one.editor.network.input.shape == (1, 8, 8)
    click_tab(made, "augmentation")
    view = made.augmentation_view
    qtbot.waitUntil(lambda: view.count > 3, timeout=WAIT)
    assert view.footer.label.text().startswith("augmentation off")
    before, after = view._images[0]
    assert before == after
    type_into(made, "mixup", "0.5")
    qtbot.waitUntil(lambda: view.footer.label.text().startswith("λ "), timeout=WAIT)
    text = view.text_at(view.tile_rect(0, True).center())
    assert ", mixed with " in text
    assert text in view.accessibleDescription()
    first = view.footer.label.text()
    QTest.mouseClick(view.footer.resample, LEFT)
    qtbot.waitUntil(lambda: view.footer.label.text() not in ("", first), timeout=WAIT)


def test_without_a_data_set_the_place_of_the_pictures_says_what_to_do(qtbot: QtBot, one: Bench) -> None:
    model = AugmentationModel(one.editor, one.settings, DataModel())
    made = SettingsPanel(one.settings, one.run, one.estimate, model)
    qtbot.addWidget(made)
    made.resize(467, 220)
    made.show()
    settle()
    click_tab(made, "augmentation")
    assert model.text == NO_DATA
    assert made.augmentation_view.accessibleDescription() == NO_DATA
    assert not made.augmentation_view.footer.resample.isEnabled()


def test_numbers_stand_before_their_units(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one, 900, 320)
    click_tab(made, "schedule")
    for name in ("warmup", "early_stopping"):
        unit = made.editors[name].findChild(UnitLabel)
        assert unit is not None
        assert unit.text() == "epochs"
        assert unit.isVisible()
        assert unit.geometry().right() < unit.parentWidget().width()  # type: ignore[union-attr]
    spin = made.editors["early_stopping"].inputs()[0]
    assert isinstance(spin, QSpinBox)
    type_into(made, "early_stopping", "7")
    assert one.settings.config.early_stopping == 7


@pytest.mark.parametrize(("width", "scale"), [(386, 1.0), (467, 1.0), (430, 1.5), (700, 1.5), (490, 2.0)])
def test_no_word_is_cut_at_any_size(qtbot: QtBot, one: Bench, width: int, scale: float) -> None:
    try:
        theme().install("dark", scale)
        made = panel(qtbot, one, width)
        for group in made.tabs.groups:
            made.tabs.show_group(group)
            settle()
            page = made.page
            assert page.width() <= made._room.viewport().width(), group
            for name, editor in page.editors.items():
                label, field = editor.label, editor.inputs()[0]
                assert label.wordWrap() or label.width() >= label.sizeHint().width(), name
                if isinstance(field, QLineEdit):
                    needed = QFontMetrics(field.font()).horizontalAdvance(field.text())
                    assert field.width() - field.textMargins().right() > needed + 2 * theme().px(8), name
        last = made.tabs.tabRect(made.tabs.count() - 1)
        if scale < 2:
            assert last.right() <= made.tabs.width(), "the tabs have room"
    finally:
        theme().install("dark")


def test_the_panel_asks_for_little_room(qtbot: QtBot, one: Bench) -> None:
    made = panel(qtbot, one)
    assert made.minimumSizeHint().width() <= 400
    for group in made.tabs.groups:
        made.tabs.show_group(group)
        settle()
        assert made.minimumSizeHint().width() <= 400
    assert QPointF(made.tabs.tabRect(0).topLeft()).x() >= 0


def test_a_wide_preview_shows_pairs_side_by_side_and_larger(qtbot: QtBot, one: Bench) -> None:
    view = AugmentationView(one.augmentation)
    qtbot.addWidget(view)
    view.resize(320, 60)
    view.show()
    qtbot.waitUntil(lambda: view.count > 3, timeout=WAIT)
    small, after = view.tile_rect(0, False), view.tile_rect(0, True)
    assert after.top() > small.bottom()
    view.resize(900, 60)
    large, after = view.tile_rect(0, False), view.tile_rect(0, True)
    assert after.left() > large.right()
    assert large.width() > small.width()
    assert view.count >= 4
    for number in range(view.count):
        for later in (False, True):
            assert view.rect().contains(view.tile_rect(number, later))
            assert view.text_at(view.tile_rect(number, later).center())
