"""What is kept of trainings: each network finds its own again, the memory is bounded."""

import queue
import threading
import weakref
from dataclasses import replace

import pytest
import torch

from cnnplay.modules.build import build
from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.modules.weights import weights_of
from cnnplay.network.edits import remove, replace_field
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts
from cnnplay.training.optimizers import OptimizerState
from cnnplay.training.state import RunPosition, RunState
from cnnplay.ui.train import trained as kept
from cnnplay.ui.train.trained import Trained, TrainedStore

FACTS = DataFacts(
    key="mnist-sample",
    classes=tuple("0123456789"),
    preprocessing=Preprocessing(input=(1, 32, 32), mean=(0.1,), std=(0.3,)),
)
TINY = preset("tiny-cnn").network
LENET = preset("lenet-5").network


def training(network: Network, seed: int = 0) -> Trained:
    return Trained(TrainedWeights(network, TrainConfig(), FACTS, weights_of(build(network, seed=seed))))


def test_each_network_finds_its_own_training_and_another_none() -> None:
    store = TrainedStore()
    assert store.matching(TINY) is None
    tiny, lenet = training(TINY), training(LENET)
    store.remember(tiny)
    store.remember(lenet)
    assert store.matching(TINY) is tiny
    assert store.matching(LENET) is lenet
    assert store.newest() is lenet
    assert store.matching(preset("mlp").network) is None


def test_an_edit_without_parameters_keeps_the_training_and_one_of_a_shape_does_not() -> None:
    store = TrainedStore()
    lenet = training(LENET)
    store.remember(lenet)
    assert store.matching(remove(LENET, ("tanh-1",)).network) is lenet
    assert store.matching(replace_field(LENET, "conv-1", "filters", 7).network) is None


def test_what_was_put_aside_can_be_brought_back_also_after_another_training() -> None:
    store, tiny, lenet = TrainedStore(), training(TINY), training(LENET)
    store.remember(tiny)
    store.set_aside(TINY)
    assert store.matching(TINY) is None
    assert store.previous(TINY) is tiny
    store.remember(lenet)
    assert store.previous(TINY) is tiny
    assert store.previous(LENET) is None
    again = training(TINY, seed=1)
    store.remember(again)
    assert store.previous(TINY) is tiny
    store.set_aside(TINY)
    store.remember(again)  # brought back
    assert store.matching(TINY) is again
    assert store.previous(TINY) is None


def test_training_the_same_network_again_takes_the_place_of_the_first() -> None:
    store = TrainedStore()
    store.remember(training(TINY, seed=0))
    again = training(TINY, seed=1)
    store.remember(again)
    assert store.matching(TINY) is again
    store.clear()
    assert store.matching(TINY) is None
    assert store.newest() is None


def test_the_ids_of_trained_nodes_are_known_so_that_no_new_node_takes_one() -> None:
    store = TrainedStore()
    store.remember(training(LENET))
    assert store.ids() == {"conv-1", "conv-2", "conv-3", "dense-1", "dense-2"}


def test_the_oldest_go_when_they_take_too_much_memory_and_the_newest_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny, lenet = training(TINY), training(LENET)
    assert lenet.bytes == 4 * 61_706
    monkeypatch.setattr(kept, "MAX_BYTES", lenet.bytes)
    store = TrainedStore()
    store.remember(tiny)
    assert store.matching(TINY) is tiny
    store.remember(lenet)
    assert store.matching(TINY) is None
    assert store.matching(LENET) is lenet
    monkeypatch.setattr(kept, "MAX_BYTES", 1)
    store.remember(training(LENET, seed=3))
    assert store.matching(LENET) is not None


def test_the_best_weights_count_too() -> None:
    weights = {"a.weight": torch.zeros(10)}
    best = {"a.weight": torch.zeros(10)}
    both = Trained(TrainedWeights(LENET, TrainConfig(), FACTS, weights, best))
    assert both.bytes == 80


def test_what_a_training_takes_counts_the_optimizers_memory_and_no_tensor_twice() -> None:
    plain = training(TINY)
    once = sum(tensor.nbytes for tensor in plain.weights.last.values())
    memory = {"exp_avg": torch.zeros(1000), "exp_avg_sq": torch.zeros(1000)}
    state = RunState(
        config=TrainConfig(),
        first_epoch=1,
        place=RunPosition(1, 1),
        weights=plain.weights.last,
        optimizer=OptimizerState("adam", {"state": {0: memory}, "param_groups": []}),
        threads=1,
        channels_last=False,
    )
    same = Trained(replace(plain.weights, best=plain.weights.last), state=state)
    assert plain.bytes == once
    assert same.bytes == once + 8000


def test_large_weights_that_nobody_needs_are_freed_in_a_thread_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(kept, "FREED_AFTER", 1.0)
    ends: queue.Queue[str] = queue.Queue()
    store = TrainedStore()
    first = training(TINY, seed=0)
    for tensor in first.weights.last.values():
        weakref.finalize(tensor, lambda: ends.put(threading.current_thread().name))
    count = len(first.weights.last)
    store.remember(first)
    store.remember(training(TINY, seed=1))
    store.remember(training(TINY, seed=2))  # the one before the last is nobody's
    del first, tensor
    assert {ends.get(timeout=10) for _ in range(count)} == {"cnnplay-free"}
