"""What only a GPU does: run where there is one. The graphs' bookkeeping is tried without."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import prepare
from cnnplay.modules.build import build
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.graphs import GraphedModel, capture_graph
from cnnplay.training.job import Job, Result
from cnnplay.training.setup import model_of
from tests.training.conftest import Kept

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")


def norm_network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 6 * 6, 3))


def stand_in(replayed: list[Tensor]) -> Callable[..., Any]:
    """Captures as torch does, so far as can be seen from outside: by three passes, the input kept."""

    def make(module: nn.Module, samples: tuple[Tensor, ...]) -> Callable[[Tensor], Tensor]:
        for _ in range(3):
            module(*samples)

        def replay(images: Tensor) -> Tensor:
            replayed.append(images)
            result: Tensor = module(images)
            return result

        return replay

    return make


def test_whole_batches_are_replayed_and_others_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed: list[Tensor] = []
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", stand_in(replayed))
    module, whole = norm_network(), torch.randn(8, 1, 8, 8)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    model, text = capture_graph(module, whole, nullcontext())
    assert text == "forward and backward as a CUDA graph"
    assert isinstance(model, GraphedModel)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    rest = whole[:5]
    assert model(rest).shape == (5, 3)
    assert not replayed
    assert model(whole).shape == (8, 3)
    assert replayed == [whole]


def test_where_nothing_can_be_captured_the_module_computes_and_a_word_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(module: nn.Module, samples: tuple[Tensor, ...]) -> Any:
        module(*samples)
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", make)
    module = norm_network()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    model, text = capture_graph(module, torch.randn(8, 1, 8, 8), nullcontext())
    assert model is module
    assert text == "no CUDA graph: operation not permitted when stream is capturing"
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_graph_is_for_one_process_small_steps_and_room_for_two(
    monkeypatch: pytest.MonkeyPatch, few: ImageSet, small: Network, config: TrainConfig
) -> None:
    replayed: list[Tensor] = []
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", stand_in(replayed))
    job = Job("run-1", small, config, few)
    room = SimpleNamespace(network_bytes=100, available_bytes=201)
    prepared = prepare(few, small.input.shape, torch.device("cpu"))
    ready: Any = SimpleNamespace(
        device=torch.device("cuda"), module=build(small, seed=0), prepared=prepared, estimate=room
    )
    model, text = model_of(job, ready)
    assert text == "; forward and backward as a CUDA graph"
    images = next(iter(prepared.train_batches(1, 32, 0))).images
    assert model(images).shape == (32, 10)
    assert len(replayed) == 1
    assert model_of(replace(job, distributed=DistributedContext(0, 2, 0, 2)), ready) == (ready.module, "")
    room.available_bytes = 200
    assert model_of(job, ready) == (ready.module, "")
    room.available_bytes = 201
    monkeypatch.setattr("cnnplay.training.setup.MAX_OPERATIONS", 1e6)
    assert model_of(job, ready) == (ready.module, "")


@gpu
def test_a_graph_computes_what_the_layers_do() -> None:
    """Logits, gradients and running statistics, on batches that differ."""
    plain, other = (build(preset("mini-resnet").network, device="cuda", seed=0).train() for _ in range(2))
    shape = (16, *preset("mini-resnet").network.input.shape)
    model, text = capture_graph(other, torch.randn(shape, device="cuda"), nullcontext())
    assert text == "forward and backward as a CUDA graph"
    for seed in range(3):
        torch.manual_seed(seed)
        images = torch.randn(shape, device="cuda")
        for computed, module in ((plain(images), plain), (model(images), other)):
            module.zero_grad()
            computed.square().mean().backward()
        torch.testing.assert_close(plain(images), other(images), rtol=1e-4, atol=1e-4)
        for (name, ours), theirs in zip(plain.named_parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-4, msg=name)
    for (name, value), kept in zip(plain.named_buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(value, kept, rtol=1e-4, atol=1e-4, msg=name)


@gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_learns_on_the_gpu_with_a_graph_and_without(
    trained: Callable[..., Result], kept: Kept, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    losses = []
    for most, text in ((2e11, True), (0.0, False)):
        monkeypatch.setattr("cnnplay.training.setup.MAX_OPERATIONS", most)
        kept.events.clear()
        result = trained(device="cuda:0", epochs=4, precision=precision)
        assert result.reason == "done"
        assert ("as a CUDA graph" in kept.of(events.Planned)[0].reason) == text
        losses.append([step.loss for step in kept.of(events.Stepped)])
    np.testing.assert_allclose(losses[0][:5], losses[1][:5], rtol=0.02)
    assert losses[0][-1] < losses[0][0]
