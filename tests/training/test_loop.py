"""The loop against a hand-written one, and what it promises of order, seeds and going on."""

import gc
import importlib
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnplay.data.images import ImageSet
from cnnplay.data.order import shuffled
from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights
from cnnplay.network import nodes
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import setup
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train
from tests.training.conftest import Kept

Trained = Callable[..., Result]


def same(first: Weights, second: Weights) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


OPTIMIZERS: dict[str, Callable[[nn.Module], torch.optim.Optimizer]] = {
    "sgd": lambda net: torch.optim.SGD(net.parameters(), lr=0.02, weight_decay=1e-3, fused=True),
    "momentum": lambda net: torch.optim.SGD(
        net.parameters(), lr=0.02, momentum=0.8, weight_decay=1e-3, fused=True
    ),
    "rmsprop": lambda net: torch.optim.RMSprop(net.parameters(), lr=0.02, alpha=0.8, weight_decay=1e-3),
    "adam": lambda net: torch.optim.Adam(net.parameters(), lr=0.02, weight_decay=1e-3, fused=True),
    "adamw": lambda net: torch.optim.AdamW(net.parameters(), lr=0.02, weight_decay=1e-3, fused=True),
}


def lenet_by_hand(weights: Weights, dense: bool) -> nn.Sequential:
    """LeNet-5 written in torch alone, with the given weights in their order; its C5 may be `dense`."""
    middle = (nn.Flatten(), nn.Linear(400, 120)) if dense else (nn.Conv2d(16, 120, 5), nn.Flatten())
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        *middle, nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    net.load_state_dict(dict(zip(net.state_dict(), weights.values(), strict=True)))
    return net.to(memory_format=torch.channels_last)


def lenet_with_dense_c5() -> Network:
    """LeNet-5 with C5 as the dense layer that it equals."""
    network = preset("lenet-5").network
    stack = network.stack
    c5 = (nodes.Flatten(id="flatten-1"), nodes.Dense(id="c5", units=120), nodes.Tanh(id="tanh-3"))
    return msgspec.structs.replace(network, stack=(*stack[:6], *c5, *stack[9:]))


