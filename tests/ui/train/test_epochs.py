"""Epochs in bounded memory: the newest, the best, and extremes of what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.spec.events import EpochDone
from cnnplay.ui.train import epochs as module
from cnnplay.ui.train.epochs import KEPT, MOST, Epochs


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEWEST", 16)
    monkeypatch.setattr(module, "STRETCHES", 8)


def epoch(number: int, accuracy: float, best: bool) -> EpochDone:
    metrics = {"train_loss": 1.0, "validation_loss": 1.0 - accuracy, "validation_accuracy": accuracy}
    return EpochDone(
        run="r", epoch=number, step=number, metrics=metrics, seconds=1.0, images_per_second=1.0, best=best
    )


@given(st.lists(st.integers(0, 50), min_size=1, max_size=400))
def test_epochs_are_bounded_and_the_newest_the_best_and_the_extremes_stay(accuracies: list[int]) -> None:
    epochs, highest, best = Epochs(), -1, 0
    for number, accuracy in enumerate(accuracies, 1):
        epochs.metric("validation_accuracy")
        if accuracy > highest:
            highest, best = accuracy, number
        epochs.add(epoch(number, accuracy / 50, best == number))
        assert len(epochs.all) <= 2 * 16 + KEPT * 8 + 1
    numbers = [done.epoch for done in epochs.all]
    assert numbers == sorted(set(numbers))
    newest = len(accuracies) - min(16, len(accuracies))
    assert numbers[-min(16, len(accuracies)) :] == list(range(newest + 1, len(accuracies) + 1))
    assert epochs.best is not None
    assert epochs.best.epoch == best
    assert best in numbers
    x, y = epochs.metric("validation_accuracy")
    assert x.tolist() == numbers
    assert (y.min(), y.max()) == (min(accuracies) / 50, max(accuracies) / 50)
    assert np.array_equal(epochs.metric("validation_loss")[1], 1.0 - y)


def test_after_a_cut_the_best_is_one_that_is_left() -> None:
    epochs = Epochs()
    for number in range(1, 101):
        epochs.add(epoch(number, number / 100, True))
    epochs.cut(60)
    assert epochs.best is epochs.all[-1]
    assert epochs.all[-1].epoch <= 60
    assert epochs.metric("validation_accuracy")[0].max() <= 60
    epochs.add(epoch(61, 0.5, False))
    assert epochs.metric("validation_loss")[0][-1] == 61


def test_an_epoch_without_what_is_drawn_leaves_no_point_and_the_memory_bounded() -> None:
    epochs = Epochs()
    for number in range(1, 1_000):
        done = epoch(number, 0.5, False)
        done.metrics.clear()
        epochs.add(done)
    assert len(epochs.all) <= 2 * 16 + 8
    assert len(epochs.metric("validation_loss")[0]) == 0


def test_a_day_of_short_epochs_takes_some_thousand() -> None:
    assert MOST < 5_000
