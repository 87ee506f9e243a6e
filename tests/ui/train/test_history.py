"""Histories as columns: where steps lie, what thinning keeps, how smoothing starts."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.spec.events import EpochDone, Event, Noted, SettingChanged, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.numerals import numeral
from cnnplay.ui.plot.decimation import Thinner, decimate
from cnnplay.ui.plot.smoothing import smooth, smoothing_text
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.history import History


def started(first_epoch: int = 1, steps: int = 10) -> Started:
    return Started(
        run="r",
        network="lenet-5",
        data="mnist-sample",
        config=TrainConfig(epochs=20),
        device="cpu",
        parameters=61_706,
        train_size=640,
        validation_size=100,
        steps_per_epoch=steps,
        first_epoch=first_epoch,
    )


def stepped(step: int, epoch: int, loss: float = 1.0) -> Stepped:
    return Stepped(run="r", step=step, epoch=epoch, loss=loss, accuracy=0.5, images=64)


def epoch(number: int, loss: float, best: bool) -> EpochDone:
    metrics = {"train_loss": loss, "train_accuracy": 0.9, "validation_loss": loss, "validation_accuracy": 0.8}
    return EpochDone(
        run="r",
        epoch=number,
        step=number * 10,
        metrics=metrics,
        seconds=1.0,
        images_per_second=640.0,
        best=best,
    )


def two_epochs() -> list[Event]:
    steps = [stepped(number, (number - 1) // 10 + 1, 3.0 - number / 10) for number in range(1, 21)]
    return [started(), *steps[:10], epoch(1, 2.0, True), *steps[10:], epoch(2, 1.0, True)]


def test_the_last_step_of_an_epoch_lies_where_the_epoch_does() -> None:
    history = History(two_epochs())
    assert history.steps("loss").x[9] == 1.0
    assert history.metric("validation_loss").x.tolist() == [1.0, 2.0]
    assert history.last_x == 2.0


def test_resuming_continues_the_curve_whether_steps_continue_or_restart() -> None:
    for first in (21, 1):
        history = History(two_epochs())
        history.extend([started(first_epoch=3), stepped(first, 3), stepped(first + 9, 3)])
        assert history.steps("loss").x[-2:].tolist() == pytest.approx([2.1, 3.0])


def test_a_changed_setting_lies_at_its_step() -> None:
    history = History(two_epochs())
    history.extend([SettingChanged(run="r", step=15, name="learning_rate", value=1e-4)])
    assert history.changes[0][0] == 1.5


def test_the_best_epoch_is_the_last_that_the_engine_called_best() -> None:
    history = History([started(), epoch(1, 2.0, True), epoch(2, 1.0, True), epoch(3, 1.5, False)])
    assert history.best is not None
    assert history.best.epoch == 2


def test_a_best_epoch_without_an_accuracy_which_no_engine_writes_is_passed_over() -> None:
    odd = msgspec.structs.replace(epoch(2, 1.0, True), metrics={"train_loss": 1.0})
    history = History([started(), epoch(1, 2.0, True), odd])
    assert history.best is not None
    assert history.best.epoch == 1


def long_run(losses: np.ndarray, steps: int = 1_000) -> History:
    """A run of so many steps an epoch, each epoch with the mean loss of its steps."""
    events: list[Event] = [started(steps=steps)]
    for number, loss in enumerate(losses, 1):
        events.append(stepped(number, (number - 1) // steps + 1, float(loss)))
        if number % steps == 0:
            events.append(epoch(number // steps, float(losses[number - steps : number].mean()), True))
    return History(events)


def test_a_reopened_history_is_smoothed_over_the_same_steps() -> None:
    rng = np.random.default_rng(0)
    history = long_run(rng.exponential(1.0, 20_000))
    again = History(history.saved())
    assert again.whole_from == 0
    assert np.array_equal(again.smoothed("loss", 14).y, history.smoothed("loss", 14).y)
    readout = CurvesModel().readout("loss", again, 12.345)
    assert readout is not None
    assert readout.title == "epoch 13, step 12,345"


def short(monkeypatch: pytest.MonkeyPatch, newest: int, stretches: int) -> None:
    """Histories that thin out early."""
    monkeypatch.setattr("cnnplay.ui.train.steps.NEWEST", newest)
    monkeypatch.setattr("cnnplay.ui.train.steps.STRETCHES", stretches)


def same(one: History, other: History) -> None:
    for name in ("loss", "accuracy"):
        assert one.steps(name).x == pytest.approx(other.steps(name).x, rel=1e-12)
        assert np.array_equal(one.steps(name).y, other.steps(name).y, equal_nan=True)
    assert np.array_equal(one.numbers, other.numbers)
    assert one.whole_from == other.whole_from
    assert one.epochs == other.epochs
    assert one.best == other.best
    assert [change.value for _, change in one.changes] == [change.value for _, change in other.changes]
    assert (one.last_x, one.target) == (other.last_x, other.target)


def test_in_a_long_run_old_steps_are_smoothed_by_the_means_of_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short(monkeypatch, 1_024, 64)
    losses = np.random.default_rng(0).exponential(1.0, 20_000)
    history, model = long_run(losses), CurvesModel()
    assert len(history) < 3_000
    assert history.numbers[history.whole_from :].tolist()[-1_024:] == list(range(18_977, 20_001))
    line = history.smoothed("loss", 14)
    old = line.x <= history.steps("loss").x[history.whole_from] - 1e-9
    assert line.y[old] == pytest.approx(losses[: old.sum() * 512].reshape(-1, 512).mean(axis=1))
    assert line.y[-1] == pytest.approx(smooth(losses, 14)[-1])
    assert history.steps("loss").y.max() == losses.max()
    assert "mean of several" in model.hint("loss", history)
    readout = model.readout("loss", history, 12.345)
    assert readout is not None
    index = int(np.abs(history.steps("loss").x - 12.345).argmin())
    assert readout.title == f"epoch 13, step {round(history.steps('loss').x[index] * 1_000):,}"


def test_a_history_with_steps_left_out_that_is_read_again_shows_each_epochs_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short(monkeypatch, 16, 64)
    history = long_run(np.random.default_rng(0).exponential(1.0, 20_000))
    again, model = History(history.saved()), CurvesModel()
    same(history, again)
    means = again.metric("train_loss")
    line, whole = again.smoothed("loss", 14), again.whole_from
    tail = again.steps("loss").y[whole:]
    assert np.array_equal(line.y[-len(tail) :], smooth(tail, 14))
    assert np.array_equal(line.y[: -len(tail)], means.y[:19])
    readout = model.readout("loss", again, 12.345)
    assert readout is not None
    assert {end.text for end in readout.labels} >= {f"smoothed {numeral(means.y[11])}"}
    assert "each epoch's mean" in model.hint("loss", again)
    again.extend([started(first_epoch=21, steps=1_000), *(stepped(n, 21, 0.5) for n in range(1, 31))])
    assert again.numbers[-1] == 20_030
    assert (np.diff(again.smoothed("loss", 14).x) >= 0).all()


@given(
    st.integers(1, 1_500),
    st.integers(1, 40),
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
    st.integers(0, 3),
)
def test_a_saved_history_is_read_as_the_same(count: int, steps: int, parts: list[int], changed: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        short(monkeypatch, 64, 16)
        monkeypatch.setattr("cnnplay.ui.train.epochs.NEWEST", 8)
        monkeypatch.setattr("cnnplay.ui.train.epochs.STRETCHES", 4)
        rng, best, told = np.random.default_rng(count), -1.0, [started(steps=steps)]  # type: ignore[var-annotated]
        for number in range(1, count + 1):
            told.append(stepped(number, (number - 1) // steps + 1, float(rng.normal())))
            if number % steps == 0:
                accuracy = float(rng.integers(0, 20)) / 20
                done = epoch(number // steps, float(rng.random()), accuracy > best)
                best = max(best, accuracy)
                metrics = done.metrics | {"validation_accuracy": accuracy}
                told.append(msgspec.structs.replace(done, metrics=metrics))
        told += [SettingChanged(run="r", step=count, name="learning_rate", value=1.0)] * changed
        history, place = History(), 0
        for part in parts:
            history.extend(told[place : place + part])
            place += part
        history.extend(told[place:])
        same(history, History(told))
        same(history, History(history.saved()))


def test_an_epoch_that_is_evaluated_again_replaces_its_earlier_record() -> None:
    """The run goes on from a checkpoint between its last step and its validation."""
    history = History(two_epochs())
    assert history.metric("validation_loss").y.tolist() == [2.0, 1.0]
    history.extend([msgspec.structs.replace(started(), done=20, within=2)])
    assert len(history.steps("loss")) == 20
    assert history.metric("validation_loss").x.tolist() == [1.0]
    history.extend([epoch(2, 1.5, True)])
    assert history.metric("validation_loss").y.tolist() == [2.0, 1.5]
    same(history, History(history.saved()))


def test_a_run_that_resumes_within_thinned_steps_replaces_them(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, 1_024, 64)
    history = long_run(np.ones(20_000))
    history.extend([msgspec.structs.replace(started(first_epoch=6, steps=1_000), done=5_100, within=6)])
    assert history.numbers[-1] <= 5_100
    assert history.last is not None
    assert history.last.epoch == 5
    history.extend(stepped(number, number // 1_000 + 1, 2.0) for number in range(5_101, 9_001))
    assert history.numbers[-1] == 9_000
    assert history.last_x == 9.0
    assert history.smoothed("loss", 14).y[-1] == pytest.approx(2.0)
    assert (np.diff(history.smoothed("loss", 14).x) > 0).all()
    same(history, History(history.saved()))


def test_very_many_changes_and_notes_are_not_all_kept_but_each_settings_last_is() -> None:
    history = History([started(steps=1_000)])
    history.extend([SettingChanged(run="r", step=1, name="weight_decay", value=0.5)])
    for number in range(1, 3_000):
        history.extend(
            [
                SettingChanged(run="r", step=number, name="learning_rate", value=float(number)),
                Noted(run="r", message=f"{number}"),
            ]
        )
    assert len(history.changes) <= 256
    assert {change.name for _, change in history.changes} == {"weight_decay", "learning_rate"}
    assert history.changes[-1][1].value == 2_999.0
    assert (history.noted, history.notes[-1], len(history.notes)) == (2_999, "2999", 200)


def test_a_setting_that_was_moved_several_times_before_a_step_leaves_one_mark() -> None:
    history = History(two_epochs())
    history.extend([SettingChanged(run="r", step=15, name="learning_rate", value=n) for n in (0.1, 0.2)])
    assert [change.value for _, change in history.changes] == [0.2]


def test_resuming_continues_the_step_numbers() -> None:
    for first in (21, 1):
        history = History(two_epochs())
        history.extend([started(first_epoch=3), stepped(first, 3), stepped(first + 1, 3)])
        assert history.numbers.tolist() == list(range(1, 23))
        assert history.whole_from == 0


def test_columns_given_out_before_do_not_change_when_steps_are_added() -> None:
    history = History(two_epochs())
    before = history.steps("loss").y
    copy = before.copy()
    history.extend([stepped(n, 3) for n in range(21, 2_000)])
    assert np.array_equal(before, copy)
    assert len(history.steps("loss")) == 1_999


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=3_000), st.integers(1, 300))
def test_thinning_keeps_the_extremes_of_every_column_and_the_order(values: list[float], columns: int) -> None:
    y = np.asarray(values)
    x = np.arange(len(y), dtype=np.float64)
    right = float(len(y) - 1)
    thin_x, thin_y = decimate(x, y, 0.0, right, columns)
    assert len(thin_x) <= max(4 * (columns + 2), 4 * columns)
    assert (np.diff(thin_x) > 0).all()
    where = (x * (columns / right)).astype(int)
    where_thin = (thin_x * (columns / right)).astype(int)
    for column in np.unique(where):
        assert thin_y[where_thin == column].max() == y[where == column].max()
        assert thin_y[where_thin == column].min() == y[where == column].min()


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=3_000),
    st.lists(st.integers(1, 900), max_size=6),
    st.integers(1, 100),
    st.floats(-10, 100),
)
def test_thinning_while_a_curve_grows_gives_what_thinning_it_at_once_does(
    values: list[float], parts: list[int], columns: int, left: float
) -> None:
    y = np.asarray(values)
    x = np.arange(len(y), dtype=np.float64)
    thinner, mark, right = Thinner(), object(), 1_500.0
    for end in (*np.cumsum(parts, dtype=int).tolist(), len(y)):
        found = thinner.thin(x[:end], y[:end], mark, left, right, columns)
        wanted = decimate(x[:end], y[:end], left, right, columns)
        assert np.array_equal(found[0], wanted[0])
        assert np.array_equal(found[1], wanted[1], equal_nan=True)


def test_thinning_a_part_keeps_the_neighbours_through_which_the_line_enters() -> None:
    x = np.arange(100, dtype=np.float64)
    thin_x, _ = decimate(x, x, 40.5, 59.5, 1_000)
    assert thin_x[0] == 40.0
    assert thin_x[-1] == 60.0


def test_a_gap_of_values_that_are_not_finite_stays_a_gap() -> None:
    y = np.ones(10_000)
    y[5_000:5_100] = np.nan
    x = np.arange(10_000, dtype=np.float64)
    assert np.isnan(decimate(x, y, 0.0, 9_999.0, 100)[1]).any()


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=600), st.floats(1.5, 200))
def test_smoothing_is_the_bias_corrected_moving_average(values: list[float], steps: float) -> None:
    beta, carry, expected = 1 - 1 / steps, 0.0, []
    for number, value in enumerate(values, start=1):
        carry = beta * carry + (1 - beta) * value
        expected.append(carry / (1 - beta**number))
    smoothed = smooth(np.asarray(values), steps)
    assert smoothed == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert smoothed[0] == pytest.approx(values[0], abs=1e-9)


def test_smoothing_leaves_constants_alone_and_steps_over_what_is_not_finite() -> None:
    assert smooth(np.full(1_000, 2.5), 14) == pytest.approx(np.full(1_000, 2.5))
    broken = np.array([1.0, np.nan, 1.0, np.inf])
    assert smooth(broken, 14) == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert smoothing_text(14.2) == "smoothed over 14 steps"
    assert smoothing_text(1) == "not smoothed"


def test_a_rate_at_which_no_step_was_made_leaves_no_mark() -> None:
    config = TrainConfig(epochs=2, learning_rate=0.001)
    first = Started(
        run="r", network="n", data="d", config=config, device="cpu", parameters=1, train_size=2,
        validation_size=1, steps_per_epoch=2,
    )  # fmt: skip
    steps = [Stepped(run="r", step=step, epoch=1, loss=1.0, accuracy=0.5, images=1) for step in (1, 2)]
    done = EpochDone(run="r", epoch=1, step=2, metrics={}, seconds=1.0, images_per_second=2.0, best=False)
    change = SettingChanged(run="r", step=2, name="learning_rate", value=0.01)
    unused = SettingChanged(run="r", step=3, name="learning_rate", value=900.0)
    history = History([first, steps[0], change, steps[1], done, unused])
    assert [each.value for _, each in history.changes] == [0.01, 900.0]
    changed = msgspec.structs.replace(config, learning_rate=0.01)
    history.extend([msgspec.structs.replace(first, first_epoch=2, config=changed)])
    assert [each.value for _, each in history.changes] == [0.01]


def test_settings_that_were_changed_before_a_resume_are_marked_there() -> None:
    history = History(two_epochs())
    history.extend([SettingChanged(run="r", step=15, name="learning_rate", value=0.01)])
    config = TrainConfig(epochs=18, learning_rate=0.01, momentum=0.5, batch_size=32)
    history.extend([msgspec.structs.replace(started(first_epoch=3), config=config)])
    assert [(x, change.name, change.value) for x, change in history.changes] == [
        (1.5, "learning_rate", 0.01),
        (2.1, "batch_size", 32),
        (2.1, "momentum", 0.5),
    ]
    history.extend([*(stepped(21 + n, 3) for n in range(10)), epoch(3, 0.5, True)])
    again = History(history.saved())
    assert [(x, change.name) for x, change in again.changes] == [
        (x, change.name) for x, change in history.changes
    ]
    again.extend([msgspec.structs.replace(started(first_epoch=4), config=config)])
    assert len(again.changes) == 3, "nothing was changed since"


def test_a_change_that_a_kill_undid_is_not_marked() -> None:
    history = History([*two_epochs(), SettingChanged(run="r", step=18, name="shift", value=2)])
    history.extend([msgspec.structs.replace(started(), done=10, within=2)])
    assert history.changes == []


def test_the_curve_from_before_a_resume_stays_where_only_its_epochs_are_known() -> None:
    """As in a project that was saved during a run."""
    epochs = [one for one in two_epochs() if isinstance(one, EpochDone)]
    history = History([started(), *epochs])
    assert history.smoothed("loss", 14).x.tolist() == [1.0, 2.0]
    history.extend([started(first_epoch=3), *(stepped(21 + n, 3, 0.5) for n in range(10))])
    for _ in range(3):
        x = history.smoothed("loss", 14).x.tolist()
        assert x[:2] == [1.0, 2.0]
        history.extend([stepped(31 + n, 4, 0.5) for n in range(10)])
    assert x[-1] > 3.0
