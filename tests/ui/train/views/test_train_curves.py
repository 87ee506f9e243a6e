"""The curves with real events: the user's zoom stays, extremes stay, nothing is drawn while hidden."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.spec.events import EpochDone, Event, SettingChanged, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.views.labels import spread
from cnnplay.ui.train.curves import CurvesModel, Metric
from cnnplay.ui.train.history import History
from cnnplay.ui.train.views.curve_panel import CurvePanel
from tests.train_bench import WAIT, Bench, bench

# The offscreen platform says so of every window with a minimum size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def events(
    first: int, last: int, steps: int = 50, spike: int | None = None, height: float = 40.0
) -> list[Event]:
    """Epochs of a run that learns; `spike` is a step of very high loss."""
    found: list[Event] = []
    if first == 1:
        found.append(
            Started(
                run="r",
                network="n",
                data="d",
                config=TrainConfig(epochs=20),
                device="cpu",
                parameters=1,
                train_size=100,
                validation_size=10,
                steps_per_epoch=steps,
            )
        )
    for epoch in range(first, last + 1):
        for number in range((epoch - 1) * steps + 1, epoch * steps + 1):
            loss = height if number == spike else 2.3 / (1 + number / 40)
            found.append(Stepped(run="r", step=number, epoch=epoch, loss=loss, accuracy=0.6, images=2))
        metrics = {
            "validation_loss": 2.0 / epoch,
            "validation_accuracy": 0.9 - 0.1 / epoch,
            "train_loss": 1.0,
        }
        found.append(
            EpochDone(
                run="r",
                epoch=epoch,
                step=epoch * steps,
                metrics=metrics,
                seconds=1.0,
                images_per_second=1.0,
                best=True,
            )
        )
    return found


def panel(qtbot: QtBot, one: Bench, metric: Metric = "loss") -> CurvePanel:
    made = CurvePanel(metric, one.run, CurvesModel())
    qtbot.addWidget(made)
    made.resize(520, 300)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def more(one: Bench, *new: Event) -> None:
    one.run.history.extend(new)
    one.run.recorder.changed.emit()


def drawn(qtbot: QtBot, made: CurvePanel) -> None:
    """Waits for the next redraw."""
    before = made.plot.redraws
    qtbot.waitUntil(lambda: made.plot.redraws > before)


def wheel(made: CurvePanel, at: QPoint, notches: int) -> None:
    view = made.plot.viewport()
    event = QWheelEvent(
        QPointF(at),
        QPointF(view.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_an_empty_panel_says_what_to_do(qtbot: QtBot) -> None:
    with bench() as one:
        made = panel(qtbot, one)
        assert made.empty.isVisible()
        assert "Train" in made.empty.label.text()
        more(one, *events(1, 1))
        drawn(qtbot, made)
        assert made.plot.isVisible()
        assert made.muted().endswith("cross-entropy")
        assert made.smoothing.text() == "smoothing 14"


def test_a_zoom_stays_when_new_steps_come_and_a_double_click_shows_all_again(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 3))
        made = panel(qtbot, one)
        whole = made.plot.extent
        wheel(made, made.plot.area.center().toPoint(), 5)
        zoomed = made.plot.extent
        assert zoomed[1] - zoomed[0] < (whole[1] - whole[0]) * 0.6
        assert made.fit_button.isVisible()
        more(one, *events(4, 6))
        drawn(qtbot, made)
        assert made.plot.extent == zoomed
        view = made.plot.viewport()
        QTest.mouseDClick(
            view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, made.plot.area.center().toPoint()
        )
        assert made.plot.following
        assert not made.fit_button.isVisible()
        assert made.plot.extent[1] >= 20.0


def test_the_wheel_over_an_axis_zooms_that_axis_alone(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 3))
        made = panel(qtbot, one)
        before = made.plot.extent
        area = made.plot.area
        wheel(made, QPoint(4, int(area.center().y())), 3)
        after = made.plot.extent
        assert after[:2] == pytest.approx(before[:2])
        assert after[3] - after[2] < before[3] - before[2]


def test_dragging_pans_and_keys_zoom_and_show_all(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 3))
        made = panel(qtbot, one)
        plot = made.plot
        before = plot.extent
        centre = plot.area.center().toPoint()
        QTest.mousePress(plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, centre)
        for moved in range(10, 61, 10):
            QTest.mouseMove(plot.viewport(), centre - QPoint(moved, 0))
        QTest.mouseRelease(
            plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, centre - QPoint(60, 0)
        )
        assert plot.extent[0] > before[0]
        assert not plot.following
        plot.setFocus()
        QTest.keyClick(plot, Qt.Key.Key_0)
        assert plot.following
        QTest.keyClick(plot, Qt.Key.Key_Plus)
        assert plot.extent[1] - plot.extent[0] < before[1] - before[0]


def test_an_extreme_of_one_step_is_inside_what_is_shown_and_on_the_line(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 20, steps=1_000, spike=7_777, height=5.9))
        made = panel(qtbot, one)
        assert made.plot.extent[3] > 5.9
        _, y = made.plot._lines["raw"].getData()
        assert len(y) < 4 * made.plot.width() + 8
        assert np.nanmax(y) == 5.9


def test_a_spike_that_would_hide_the_rest_is_cut_and_named_and_the_logarithmic_scale_shows_it(
    qtbot: QtBot,
) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 20, steps=1_000, spike=7, height=8.35e25))
        made = panel(qtbot, one)
        assert made.plot.extent[3] < 3.0
        assert made.plot._bounds.cut == (0.007, 8.35e25)
        assert not made.plot.grab().toImage().isNull()
        QTest.mouseClick(made.log_button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
        assert made.plot.extent[3] > 25.9
        assert made.plot._bounds.cut is None


def test_no_label_of_an_axis_is_cut(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 1))
        made = panel(qtbot, one)
        usual = made.plot.area.left()
        made.plot.zoom(2e5, made.plot.area.bottomLeft())
        wide = made.plot.area.left()
        metrics = QFontMetrics(theme().font(small=True))
        texts = [tick.text for tick in made.plot.y_ticks(*made.plot.extent[2:], 5)]
        assert "300,000" in texts
        assert wide >= usual
        assert all(metrics.horizontalAdvance(text) + theme().px(6) <= wide for text in texts)


def test_the_accuracys_axis_begins_where_the_first_epoch_ends(qtbot: QtBot) -> None:
    with bench() as one:
        more(one, *events(1, 12))
        made = panel(qtbot, one, "primary")
        assert made.plot._bounds.bottom == pytest.approx(0.6)
        assert made.plot._bounds.top == 1.0
        assert made.plot.x_ticks(0, 20, 5)[-1].text == "epoch 20"


def test_the_run_before_never_sets_the_axes_and_names_its_end(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.previous = History(events(1, 30, spike=3, height=900.0))
        one.run.recorder.history = History(events(1, 2))
        made = panel(qtbot, one)
        assert made.plot.extent[3] < 3.0
        assert made.plot._bounds.right == 20.0
        assert made.plot._labels[-1].text == "previous run 0.100"


@pytest.mark.parametrize("change", [{"network": "other"}, {"data": "other"}])
def test_the_previous_run_is_hidden_if_network_or_data_differ(qtbot: QtBot, change: dict[str, str]) -> None:
    with bench() as one:
        first, *rest = events(1, 5)
        one.run.recorder.previous = History([msgspec.structs.replace(first, **change), *rest])
        one.run.recorder.history = History(events(1, 2))
        made = panel(qtbot, one)
        assert "training before" not in made.plot._lines
        assert all("previous" not in end.text for end in made.plot._labels)


def test_curves_of_another_network_name_it_and_are_lighter(qtbot: QtBot) -> None:
    with bench() as one:
        more(one, *events(1, 2))
        made = panel(qtbot, one)
        assert made.muted() == "run of n · cross-entropy"
        assert made.plot.box.opacity() < 0.5
        first, *rest = events(1, 2)
        parameters = one.editor.report.parameters
        name = one.editor.network.name
        mine = msgspec.structs.replace(first, network=name, parameters=parameters)
        one.run.recorder.history = History([mine, *rest])
        one.run.recorder.changed.emit()
        qtbot.waitUntil(lambda: made.muted() == "cross-entropy")
        assert made.plot.box.opacity() == 1.0


def test_a_log_scale_keeps_the_view_and_can_be_undone(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 3))
        made = panel(qtbot, one)
        made.plot.setFocus()
        QTest.keyClick(made.plot, Qt.Key.Key_L)
        assert made.log_button.isChecked()
        assert made.plot.extent[2] < 0
        assert [tick.text for tick in made.plot.y_ticks(-2, 1, 5)] == ["0.01", "0.1", "1", "10"]
        QTest.mouseClick(made.log_button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
        assert made.plot.extent[2] == 0


def test_the_slider_names_how_much_is_smoothed(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 3))
        made = panel(qtbot, one)
        made.slider.setFocus()
        QTest.keyClick(made.slider, Qt.Key.Key_Right)
        assert made.smoothing.text() == "smoothing 30"
        QTest.keyClick(made.slider, Qt.Key.Key_Home)
        assert made.smoothing.text() == "smoothing off"
        assert "raw" not in made.plot._lines


def test_nothing_is_drawn_while_hidden(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 1))
        made = panel(qtbot, one)
        made.hide()
        count = made.plot.redraws
        with qtbot.waitSignal(one.run.recorder.shown, timeout=WAIT):
            more(one, *events(2, 2))
        assert made.plot.redraws == count
        made.show()
        assert made.plot.redraws > count
        assert made.plot._lines["training"].getData()[0][-1] == 2.0


def test_the_curve_of_the_previous_run_stays_lighter(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.previous = History(events(1, 5))
        one.run.recorder.history = History(events(1, 1))
        made = panel(qtbot, one)
        curve = made.plot._lines["training before"]
        assert curve.isVisible()
        assert curve.opts["pen"].color().alpha() < 128


def test_a_read_out_under_a_resting_cursor_follows_the_data(qtbot: QtBot) -> None:
    with bench() as one:
        one.run.recorder.history = History(events(1, 1))
        made = panel(qtbot, one)
        QTest.mouseMove(made.plot.viewport(), made.plot.area.center().toPoint())
        assert made.plot.hover is not None
        x = made.plot.axes.x_at(made.plot.hover.x())
        model = made.plot._model
        before = model.readout("loss", one.run.history, x)
        more(one, *events(2, 12))
        after = model.readout("loss", one.run.history, x)
        assert before is not None
        assert after is not None
        assert before.title != after.title
        picture = made.plot.grab().toImage()
        assert not picture.isNull()


def test_the_menu_offers_only_what_works(qtbot: QtBot) -> None:
    with bench() as one:
        loss = panel(qtbot, one)
        assert [action.text().partition("\t")[0] for action in loss.plot.actions_of_menu] == [
            "View all",
            "Log scale",
            "Copy as image",
        ]
        accuracy = panel(qtbot, one, "primary")
        names = [action.text().partition("\t")[0] for action in accuracy.plot.actions_of_menu]
        assert names == ["View all", "Copy as image"]


def test_labels_neither_overlap_nor_leave_the_area() -> None:
    for wanted in ([50.0, 51.0], [0.0, 0.0, 0.0], [99.0, 98.0], [10.0, 90.0]):
        places = spread(wanted, 14.0, 0.0, 100.0)
        ordered = sorted(places)
        assert all(b - a >= 14.0 - 1e-9 for a, b in pairwise(ordered))
        assert ordered[0] >= 7.0 - 1e-9
        assert ordered[-1] <= 93.0 + 1e-9


def test_settings_changed_to_words_are_painted_beside_their_lines(qtbot: QtBot) -> None:
    with bench() as one:
        made = panel(qtbot, one, "loss")
        one.run.recorder.history = History(events(1, 6))
        one.run.history.extend(
            [
                SettingChanged(run="r", step=60, name="schedule", value="cosine"),
                SettingChanged(run="r", step=120, name="flip", value=True),
            ]
        )
        made._redraw()
        plain = made.plot.grab().toImage()
        one.run.history.changes.clear()
        made._redraw()
        assert made.plot.grab().toImage() != plain


@pytest.mark.parametrize("dark", [True, False])
def test_averaged_and_decayed_curves_are_drawn_in_looks_of_their_own(qtbot: QtBot, dark: bool) -> None:
    with bench() as one:
        try:
            theme().install("dark" if dark else "light")
            found: list[Event] = []
            for event in events(1, 6):
                if isinstance(event, EpochDone):
                    more = {"decay_loss": 0.3, "averaged_loss": 0.9}
                    event = msgspec.structs.replace(event, metrics={**event.metrics, **more})
                found.append(event)
            made = panel(qtbot, one, "loss")
            one.run.recorder.history = History(found)
            made._redraw()
            curves = made.plot._lines
            assert curves["averaged"].isVisible()
            assert curves["with decay"].isVisible()
            pens = {part: curves[part].opts["pen"] for part in curves}
            assert pens["averaged"].color() == theme().color("averaged_curve")
            assert pens["with decay"].style() == Qt.PenStyle.DashLine
            assert pens["with decay"].color() == pens["training"].color()
            assert "averaged 0.900" in made.plot.accessibleDescription()
            assert "squared weights" in made._head.toolTip()
        finally:
            theme().install("dark")