def learned_by_hand(
    net: nn.Module, optimizer: torch.optim.Optimizer, images: ImageSet, seed: int, batch: int
) -> list[float]:
    """Trains it for an epoch, as a script would; the losses of the steps."""
    assert images.array is not None
    pixels = torch.from_numpy(np.pad(images.array[..., 0], ((0, 0), (2, 2), (2, 2)))).float()[:, None] / 255
    part = torch.from_numpy(images.train)
    mean, std = pixels[part].double().mean(), pixels[part].double().std(correction=0)
    pixels = (pixels - mean.float()) / std.float()
    labels = torch.from_numpy(images.labels)
    losses = []
    for chosen in part[torch.from_numpy(shuffled(len(part), seed, 1))].split(batch):
        loss = F.cross_entropy(net(pixels[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_equal_a_hand_written_loops_bit_for_bit(name: str, few: ImageSet, kept: Kept) -> None:
    config = TrainConfig(
        epochs=1, batch_size=20, optimizer=name, learning_rate=0.02, momentum=0.8, weight_decay=1e-3,
        seed=7, threads=1, device="cpu",
    )  # type: ignore[arg-type]  # fmt: skip
    network = lenet_with_dense_c5()
    result = train(Job("run", network, config, few), kept)

    net = lenet_by_hand(dict(build(network, seed=7).state_dict()), dense=True)
    losses = learned_by_hand(net, OPTIMIZERS[name](net), few, 7, 20)
    assert [event.loss for event in kept.of(events.Stepped)] == losses
    assert same(dict(zip(result.weights, net.state_dict().values(), strict=True)), result.weights)


def test_lenet_5_learns_what_a_hand_written_one_does(few: ImageSet, kept: Kept) -> None:
    config = TrainConfig(epochs=1, batch_size=20, optimizer="sgd", learning_rate=0.02, weight_decay=1e-3,
                         seed=7, threads=1, device="cpu")  # fmt: skip
    network = preset("lenet-5").network
    result = train(Job("run", network, config, few), kept)

    net = lenet_by_hand(dict(build(network, seed=7).state_dict()), dense=False)
    losses = learned_by_hand(net, OPTIMIZERS["sgd"](net), few, 7, 20)
    assert [event.loss for event in kept.of(events.Stepped)] == pytest.approx(losses, rel=1e-5)
    for mine, by_hand in zip(result.weights.values(), net.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, by_hand, rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_result_bit_for_bit(trained: Trained, kept: Kept) -> None:
    first = trained()
    first_events = [event for event in kept.events if isinstance(event, events.Stepped)]
    kept.events.clear()
    torch.manual_seed(12345)  # whatever others did with torch's dice
    torch.rand(17)
    second = trained()
    assert same(first.weights, second.weights)
    assert first_events == kept.of(events.Stepped)


def test_another_seed_gives_another_result(trained: Trained) -> None:
    assert not same(trained(seed=1).weights, trained(seed=2).weights)


def test_the_global_dice_and_the_number_of_threads_are_put_back(trained: Trained) -> None:
    before = torch.get_rng_state()
    threads = torch.get_num_threads()
    trained(epochs=1, threads=2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_going_on_equals_never_having_stopped(trained: Trained) -> None:
    whole = trained(epochs=4, optimizer="adam", weight_decay=0.01)
    half = trained(epochs=2, optimizer="adam", weight_decay=0.01)
    rest = trained(
        epochs=2,
        optimizer="adam",
        weight_decay=0.01,
        job={
            "initial": half.weights,
            "optimizer_state": half.state.optimizer,
            "first_epoch": half.last_epoch + 1,
            "best": half.best,
        },
    )
    assert same(whole.weights, rest.weights)
    assert (whole.last_epoch, whole.step) == (rest.last_epoch, rest.step)
    assert (whole.best_epoch, whole.metrics) == (rest.best_epoch, rest.metrics)


def test_going_on_twice_from_the_same_result_gives_the_same(trained: Trained) -> None:
    half = trained(epochs=1)
    more = {"initial": half.weights, "optimizer_state": half.state.optimizer, "first_epoch": 2}
    assert same(trained(epochs=1, job=more).weights, trained(epochs=1, job=more).weights)


def test_streamed_images_train_to_the_same_weights(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, kept: Kept
) -> None:
    resident = trained()
    monkeypatch.setattr("cnnplay.data.prepared.storage", lambda *_: "streamed")
    streamed = trained()
    assert [plan.resident for plan in kept.of(events.Planned)] == [True, False]
    assert same(resident.weights, streamed.weights)


def test_events_come_in_order_and_count_from_one(trained: Trained, kept: Kept) -> None:
    trained()
    kinds = [type(event).__name__ for event in kept.events]
    epoch = ["Stepped"] * 7 + ["EpochDone"]
    assert kinds == ["Started", "Planned", *epoch, *epoch, "Finished"]
    assert [event.step for event in kept.of(events.Stepped)] == list(range(1, 15))
    assert [event.epoch for event in kept.of(events.Stepped)] == [1] * 7 + [2] * 7
    (started,) = kept.of(events.Started)
    assert (started.steps_per_epoch, started.train_size, started.validation_size) == (7, 200, 50)
    assert {event.run for event in kept.events} == {"run-1"}


def test_an_epochs_metrics_are_the_batches_means_and_the_validation_parts(
    trained: Trained, kept: Kept, few: ImageSet, small: Network
) -> None:
    observed: list[Observation] = []
    result = trained(epochs=1, observer=lambda seen: observed.append(seen) if seen.validation else None)
    (done,) = kept.of(events.EpochDone)
    steps = kept.of(events.Stepped)
    images = sum(step.images for step in steps)
    assert done.metrics["train_loss"] == pytest.approx(sum(s.loss * s.images for s in steps) / images)
    assert done.metrics["train_accuracy"] == pytest.approx(sum(s.accuracy * s.images for s in steps) / images)

    module = build(small, seed=0)
    module.load_state_dict(result.weights)
    module.eval()
    (last,) = observed
    with torch.no_grad():
        logits = module(last.prepared.inputs(few.validation))
    labels = torch.from_numpy(few.labels[few.validation])
    assert done.metrics["validation_loss"] == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    assert done.metrics["validation_accuracy"] == (logits.argmax(1) == labels).sum().item() / 50
    assert last.validation is not None
    assert np.allclose(last.validation.details.probabilities, logits.softmax(1).numpy(), atol=1e-6)
    assert last.validation.details.indices.tolist() == few.validation.tolist()
    counts = np.zeros((10, 10), int)
    for truth, guess in zip(labels.tolist(), logits.argmax(1).tolist(), strict=True):
        counts[truth, guess] += 1
    assert np.array_equal(last.validation.details.confusion, counts)


def test_the_best_epoch_is_kept_beside_the_last(trained: Trained, kept: Kept) -> None:
    checkpoints = []
    result = trained(
        epochs=6,
        learning_rate=0.02,
        observer=lambda seen: checkpoints.append(seen.checkpoint) if seen.checkpoint else None,
    )
    done = kept.of(events.EpochDone)
    ranks = [(-d.metrics["validation_accuracy"], d.metrics["validation_loss"], d.epoch) for d in done]
    best_epoch = min(ranks)[2]
    assert result.best_epoch == best_epoch
    assert [d.epoch for d in done if d.best][-1] == best_epoch
    assert result.best_weights is not None
    assert same(result.best_weights, checkpoints[best_epoch - 1].weights)
    assert same(result.weights, checkpoints[-1].weights)
    assert kept.of(events.Finished)[0].best_epoch == best_epoch


def test_an_earlier_runs_best_stays_the_best_until_it_is_beaten(trained: Trained, kept: Kept) -> None:
    first = trained(epochs=8, learning_rate=0.01)
    second = trained(epochs=1, learning_rate=0.01, job={"best": first.best, "first_epoch": 9})
    assert second.best is first.best
    assert not kept.of(events.EpochDone)[-1].best


def test_the_observer_is_called_between_batches_in_the_runs_own_thread(trained: Trained) -> None:
    steps: list[tuple[int, bool]] = []

    def observe(seen: Observation) -> None:
        assert threading.current_thread() is threading.main_thread()
        assert seen.module.training
        steps.append((seen.step, seen.checkpoint is not None))

    trained(epochs=1, observer=observe)
    assert steps == [(step, False) for step in range(1, 8)] + [(7, True)]


def test_weights_that_do_not_all_fit_start_from_scratch_with_a_note(trained: Trained, kept: Kept) -> None:
    partial = {key: value for key, value in trained(epochs=1).weights.items() if not key.startswith("dense")}
    trained(epochs=1, job={"initial": partial})
    assert any("dense-1.weight" in note.message for note in kept.of(events.Noted))


def test_images_that_cannot_be_read_are_noted(
    trained: Trained, kept: Kept, few: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnplay.data import streaming
    from cnnplay.data.streaming import Block, read_block

    lost = int(few.train[0])

    def read(images: ImageSet, shape: tuple[int, int, int], chunk: np.ndarray, pool: Executor) -> Block:
        block = read_block(images, shape, chunk, pool)
        keep = block.indices != lost
        problems = () if keep.all() else ("lost.png: cannot be read",)
        return Block(block.pixels[keep], block.indices[keep], problems)

    monkeypatch.setattr(streaming, "read_block", read)
    trained(epochs=1)
    assert [note.message for note in kept.of(events.Noted)] == ["lost.png: cannot be read"]
    assert kept.of(events.Started)[0].train_size == 199


def test_losses_that_are_read_late_are_the_same_losses(
    trained: Trained, kept: Kept, request: pytest.FixtureRequest
) -> None:
    first = trained()
    before = list(kept.of(events.Stepped))
    kept.events.clear()
    request.getfixturevalue("as_on_a_gpu")
    second = trained()
    assert kept.of(events.Stepped) == before
    assert same(first.weights, second.weights)
    assert first.metrics == second.metrics


def test_a_loss_that_is_read_late_and_no_number_leaves_good_weights(
    trained: Trained, as_on_a_gpu: None
) -> None:
    def spoil(seen: Observation) -> None:
        if seen.step == 3:
            with torch.no_grad():
                next(iter(seen.module.parameters())).fill_(float("nan"))

    result = trained(observer=spoil)
    assert result.failure is not None
    assert result.failure.cause == "non-finite"
    assert all(torch.isfinite(tensor).all() for tensor in result.weights.values())


@pytest.mark.parametrize("part", ["BestWeights", "Meter", "BatchSource", "EpochEvaluator", "model_of"])
def test_memory_that_runs_out_before_the_first_step_is_reported(
    part: str, trained: Trained, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(f"cnnplay.training.run.{part}", none_left)
    result = trained()
    assert result.reason == "failed"
    assert result.failure is not None
    assert result.failure.cause == "memory"
    assert kept.of(events.Failed) == [result.failure]


@pytest.mark.slow
def test_lenet_learns_the_digits(digits: ImageSet, kept: Kept) -> None:
    config = TrainConfig(epochs=5, threads=1, device="cpu")
    result = train(Job("run", preset("lenet-5").network, config, digits), kept)
    assert result.metrics["validation_accuracy"] > 0.9


@pytest.mark.parametrize("end", ["done", "stopped", "failed"])
@pytest.mark.parametrize("breakable", [False, True], ids=["short steps", "steps that may be broken off"])
def test_nothing_of_a_run_that_is_over_waits_for_the_garbage_collection(
    end: str, breakable: bool, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its module lives on, with gigabytes, and the window's thread has to free them."""
    monkeypatch.setattr(setup, "INTERRUPTIBLE_OPERATIONS", 0.0 if breakable else 1e30)
    control, seen = Control(), list[weakref.ref[nn.Module]]()

    def observe(observation: Observation) -> None:
        seen.append(weakref.ref(observation.module))
        if observation.step == 3 and end == "stopped":
            control.stop()
        if observation.step == 3 and end == "failed":
            raise MemoryError

    importlib.import_module("torch._dynamo")  # the first optimizer does, and an error in it keeps all frames
    gc.disable()  # nothing but the last reference's end may free it
    result = trained(epochs=1, observer=observe, control=control)
    assert result.reason == end
    assert seen
    assert seen[0]() is None
