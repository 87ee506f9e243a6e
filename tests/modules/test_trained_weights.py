"""Which weights are meant by best, last and averaged: the same wherever they are asked for."""

from dataclasses import replace

import pytest
import torch

from cnnplay.modules.trained_weights import TrainedWeights, Which
from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig

LAST, BEST, AVERAGED = ({"dense-1.bias": torch.full((1,), float(number))} for number in range(3))
ALL = TrainedWeights(
    preset("tiny-cnn").network, TrainConfig(), None, last=LAST, best=BEST, averaged=AVERAGED, best_epoch=1
)


def test_each_choice_gives_its_own_weights() -> None:
    assert ALL.available == ("best", "last", "averaged")
    assert ALL.chosen("best") is BEST
    assert ALL.chosen("last") is LAST
    assert ALL.chosen("averaged") is AVERAGED


def test_the_last_weights_stand_in_for_best_ones_but_not_for_averaged_ones() -> None:
    plain = replace(ALL, best=None, averaged=None, best_epoch=None)
    assert plain.available == ("last",)
    assert plain.chosen("best") is LAST
    assert plain.get("best") is None
    with pytest.raises(ValueError, match=r"tiny-cnn: there are no averaged weights"):
        plain.chosen("averaged")


@pytest.mark.parametrize("which", ["best", "last"])
def test_weights_of_a_network_without_parameters_are_weights_too(which: Which) -> None:
    none = replace(ALL, last={}, best={})
    assert none.available == ("best", "last", "averaged")
    assert none.chosen(which) == {}
