"""The learning rate's drawing: as the engine computes it, before a run and through changes during one."""

import msgspec
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from cnnplay.spec.events import SettingChanged, Started, Stepped
from cnnplay.spec.schedules import rate_factor
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.train.history import History
from cnnplay.ui.train.schedule import PlanSegment, ScheduleModel, SchedulePlan, draw, plan_of, rate_text
from tests.train_bench import bench

STEPS = 10


def started(**settings: object) -> Started:
    return Started(
        run="r",
        network="n",
        data="d",
        config=msgspec.structs.replace(TrainConfig(epochs=4), **settings),
        device="cpu",
        parameters=1,
        train_size=100,
        validation_size=10,
        steps_per_epoch=STEPS,
    )


def stepped(count: int) -> list[Stepped]:
    return [
        Stepped(run="r", step=n + 1, epoch=n // STEPS + 1, loss=1.0, accuracy=0.5, images=8)
        for n in range(count)
    ]


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
def test_the_drawing_has_the_rate_of_every_step(schedule: str) -> None:
    config = TrainConfig(epochs=4, schedule=schedule, warmup=1.0, step_every=2, learning_rate=0.5)
    drawing = draw(SchedulePlan((PlanSegment(0.0, config),), 0.0, STEPS), 400)
    for step in range(4 * STEPS):
        expected = 0.5 * rate_factor(config, step, STEPS)
        assert drawing.at((step + 0.5) / STEPS)[1] == pytest.approx(expected)
    assert drawing.now is None
    assert not len(drawing.done)
    assert (drawing.left, drawing.right) == (0.0, 4.0)


def test_what_was_stays_and_what_comes_follows_the_change() -> None:
    history = History([started(learning_rate=0.1), *stepped(25)])
    history.extend([SettingChanged(run="r", step=11, name="learning_rate", value=0.4)])
    history.extend([SettingChanged(run="r", step=21, name="schedule", value="cosine")])
    plan = plan_of(history)
    assert plan is not None
    drawing = draw(plan, 300)
    config = TrainConfig(epochs=4, learning_rate=0.4, schedule="cosine")
    assert drawing.at(0.5)[1] == pytest.approx(0.1)
    assert drawing.at(1.5)[1] == pytest.approx(0.4)
    assert drawing.at(3.05)[1] == pytest.approx(0.4 * rate_factor(config, 30, STEPS))
    assert drawing.now == (2.5, pytest.approx(0.4 * rate_factor(config, 25, STEPS)))
    assert drawing.changes == pytest.approx((1.0, 2.0))
    assert drawing.done.x.max() == pytest.approx(2.5)
    assert drawing.ahead.x.min() == pytest.approx(2.5)
    assert drawing.text == f"now {rate_text(drawing.now[1])}"


def test_more_epochs_lengthen_the_axis_and_fewer_shorten_it() -> None:
    history = History([started(), *stepped(5)])
    for epochs in (9, 3):
        history.extend([SettingChanged(run="r", step=6, name="epochs", value=epochs)])
        plan = plan_of(history)
        assert plan is not None
        assert draw(plan, 100).right == epochs


def test_changes_of_an_earlier_run_are_not_this_ones() -> None:
    history = History([started(), *stepped(10)])
    history.extend([SettingChanged(run="r", step=5, name="learning_rate", value=9.0)])
    history.extend([msgspec.structs.replace(started(), run="s", first_epoch=2)])
    plan = plan_of(history)
    assert plan is not None
    assert plan.origin == 1.0
    assert plan.config.learning_rate == TrainConfig().learning_rate


def test_averaging_begins_where_the_engine_begins() -> None:
    from cnnplay.training.averaging import is_averaged

    config = TrainConfig(epochs=8, averaging=0.25)
    drawing = draw(SchedulePlan((PlanSegment(0.0, config),), 0.0, STEPS), 100)
    assert drawing.averaged_from is not None
    for epoch in range(1, 9):
        assert is_averaged(config, 1, epoch) == (epoch > drawing.averaged_from)


def test_the_next_run_is_drawn_until_one_is_on_and_not_while_settings_are_wrong(qtbot: QtBot) -> None:
    with bench(epochs=5, learning_rate=0.01) as one:
        model = ScheduleModel(one.settings, one.run)
        drawing = model.drawing(100)
        assert drawing is not None
        assert drawing.text == "0.01 throughout"
        assert model.drawing(100) is drawing
        with qtbot.waitSignal(model.changed):
            one.settings.set("schedule", "cosine")
        drawing = model.drawing(100)
        assert drawing is not None
        assert drawing.text.startswith("0.01 → ")
        one.settings.set("learning_rate", 0.0)
        assert model.drawing(100) is None


def test_the_drawing_of_very_many_epochs_stays_small_and_finite() -> None:
    config = TrainConfig(epochs=100_000, schedule="one-cycle", warmup=3.0)
    drawing = draw(SchedulePlan((PlanSegment(0.0, config),), 0.0, 1000), 300)
    assert len(drawing.ahead) < 310
    assert np.isfinite(drawing.ahead.y).all()


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.001, "0.001"),
        (0.00042, "0.00042"),
        (4e-5, "0.00004"),
        (2.5e-7, "2.5·10⁻⁷"),
        (0.0, "0"),
        (0.5, "0.5"),
    ],
)
def test_rates_are_written_as_people_read_them(rate: float, words: str) -> None:
    assert rate_text(rate) == words
