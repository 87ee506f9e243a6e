"""The curves of one run: steps that were done anew, axes, and memory that stays flat."""

import numpy as np
import pytest

from cnnplay.spec.events import Event, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.runs.run_curves import DrawnRun, RunCurvesModel
from cnnplay.ui.train import trace as module
from cnnplay.ui.train.trace import Trace
from tests.runs_bench import epoch_events, finished, started


def run(epochs: int, steps: int = 4) -> list[Event]:
    config = TrainConfig(epochs=epochs)
    return [
        started("r", config, steps),
        *(event for number in range(1, epochs + 1) for event in epoch_events("r", number, steps)),
    ]


def test_steps_lie_along_each_axis() -> None:
    trace = Trace()
    trace.extend(run(3))
    assert list(trace.steps("loss", "step", 1).x) == list(range(1, 13))
    assert trace.steps("loss", "epoch", 1).x[[3, 11]].tolist() == [1.0, 3.0]
    assert trace.steps("loss", "time", 1).x[[3, 5]].tolist() == [2.0, 3.0]
    assert trace.metric("validation_loss", "epoch").x.tolist() == [1, 2, 3]
    assert trace.metric("validation_loss", "step").x.tolist() == [4, 8, 12]
    assert trace.metric("validation_loss", "time").x.tolist() == [2, 4, 6]


def test_time_is_not_known_before_an_epoch_is_done() -> None:
    trace = Trace()
    trace.extend(run(1)[:3])
    assert len(trace.steps("loss", "time", 1)) == 0
    assert len(trace.steps("loss", "step", 1)) == 2


@pytest.mark.parametrize(("done", "first"), [(4, 1), (6, 1), (8, 1), (None, 2)])
def test_what_is_done_anew_replaces_what_was_there(done: int | None, first: int) -> None:
    trace = Trace()
    trace.extend(run(2))
    config = TrainConfig(epochs=2)
    within = None if done is None else 2
    trace.extend([started("r", config, done=done, within=within, first_epoch=first)])
    assert trace.best_epoch == 1
    kept = 4 if done is None else done
    assert len(trace) == kept
    trace.extend(epoch_events("r", 2, begin=kept - 4, accuracy=0.1))
    assert trace.steps("loss", "step", 1).x.tolist() == list(range(1, 9))
    assert trace.metric("validation_accuracy", "epoch").y.tolist() == [0.5, 0.1]


def test_a_run_that_is_on_aims_at_its_last_epoch() -> None:
    trace = Trace()
    trace.extend([started("r", TrainConfig(epochs=10)), *epoch_events("r", 1)])
    assert (trace.aim("epoch"), trace.aim("step"), trace.aim("time")) == (10.0, 40.0, 2.0)
    trace.extend([finished("r", 1, "stopped")])
    assert (trace.aim("epoch"), trace.aim("step")) == (1.0, 4.0)


def test_a_long_run_takes_no_more_memory_and_keeps_its_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1000)
    trace, total = Trace(), 20_000
    trace.extend([started("r", TrainConfig(epochs=20), 1000)])
    for first in range(1, total + 1, 100):
        trace.extend(
            Stepped(run="r", step=n, epoch=1 + (n - 1) // 1000, loss=n / total, accuracy=0.5, images=16)
            for n in range(first, first + 100)
        )
        assert len(trace) <= 1000
    curve = trace.steps("loss", "step", 1)
    assert trace.averaged
    assert curve.x[-1] == total
    assert np.all(np.diff(curve.x) > 0)
    # A straight line stays one: each point is the mean of the steps up to it.
    spread = np.diff(curve.x, prepend=0)
    assert np.allclose(curve.y, (curve.x - (spread - 1) / 2) / total, atol=1e-9)
    assert spread[-100:].max() == 1, "the newest steps are all there"


def test_smoothing_takes_a_point_for_the_steps_that_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 400)
    rng = np.random.default_rng(0)
    noise, trace = rng.normal(1.0, 0.5, 2000), Trace()
    trace.extend([started("r", TrainConfig(epochs=1), 2000)])
    trace.extend(
        Stepped(run="r", step=n + 1, epoch=1, loss=value, accuracy=0.5, images=16)
        for n, value in enumerate(noise.tolist())
    )
    raw, smooth = trace.steps("loss", "step", 1), trace.steps("loss", "step", 250)
    assert len(raw) == len(smooth) <= 400
    assert smooth.y[len(smooth) // 2 :].std() < raw.y[len(raw) // 2 :].std()
    assert smooth.y.mean() == pytest.approx(1.0, abs=0.2)


def test_a_loss_that_is_no_number_leaves_a_gap() -> None:
    trace = Trace()
    trace.extend([started("r", TrainConfig(epochs=1))])
    for step, loss in ((1, 1.0), (2, float("nan")), (3, 1.0)):
        trace.extend([Stepped(run="r", step=step, epoch=1, loss=loss, accuracy=0.5, images=1)])
    assert np.isnan(trace.steps("loss", "step", 1).y).tolist() == [False, True, False]


def test_however_a_run_ended_the_axis_of_accuracies_reaches_it() -> None:
    good, bad = Trace(), Trace()
    good.extend([started("a", TrainConfig(epochs=20))])
    for number in range(1, 21):
        good.extend(epoch_events("a", number, accuracy=0.9 + number / 400))
    bad.extend([started("b", TrainConfig(epochs=1)), *epoch_events("b", 1, accuracy=0.144)])
    model = RunCurvesModel()
    model.show([DrawnRun("a", "a", 0, good)])
    assert model.bounds("accuracy").bottom == pytest.approx(0.9)
    model.show([DrawnRun("a", "a", 0, good), DrawnRun("b", "b", 1, bad)])
    assert model.bounds("accuracy").bottom == pytest.approx(0.1)
