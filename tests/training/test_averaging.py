"""Stochastic weight averaging: what breaks it off, and which epochs are in the mean."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import prepare
from cnnplay.modules.build import build
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import BatchNormalisation, Dense, Dropout, Flatten
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.averaging import WeightAverager
from cnnplay.training.control import Control
from cnnplay.training.job import Observation, Result, resumed_job
from cnnplay.training.loop import train
from cnnplay.training.state import AveragedWeights
from tests.training.conftest import Kept

Trained = Callable[..., Result]


def _same(one: AveragedWeights | None, other: AveragedWeights | None) -> bool:
    assert one is not None
    assert other is not None
    return one.count == other.count and all(
        torch.equal(tensor, other.weights[key]) for key, tensor in one.weights.items()
    )


@pytest.mark.parametrize("within", ["measuring", "evaluating"])
def test_a_run_stopped_while_its_mean_is_made_resumes_as_if_it_had_not_been(
    within: str, trained: Trained, few: ImageSet, small: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the third epoch, when there is a mean already; it takes several batches either way."""
    monkeypatch.setattr("cnnplay.training.validation.MAX_BATCH", 10)
    whole = trained(epochs=3, averaging=1.0)
    control, own, epoch, computed = Control(), list[nn.Module](), [0], list[str]()

    def watch(layer: nn.Module, inputs: object, output: Tensor) -> None:
        """The mean's network is a copy of the run's, with this hook."""
        if layer is not own[0] and epoch[0] == 3 and layer.training == (within == "measuring"):
            control.stop()
            computed.append(within)

    def observe(seen: Observation) -> None:
        epoch[0] = seen.epoch
        if not own:
            own.append(seen.module.layer("conv-1"))
            own[0].register_forward_hook(watch)

    stopped = trained(epochs=3, averaging=1.0, control=control, observer=observe)
    assert (stopped.reason, stopped.last_epoch, len(computed)) == ("stopped", 2, 1)
    assert stopped.averaged is not None
    assert stopped.averaged.count == 2
    assert stopped.state is not None
    rest = train(resumed_job("b", small, few, stopped.state), lambda _: None)
    assert _same(rest.averaged, whole.averaged)
    assert rest.metrics == whole.metrics


def test_statistics_are_measured_again_after_distributed_batch_norm(
    few: ImageSet, small: Network, config: TrainConfig
) -> None:
    """By each process alone: synchronised batch norm would ask for a GPU here, and wait for the others."""
    module, plain = build(small, seed=0), build(small, seed=0)
    nn.SyncBatchNorm.convert_sync_batchnorm(module)
    module.rewire()
    prepared = prepare(few, small.input.shape)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        mean = WeightAverager(module)
        mean.add(module, prepared, 1, config, lambda: False)
    finally:
        dist.destroy_process_group()
    torch.optim.swa_utils.update_bn((x for x, _, _ in prepared.train_batches(1, 32, 0)), plain)
    weights = mean.snapshot().weights
    assert weights.keys() == plain.state_dict().keys()
    for key, tensor in plain.state_dict().items():
        assert torch.allclose(weights[key], tensor, rtol=1e-4), key
    assert isinstance(module.layer("batch-norm-1"), nn.SyncBatchNorm), "the run's own still synchronizes"


def test_a_run_that_is_made_longer_averages_its_own_last_part_alone(trained: Trained) -> None:
    """Of 4 epochs the last two are averaged; when 4 become 8 after the third, those from the fifth on."""
    control, counts, weights = Control(), list[int](), list[Tensor]()

    def observe(seen: Observation) -> None:
        if seen.checkpoint is None:
            return
        averaged = seen.checkpoint.averaged
        counts.append(0 if averaged is None else averaged.count)
        weights.append(seen.checkpoint.weights["conv-1.weight"])
        if seen.epoch == 3:
            control.change("epochs", 8)

    mean = trained(epochs=4, averaging=0.5, control=control, observer=observe).averaged
    assert counts == [0, 0, 1, 0, 1, 2, 3, 4]
    assert mean is not None
    assert torch.allclose(mean.weights["conv-1.weight"], torch.stack(weights[4:]).mean(0), atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"early_stopping": 2}, True),
        ({"early_stopping": 8}, False),
        ({}, False),
    ],
)
def test_early_stopping_before_the_mean_begins_gives_a_warning(
    settings: dict[str, int], warned: bool, trained: Trained, kept: Kept
) -> None:
    control = Control()
    trained(epochs=10, averaging=0.2, control=control, observer=lambda _: control.stop(), **settings)
    notes = [note.message for note in kept.of(events.Noted) if "averaged from epoch 9 on" in note.message]
    assert bool(notes) is warned


def test_a_run_that_is_asked_for_more_epochs_averages_those_of_its_new_last_part(
    trained: Trained, few: ImageSet, small: Network
) -> None:
    whole = trained(epochs=4, averaging=0.5).averaged
    state = trained(epochs=2, averaging=0.5).state
    assert state is not None
    longer = replace(state, config=msgspec.structs.replace(state.config, epochs=4))
    assert _same(train(resumed_job("b", small, few, longer), lambda event: None).averaged, whole)


@pytest.mark.parametrize(("every", "warned"), [(3, True), (2, True), (1, False)])
def test_a_learning_rate_that_never_steps_is_reported(
    every: int, warned: bool, trained: Trained, kept: Kept
) -> None:
    control = Control()
    settings = {"schedule": "step", "step_every": every}
    trained(epochs=2, **settings, control=control, observer=lambda _: control.stop())
    assert any("it never does" in note.message for note in kept.of(events.Noted)) is warned


@pytest.mark.parametrize(("warmup", "warned"), [(3, True), (2, False)])
def test_a_warm_up_that_outlasts_the_run_is_reported(
    warmup: int, warned: bool, trained: Trained, kept: Kept
) -> None:
    control = Control()
    trained(epochs=2, warmup=warmup, control=control, observer=lambda _: control.stop())
    assert (
        any("warm-up takes 3 epochs" in n.message and "2" in n.message for n in kept.of(events.Noted))
        is warned
    )


def test_what_drops_out_before_a_norm_depends_on_the_epoch_alone(few: ImageSet, config: TrainConfig) -> None:
    """Otherwise a resumed run would measure other statistics than one that never stopped."""
    stack = (
        Dropout(id="drop", p=0.5),
        BatchNormalisation(id="norm"),
        Flatten(id="f"),
        Dense(id="d", units=10),
    )
    network = Network(name="n", input=Input(1, 8, 8), task=Classification(10), stack=stack)
    module, prepared = build(network, seed=0), prepare(few, (1, 8, 8), torch.device("cpu"))
    found = []
    for draws in (0, 17):
        torch.rand(draws)  # whatever was drawn before
        mean = WeightAverager(module)
        mean.add(module, prepared, 1, config, lambda: False)
        found.append(mean.snapshot())
    assert _same(*found)
