"""Every failure: a cause, a message, the change to try, and the last good weights."""

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch

from cnnplay.data.images import ImageSet
from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.weights import weights_of
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import AveragePooling, BatchNormalisation, Convolution, Dense, Flatten, LeakyReLU
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import best_weights
from cnnplay.training.control import Control
from cnnplay.training.failures import explain, overshoot_warning, suggested_rate
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train
from tests.training.conftest import Kept

Trained = Callable[..., Result]


def finite(result: Result) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in result.weights.values())


@pytest.fixture
def plain(small: Network) -> Network:
    """A network without any normalisation, in which losses explode."""
    return msgspec.structs.replace(
        small,
        stack=(
            Convolution(id="conv-1", filters=6),
            LeakyReLU(id="leaky-relu-1", negative_slope=0.5),
            Convolution(id="conv-2", filters=6),
            LeakyReLU(id="leaky-relu-2", negative_slope=0.5),
            Flatten(id="flatten-1"),
            Dense(id="dense-1", units=10),
        ),
    )


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_a_huge_learning_rate_is_named_with_one_to_try(
    optimizer: str, plain: Network, trained: Trained, kept: Kept
) -> None:
    result = trained(network=plain, optimizer=optimizer, learning_rate=900.0, epochs=20)
    assert result.reason == "failed"
    (failed,) = kept.of(events.Failed)
    assert failed is kept.events[-1]
    assert failed.cause == "non-finite"
    assert "learning rate of 900" in failed.message
    assert "no layer normalizes" in failed.message
    assert f"{suggested_rate(TrainConfig(optimizer=optimizer, learning_rate=900.0)):g}" in failed.advice  # type: ignore[arg-type]
    assert finite(result)
    assert result.state is None
    assert all(np.isfinite(step.loss) for step in kept.of(events.Stepped))


def test_the_rate_to_try_is_a_tenth_and_at_most_the_usual_one() -> None:
    assert suggested_rate(TrainConfig(optimizer="adam", learning_rate=500.0)) == 1e-3
    assert suggested_rate(TrainConfig(optimizer="sgd", learning_rate=0.05)) == pytest.approx(0.005)


@pytest.mark.parametrize(
    "text",
    [
        "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:537] Read error: Connection reset by peer",
        "NCCL error: remote process exited or there was a network error",
    ],
)
def test_a_lost_distributed_process_is_explained(text: str, plain: Network) -> None:
    explanation = explain(RuntimeError(text), plain, TrainConfig(), 3, None)
    assert "another process" in explanation.message
    assert "cnnplay resume" in explanation.advice
    assert text in explanation.details


def test_that_steps_overshoot_and_stay_finite_is_reported_once(
    plain: Network, trained: Trained, kept: Kept
) -> None:
    result = trained(network=plain, optimizer="adam", learning_rate=3.0, epochs=4)
    assert result.reason == "done"
    assert kept.of(events.EpochDone)[0].metrics["train_loss"] > 2 * math.log(10)
    (noted,) = [note for note in kept.of(events.Noted) if "learning rate" in note.message]
    assert all(part in noted.message for part in ("epoch 1", "10 classes", "2.30", "learning rate of 3 "))
    assert noted.message.endswith("try 0.001")


@pytest.mark.parametrize(
    ("metrics", "warned"),
    [
        ({"train_loss": 9.0, "validation_loss": 8.0}, True),
        ({"train_loss": 9.0}, True),
        ({"train_loss": 9.0, "validation_loss": 0.5}, False),
        ({"train_loss": 0.1, "validation_loss": 8.0}, False),
        ({"train_loss": 2.31, "validation_loss": 2.31}, False),
    ],
    ids=["worse than guessing", "no validation", "began badly", "learned by heart", "learns slowly"],
)
def test_only_what_is_worse_than_guessing_is_an_overshoot(metrics: dict[str, float], warned: bool) -> None:
    assert bool(overshoot_warning(1, metrics, 10, TrainConfig())) == warned
    assert not overshoot_warning(1, metrics, 10, TrainConfig(loss="squared-error")), (
        "at most 2 whatever happens"
    )


def test_the_rate_to_try_trains(plain: Network, trained: Trained) -> None:
    config = TrainConfig(optimizer="sgd", learning_rate=900.0)
    assert trained(network=plain, optimizer="sgd", learning_rate=suggested_rate(config)).reason == "done"


def test_activations_that_explode_at_the_first_batch_are_named(plain: Network, trained: Trained) -> None:
    huge = {key: tensor * 1e30 for key, tensor in weights_of(build(plain, seed=0)).items()}
    result = trained(network=plain, job={"initial": huge})
    assert result.failure is not None
    assert (result.failure.cause, result.failure.step) == ("non-finite", 0)
    assert "explode" in result.failure.message
    assert "batch norm" in result.failure.advice


