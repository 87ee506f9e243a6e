"""What a run leaves behind: all that was learned, also where it failed before its first epoch's end."""

import pytest

from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.job import Checkpoint, Result
from cnnplay.ui.train.history import History
from cnnplay.ui.train.keeping import Keeping
from cnnplay.ui.train.order import Order
from tests.look_bench import digits, learned


@pytest.mark.parametrize("good", [True, False])
def test_a_run_that_failed_in_its_first_epoch_leaves_its_last_good_weights_if_it_learned_any(
    good: bool,
) -> None:
    order = Order("r", preset("tiny-cnn").network, TrainConfig(), digits())
    ended = Result("failed", learned().weights, last_epoch=0, step=336, learned=good, facts=learned().facts)
    keeping = Keeping()
    keeping.end(order, ended, History())
    kept = keeping.fitting(order.network)
    assert (kept is not None) == good
    if kept is not None:
        assert kept.weights is ended.weights
        assert kept.last_epoch == 0


def test_of_several_epochs_at_once_the_last_and_the_best_weights_are_kept() -> None:
    order, result = Order("r", preset("tiny-cnn").network, TrainConfig(), digits()), learned()
    assert result.facts is not None
    keeping = Keeping()
    told = [
        Checkpoint(number, number, dict(result.weights), number == 2, {}, result.facts)
        for number in range(1, 4)
    ]
    keeping.keep(order, told, History())
    kept = keeping.current
    assert kept is not None
    assert kept.weights is told[2].weights
    assert (kept.last_epoch, kept.best_epoch) == (3, 2)
    assert kept.best_weights is told[1].weights
