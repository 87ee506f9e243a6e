"""The weights that a run keeps, also if it failed before the end of its first epoch."""

import pytest

from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.job import Checkpoint, Result
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.train.history import History
from cnnplay.ui.train.run_request import RunRequest
from cnnplay.ui.train.weights_cache import WeightsCache
from tests.look_bench import digits, learned


@pytest.mark.parametrize("good", [True, False])
def test_a_run_that_failed_in_its_first_epoch_leaves_its_last_good_weights_if_it_learned_any(
    good: bool,
) -> None:
    request = RunRequest("r", preset("tiny-cnn").network, TrainConfig(), digits())
    ended = Result("failed", learned().weights, last_epoch=0, step=336, learned=good, facts=learned().facts)
    cache = WeightsCache(EditorModel(request.network))
    cache.end(request, ended, History())
    kept = cache.trained_for_editor
    assert (kept is not None) == good
    if kept is not None:
        assert kept.weights.last is ended.weights
        assert kept.weights.last_epoch == 0


def test_of_several_epochs_at_once_the_last_and_the_best_weights_are_kept() -> None:
    request, result = RunRequest("r", preset("tiny-cnn").network, TrainConfig(), digits()), learned()
    assert result.facts is not None
    cache = WeightsCache(EditorModel(request.network))
    told = [
        Checkpoint(number, number, dict(result.weights), number == 2, {}, result.facts)
        for number in range(1, 4)
    ]
    cache.keep(request, told, History())
    assert cache.trained is not None
    kept = cache.trained.weights
    assert kept.last is told[2].weights
    assert (kept.last_epoch, kept.best_epoch) == (3, 2)
    assert kept.best is told[1].weights