def test_after_a_failure_the_weights_are_those_before_anything_was_spoilt(
    plain: Network, trained: Trained
) -> None:
    result = trained(network=plain, optimizer="sgd", learning_rate=900.0)
    assert result.failure is not None
    fresh = weights_of(build(plain, seed=0))
    assert all(torch.equal(result.weights[key], fresh[key]) for key in fresh)


def test_weights_spoilt_by_a_step_are_noticed_at_the_next_loss(trained: Trained) -> None:
    def spoil(seen: Observation) -> None:
        if seen.step == 3:
            with torch.no_grad():
                next(iter(seen.module.parameters())).fill_(float("nan"))

    result = trained(observer=spoil)
    assert result.failure is not None
    assert result.failure.cause == "non-finite"
    assert result.step == 3
    assert finite(result)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_a_device_without_memory_is_explained_and_the_weights_are_kept(
    error: BaseException, trained: Trained, monkeypatch: pytest.MonkeyPatch, kept: Kept
) -> None:
    calls = 0
    forward = NetworkModule.forward

    def fail_at_the_third(self: NetworkModule, x: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise error
        return forward(self, x)

    monkeypatch.setattr(NetworkModule, "forward", fail_at_the_third)
    result = trained()
    (failed,) = kept.of(events.Failed)
    assert failed.cause == "memory"
    assert "batch size of 32" in failed.message
    assert "Try a batch size of 16" in failed.advice
    assert finite(result)
    assert result.step == 2


def test_an_unestimated_error_is_reported_with_details_and_never_raised(trained: Trained, kept: Kept) -> None:
    def break_down(seen: Observation) -> None:
        raise KeyError("a view's mistake")

    result = trained(observer=break_down)
    (failed,) = kept.of(events.Failed)
    assert failed.cause == "unforeseen"
    assert "a view's mistake" in failed.details
    assert "Traceback" in failed.details
    assert finite(result)


def test_a_full_disk_is_reported_as_such(trained: Trained, kept: Kept) -> None:
    def full(seen: Observation) -> None:
        raise OSError(28, "No space left on device", "last.safetensors")

    trained(observer=full)
    (failed,) = kept.of(events.Failed)
    assert failed.cause == "disk"
    assert "No space left" in failed.message


def test_a_sink_that_fails_ends_the_run_and_the_result_says_why(few: ImageSet, small: Network) -> None:
    def broken(event: events.Event) -> None:
        if isinstance(event, events.Stepped):
            raise BrokenPipeError(32, "Broken pipe")

    config = TrainConfig(epochs=1, batch_size=32, threads=1, device="cpu")
    result = train(Job("run", small, config, few), broken)
    assert result.reason == "failed"
    assert result.failure is not None
    assert result.failure.cause == "disk"


def test_classes_that_differ_from_the_datas_give_an_error(
    small: Network, trained: Trained, kept: Kept
) -> None:
    wrong = msgspec.structs.replace(
        small,
        task=Classification(7),
        stack=(*small.stack[:-1], Dense(id="dense-1", units=7)),
    )
    result = trained(network=wrong)
    (failed,) = kept.of(events.Failed)
    assert failed.cause == "data"
    assert "7 classes" in failed.message
    assert "has 10" in failed.message
    assert result.weights == {}
    assert kept.of(events.Started) == []


def test_an_input_that_takes_no_images_is_said_to_be_the_networks_matter(trained: Trained) -> None:
    network = Network(
        name="four",
        input=Input(4, 8, 8),
        task=Classification(10),
        stack=(Flatten(id="flatten-1"), Dense(id="dense-1", units=10)),
    )
    failed = trained(network=network).failure
    assert failed is not None
    assert "1 channel" in failed.message
    assert "it has 4" in failed.message
    assert "data set" not in failed.advice


def test_batch_norm_is_advised_where_the_network_has_a_place_for_it(plain: Network, trained: Trained) -> None:
    dense = msgspec.structs.replace(plain, stack=plain.stack[-2:])
    for network, place in ((plain, "after the convolutions"), (dense, "after the dense layers")):
        huge = {key: tensor * 1e38 for key, tensor in weights_of(build(network, seed=0)).items()}
        failed = trained(network=network, job={"initial": huge}).failure
        assert failed is not None
        assert place in failed.advice


def test_a_network_with_faults_is_not_trained(small: Network, trained: Trained) -> None:
    result = trained(network=msgspec.structs.replace(small, stack=small.stack[:-1]))
    assert result.failure is not None
    assert "problems" in result.failure.message


def test_a_valid_network_without_weights_is_reported_that_nothing_can_learn(
    small: Network, trained: Trained
) -> None:
    empty = msgspec.structs.replace(
        small,
        input=Input(1, 8, 20),
        stack=(
            AveragePooling(id="avg-pool-1", kernel_size=(4, 4), stride=(4, 4)),
            Flatten(id="flatten-1"),
        ),
    )
    assert infer(empty).valid
    result = trained(network=empty)
    assert result.failure is not None
    assert "no parameters to train" in result.failure.message


def test_settings_outside_their_limits_are_named(trained: Trained) -> None:
    result = trained(batch_size=0)
    assert result.failure is not None
    assert "batch size must be" in result.failure.message


def test_a_device_that_is_not_there_is_named(trained: Trained) -> None:
    result = trained(device="cuda:17")
    assert result.failure is not None
    assert "got cuda:17" in result.failure.message


def test_a_run_that_cannot_fit_is_not_started_but_answered(
    trained: Trained, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.training.estimate.free_bytes", lambda _: 33 * 2**20)
    built: list[str] = []
    monkeypatch.setattr("cnnplay.training.setup.build_with_weights", lambda *_, **__: built.append("built"))
    result = trained(batch_size=10_000)
    (failed,) = kept.events
    assert isinstance(failed, events.Failed)
    assert failed.cause == "memory"
    assert "batch size of" in failed.advice
    assert built == []
    assert result.weights == {}


def test_the_batch_that_was_advised_is_started(
    trained: Trained, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.training.estimate.free_bytes", lambda _: 33 * 2**20)
    refused = trained(batch_size=10_000)
    assert refused.failure is not None
    advised = int("".join(sign for sign in refused.failure.advice if sign.isdigit()))
    assert trained(batch_size=advised, epochs=1).reason == "done"
    assert trained(batch_size=advised + 1, epochs=1).reason == "failed"


def test_batch_norm_on_one_number_a_channel_is_explained(trained: Trained, few: ImageSet) -> None:
    network = Network(
        name="rows",
        input=Input(1, 4, 4),
        task=Classification(10),
        stack=(
            Flatten(id="flatten-1"),
            Dense(id="dense-1", units=5),
            BatchNormalisation(id="batch-norm-1"),
            Dense(id="dense-2", units=10),
        ),
    )
    result = trained(network=network, batch_size=1)
    assert result.failure is not None
    assert "batch size of 2 or more" in result.failure.advice
    assert trained(network=network, batch_size=199).reason == "done"


@pytest.mark.slow
@pytest.mark.parametrize(
    "key", ["lenet-5", "alexnet", "vgg-16", "resnet-18", "resnet-34", "tiny-cnn", "mini-resnet", "mlp"]
)
def test_every_preset_takes_two_finite_steps_on_the_digits(key: str, few: ImageSet, kept: Kept) -> None:
    from cnnplay.shapes.adapt import adapt

    network = adapt(preset(key).network, (1, 28, 28), 10, "stem").edited.network
    two = ImageSet(
        key="two", title="Two batches", classes=few.classes, labels=few.labels, shape=few.shape, channels=1,
        images=few.array if few.array is not None else np.empty(0),
        train=few.train[:8], validation=few.validation[:4],
    )  # fmt: skip
    config = TrainConfig(epochs=1, batch_size=4, optimizer="momentum", threads=1, device="cpu")
    result = train(Job("run", network, config, two), kept)
    assert result.reason == "done", result.failure
    steps = kept.of(events.Stepped)
    assert len(steps) == 2
    assert all(np.isfinite(step.loss) for step in steps)
    assert finite(result)


def test_a_rate_that_was_changed_during_the_run_is_the_one_that_is_named(
    plain: Network, trained: Trained, kept: Kept
) -> None:
    control = Control()

    def hurry(seen: Observation) -> None:
        if seen.step == 3:
            control.change("learning_rate", 900.0)

    result = trained(
        network=plain, optimizer="sgd", learning_rate=0.01, observer=hurry, control=control, epochs=20
    )
    assert result.reason == "failed"
    (failed,) = kept.of(events.Failed)
    assert "learning rate of 900" in failed.message
    assert failed.setting == "learning_rate"
    assert failed.value == suggested_rate(TrainConfig(optimizer="sgd", learning_rate=900.0))
    assert f"{failed.value:g}" in failed.advice


def test_weights_kept_before_a_failure_in_the_first_epoch_are_known_to_be_learned(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(seen: Observation) -> None:
        if seen.step == 3:
            with torch.no_grad():
                next(iter(seen.module.parameters())).fill_(float("nan"))

    assert not trained(observer=spoil).learned, "only the weights of the beginning were kept so soon"
    monkeypatch.setattr(best_weights, "COPY_INTERVAL_S", 0.0)
    monkeypatch.setattr(best_weights, "COPY_COST_FACTOR", 0.0)
    result = trained(observer=spoil)
    assert result.learned
    assert result.last_epoch == 0
    assert finite(result)


def test_waiting_before_the_first_step_is_no_learning(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_weights, "COPY_INTERVAL_S", 0.0)
    monkeypatch.setattr(best_weights, "COPY_COST_FACTOR", 0.0)

    def spoil(seen: Observation) -> None:
        with torch.no_grad():
            next(iter(seen.module.parameters())).fill_(float("nan"))

    result = trained(observer=spoil)
    assert result.step == 1
    assert not result.learned
