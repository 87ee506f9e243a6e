"""How far, how fast and how long still, on a clock that the test moves."""

import pytest

from cnnplay.spec.events import Event, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.train.history import History
from cnnplay.ui.train.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def started(first_epoch: int = 1) -> Started:
    return Started(
        run="r",
        network="n",
        data="d",
        config=TrainConfig(epochs=10),
        device="cpu",
        parameters=1,
        train_size=100,
        validation_size=10,
        steps_per_epoch=10,
        first_epoch=first_epoch,
    )


def step(number: int) -> Event:
    epoch = (number - 1) // 10 + 1
    return Stepped(run="r", step=number, epoch=epoch, loss=1.0, accuracy=0.5, images=10)


def run(progress: Progress, history: History, clock: Clock, first: int, last: int, seconds: float) -> None:
    for number in range(first, last + 1):
        clock.now += seconds
        history.extend([step(number)])
        progress.update(history)


def test_a_steady_run_says_what_is_left_and_how_fast_it_is() -> None:
    clock, history = Clock(), History([started()])
    progress = Progress(clock)
    run(progress, history, clock, 1, 50, 0.1)
    assert progress.fraction == 0.5
    assert progress.position_text == "epoch 5 / 10", "its steps are done, its validation is not"
    assert progress.seconds_left == pytest.approx(5.0)
    assert progress.remaining_text == "5 s left"
    assert progress.images_per_second == pytest.approx(100.0)


def test_a_pause_does_not_count() -> None:
    clock, history = Clock(), History([started()])
    progress = Progress(clock)
    run(progress, history, clock, 1, 20, 0.1)
    clock.now += 3600
    progress.begin()
    run(progress, history, clock, 21, 30, 0.1)
    assert progress.seconds_left == pytest.approx(7.0, rel=0.1)


def test_a_resumed_run_counts_its_own_epochs() -> None:
    clock, history = Clock(), History([started(first_epoch=11)])
    progress = Progress(clock)
    clock.now = 1.0
    history.extend([Stepped(run="r", step=1, epoch=11, loss=1.0, accuracy=0.5, images=10)])
    progress.update(history)
    assert progress.position_text == "epoch 11 / 20"
    assert progress.fraction == pytest.approx(0.01)


def test_nothing_is_said_before_anything_is_known() -> None:
    progress = Progress(Clock())
    progress.update(History())
    assert progress.position_text == ""
    assert progress.remaining_text == ""
