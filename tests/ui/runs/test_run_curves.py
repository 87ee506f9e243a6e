"""The curves of several runs: axes, steps that were done anew, and where an axis ends."""

import numpy as np
import pytest

from cnnplay.spec.events import Event, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.runs.run_curves import DrawnRun, RunCurvesModel
from cnnplay.ui.train import epochs as module
from cnnplay.ui.train.history import Axis, History
from tests.runs_bench import epoch_events, finished, started


def run(epochs: int, steps: int = 4) -> list[Event]:
    config = TrainConfig(epochs=epochs)
    return [
        started("r", config, steps),
        *(event for number in range(1, epochs + 1) for event in epoch_events("r", number, steps)),
    ]


def steps_along(history: History, axis: Axis) -> list[float]:
    return history.along(history.steps("loss").x, axis).tolist()


def epochs_along(history: History, axis: Axis) -> list[float]:
    return history.along(history.metric("validation_loss").x, axis).tolist()


def test_steps_and_epochs_lie_along_each_axis() -> None:
    history = History(run(3))
    assert steps_along(history, "step") == list(range(1, 13))
    assert [steps_along(history, "epoch")[at] for at in (3, 11)] == [1.0, 3.0]
    assert [steps_along(history, "time")[at] for at in (3, 5)] == [2.0, 3.0]
    assert epochs_along(history, "epoch") == [1, 2, 3]
    assert epochs_along(history, "step") == [4, 8, 12]
    assert epochs_along(history, "time") == [2, 4, 6]


def test_time_is_not_known_before_an_epoch_is_done() -> None:
    model = RunCurvesModel()
    model.set_splits("training")
    model.show([DrawnRun("r", "r", 0, History(run(1)[:3]))])
    assert [len(line.curve) for line in model.lines("loss", 0.0, 10.0, 100)] == [2]
    model.set_axis("time")
    assert model.lines("loss", 0.0, 10.0, 100) == []


def test_time_counts_epochs_that_are_no_longer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEWEST", 16)
    monkeypatch.setattr(module, "STRETCHES", 8)
    history = History(run(200))
    assert len(history.epochs) < 150
    numbers = [done.epoch for done in history.epochs]
    assert epochs_along(history, "time") == [2 * number for number in numbers]
    assert steps_along(history, "time") == pytest.approx([step / 2 for step in range(1, 801)])
    assert epochs_along(history, "step") == [4 * number for number in numbers]


@pytest.mark.parametrize(("done", "first"), [(4, 1), (6, 1), (8, 1), (None, 2)])
def test_what_is_done_anew_replaces_what_was_there(done: int | None, first: int) -> None:
    history = History(run(2))
    config = TrainConfig(epochs=2)
    within = None if done is None else 2
    history.extend([started("r", config, done=done, within=within, first_epoch=first)])
    assert history.best is not None
    assert history.best.epoch == 1
    kept = 4 if done is None else done
    assert len(history) == kept
    history.extend(epoch_events("r", 2, begin=kept - 4, accuracy=0.1))
    assert steps_along(history, "step") == list(range(1, 9))
    assert history.metric("validation_accuracy").y.tolist() == [0.5, 0.1]


def test_the_axis_of_a_run_in_progress_reaches_its_last_epoch() -> None:
    history = History([started("r", TrainConfig(epochs=10)), *epoch_events("r", 1)])
    assert (history.end("epoch"), history.end("step"), history.end("time")) == (10.0, 40.0, 2.0)
    history.extend([finished("r", 1, "stopped")])
    assert (history.end("epoch"), history.end("step")) == (1.0, 4.0)


def test_a_loss_that_is_no_number_leaves_a_gap() -> None:
    history = History([started("r", TrainConfig(epochs=1))])
    for step, loss in ((1, 1.0), (2, float("nan")), (3, 1.0)):
        history.extend([Stepped(run="r", step=step, epoch=1, loss=loss, accuracy=0.5, images=1)])
    model = RunCurvesModel()
    model.set_splits("training")
    for smoothing in (1, 14):
        model.set_smoothing(smoothing)
        model.show([DrawnRun("r", "r", 0, history)])
        (line,) = model.lines("loss", 0.0, 1.0, 100)
        assert np.isnan(line.curve.y).tolist() == [False, smoothing == 1, False]


def test_new_steps_and_another_smoothing_give_other_curves() -> None:
    history, model = History(run(2)[:6]), RunCurvesModel()
    model.set_splits("training")
    model.show([DrawnRun("r", "r", 0, history)])
    (before,) = model.lines("loss", 0.0, 2.0, 100)
    history.extend(run(2)[6:])
    (after,) = model.lines("loss", 0.0, 2.0, 100)
    assert (len(before.curve), len(after.curve)) == (4, 8)
    model.set_smoothing(1)
    (raw,) = model.lines("loss", 0.0, 2.0, 100)
    assert raw.curve.y.tolist() == history.steps("loss").y.tolist()
    assert raw.curve.y.tolist() != after.curve.y.tolist()


def test_however_a_run_ended_the_axis_of_accuracies_reaches_it() -> None:
    good, bad = History([started("a", TrainConfig(epochs=20))]), History()
    for number in range(1, 21):
        good.extend(epoch_events("a", number, accuracy=0.9 + number / 400))
    bad.extend([started("b", TrainConfig(epochs=1)), *epoch_events("b", 1, accuracy=0.144)])
    model = RunCurvesModel()
    model.show([DrawnRun("a", "a", 0, good)])
    assert model.bounds("accuracy").bottom == pytest.approx(0.9)
    model.show([DrawnRun("a", "a", 0, good), DrawnRun("b", "b", 1, bad)])
    assert model.bounds("accuracy").bottom == pytest.approx(0.1)
