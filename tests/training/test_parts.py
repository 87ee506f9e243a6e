"""The smaller parts: evaluation, devices, optimizers' memory, the meter, threads."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from cnnplay.data.images import DataError, ImageSet
from cnnplay.network.network import Classification, Network
from cnnplay.network.nodes import Dense
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import devices, threads
from cnnplay.training.classification import confusion_matrix
from cnnplay.training.devices import DeviceError, IdleCores, max_threads, resolve
from cnnplay.training.evaluate import evaluate
from cnnplay.training.job import Result
from cnnplay.training.meter import EpochMetrics, Meter
from cnnplay.training.optimizers import (
    OptimizerState,
    optimizer_for,
    restore_state,
    set_learning_rate,
    state_of,
)
from cnnplay.training.plan import recorded_plan
from cnnplay.training.threads import choose_threads, measure_threads
from cnnplay.training.warm import warm_up

Trained = Callable[..., Result]


def test_evaluating_a_runs_weights_gives_the_runs_own_metrics(
    trained: Trained, few: ImageSet, small: Network
) -> None:
    result = trained()
    found = evaluate(small, result.weights, few, facts=result.facts, device="cpu")
    assert found.metrics["accuracy"] == result.metrics["validation_accuracy"]
    assert found.metrics["loss"] == pytest.approx(result.metrics["validation_loss"])
    assert result.validation is not None
    assert np.array_equal(found.details.confusion, result.validation.details.confusion)


def test_classes_are_found_by_their_names_and_others_are_refused(
    trained: Trained, few: ImageSet, small: Network
) -> None:
    result = trained()
    turned = few.in_order_of(few.classes[::-1])
    found = evaluate(small, result.weights, turned, facts=result.facts, device="cpu")
    assert found.classes == few.classes
    assert found.metrics["accuracy"] == result.metrics["validation_accuracy"]
    assert np.array_equal(found.details.confusion, result.validation.details.confusion)
    assert result.facts is not None
    other = msgspec.structs.replace(result.facts, classes=("zero", *few.classes[1:]))
    with pytest.raises(DataError, match=r"classes, zero, 1.* …; found 0, 1"):
        evaluate(small, result.weights, few, facts=other, device="cpu")


def test_another_part_can_be_evaluated(trained: Trained, few: ImageSet, small: Network) -> None:
    result = trained(epochs=1)
    found = evaluate(small, result.weights, few, "train", facts=result.facts, device="cpu")
    assert found.details.confusion.sum() == 200
    with pytest.raises(DataError, match="no test split"):
        evaluate(small, result.weights, few, "test", device="cpu")


def test_a_confusions_rows_are_the_truth() -> None:
    labels, guesses = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 2])
    assert confusion_matrix(labels, guesses, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_other_classes_or_other_weights_give_an_error(
    trained: Trained, few: ImageSet, small: Network
) -> None:
    weights = trained(epochs=1).weights
    seven = msgspec.structs.replace(
        small, task=Classification(7), stack=(*small.stack[:-1], Dense(id="dense-1", units=7))
    )
    with pytest.raises(DataError, match="7 classes"):
        evaluate(seven, weights, few, device="cpu")
    with pytest.raises(DataError, match=r"do not fit.*conv-1\.weight"):
        evaluate(small, {"conv-1.weight": torch.zeros(1)}, few, device="cpu")


def test_the_devices_of_this_machine_begin_with_its_cpu() -> None:
    assert devices.devices()[0] == "cpu"
    assert resolve("cpu") == torch.device("cpu")
    assert str(resolve("auto")) in devices.devices()
    with pytest.raises(DeviceError, match=r"one of .*cpu.*; got tpu"):
        resolve("tpu")


def test_auto_takes_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "devices", lambda: ("cpu", "cuda:0", "cuda:1"))
    assert resolve("auto") == torch.device("cuda:0")
    assert resolve("cuda") == torch.device("cuda:0")
    assert resolve("cuda:1") == torch.device("cuda:1")


def test_threads_are_at_most_the_cores_and_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    free = max_threads()
    assert free >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert max_threads() == 1


def test_idle_cores_are_between_none_and_all() -> None:
    found = IdleCores()()
    assert found is None or 0 <= found <= 4096


class Work:
    """Steps on a clock of their own: `seconds` says how long the next one takes with so many threads."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float], share: float = 1.0
    ) -> None:
        """`share`: of the time, how much the thread computes."""
        self.seconds, self.now, self.threads = seconds, 0.0, list[int]()
        chosen = [1]
        monkeypatch.setattr(threads.torch, "set_num_threads", lambda number: chosen.__setitem__(0, number))
        monkeypatch.setattr(threads.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(threads.time, "thread_time", lambda: share * self.now)
        self.chosen = chosen

    def __call__(self) -> None:
        self.threads += self.chosen
        self.now += self.seconds(self.chosen[0])


def test_every_number_of_threads_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch, lambda number: 1 / number)
    assert measure_threads(6, work).seconds == pytest.approx({1: 1, 2: 1 / 2, 4: 1 / 4, 6: 1 / 6})
    assert work.threads == sorted(work.threads), "once"


def test_many_threads_are_given_up_at_the_first_hopeless_step(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch, lambda number: 1.0 if number == 1 else 50.0)
    assert measure_threads(8, work).seconds == pytest.approx({1: 1, 2: 50})
    assert work.threads.count(2) == 2, "one step each of the two times that are measured"
    assert 4 not in work.threads


@pytest.mark.parametrize(
    ("before", "most", "now"), [(2, None, 2), (2, 1, 1), (1, 2, 1)], ids=["alone", "shared", "fewer before"]
)
def test_a_run_that_resumes_has_its_threads_again_unless_others_share_the_machine(
    monkeypatch: pytest.MonkeyPatch, before: int, most: int | None, now: int
) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(threads.torch, "set_num_threads", chosen.append)
    plan = recorded_plan(before, True, torch.device("cpu"), most)
    assert (plan.threads, chosen) == (now, [now])
    assert ("share this machine" in plan.reason) == (now < before)


def test_a_moment_in_which_a_core_was_taken_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch, lambda number: 1.0 if number == 1 else 0.5 if work.now > 12 else 3.0)
    found = measure_threads(2, work).seconds
    assert found == pytest.approx({1: 1, 2: 0.5})
    assert choose_threads(found, 2) == 2


def test_timings_beside_another_program_are_repeated_and_called_uncertain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disturbed = Work(monkeypatch, lambda number: 1.0 if number == 1 else 0.9, share=0.5)
    assert not measure_threads(2, disturbed).quiet
    again = disturbed.threads.index(2) + disturbed.threads.count(2) // 2
    assert 1 in disturbed.threads[again:], "both are timed again"
    quiet = Work(monkeypatch, lambda number: 1.0 if number == 1 else 0.9)
    assert measure_threads(2, quiet).quiet


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ({1: 2.0, 2: 1.0}, 2),
        ({1: 1.0, 2: 1.02}, 2),
        ({1: 1.0, 2: 5.0}, 1),
        ({1: 1.0, 2: 0.6}, 2),
        ({1: 1.0}, 1),
    ],
)
def test_all_threads_are_chosen_unless_fewer_are_clearly_faster(found: dict[int, float], chosen: int) -> None:
    assert choose_threads(found, 2) == chosen


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "adamw"])
def test_optimizers_are_fused_where_torch_can(name: str) -> None:
    _, fused = optimizer_for(nn.Linear(3, 2).parameters(), TrainConfig(optimizer=name))  # type: ignore[arg-type]
    assert fused


def remembered(config: TrainConfig, layer: nn.Module) -> OptimizerState:
    optimizer, _ = optimizer_for(layer.parameters(), config)
    layer(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    return state_of(optimizer, config)


def test_an_optimizers_memory_is_taken_over_under_the_new_settings() -> None:
    layer = nn.Linear(3, 2)
    state = remembered(TrainConfig(learning_rate=0.1), layer)
    config = TrainConfig(learning_rate=0.5, weight_decay=0.1)
    optimizer, _ = optimizer_for(layer.parameters(), config)
    assert restore_state(optimizer, state, config)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["weight_decay"] == 0.1
    moments = optimizer.state[layer.weight]["exp_avg"]
    assert torch.equal(moments, state.state["state"][0]["exp_avg"])
    assert moments.data_ptr() != state.state["state"][0]["exp_avg"].data_ptr()


@pytest.mark.parametrize("from_file", [False, True])
def test_a_fused_step_on_another_device_finds_its_step_count_there(from_file: bool) -> None:
    """A checkpoint's file has the moments and counts alone, on the CPU."""
    config = TrainConfig()
    state = remembered(config, nn.Linear(3, 2))
    if from_file:
        bare = {"state": state.state["state"], "param_groups": [{"params": [0, 1]}]}
        state = OptimizerState("adam", bare)
    layer = nn.Linear(3, 2, device="meta")
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.5)
    optimizer.param_groups[0]["fused"] = True  # torch makes none on this device
    assert restore_state(optimizer, state, config)
    assert {value.device.type for value in optimizer.state[layer.weight].values()} == {"meta"}
    assert (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["fused"]) == (0.5, True)


def test_memory_of_another_optimizer_or_network_is_not_taken_over() -> None:
    state = remembered(TrainConfig(), nn.Linear(3, 2))
    for other, config in ((nn.Linear(3, 2), TrainConfig(optimizer="sgd")), (nn.Linear(5, 2), TrainConfig())):
        optimizer, _ = optimizer_for(other.parameters(), config)
        assert not restore_state(optimizer, state, config)
        assert not optimizer.state


def test_moments_follow_their_weights_into_another_memory_format() -> None:
    config = TrainConfig()
    layer = nn.Conv2d(3, 4, 3)
    optimizer, _ = optimizer_for(layer.parameters(), config)
    layer(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    state = state_of(optimizer, config)
    other = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    again, _ = optimizer_for(other.parameters(), config)
    assert restore_state(again, state, config)
    moments = again.state[other.weight]["exp_avg"]
    assert moments.stride() == other.weight.stride()
    assert torch.equal(moments, state.state["state"][0]["exp_avg"])


def test_a_changed_learning_rate_reaches_every_group() -> None:
    optimizer, _ = optimizer_for(nn.Linear(2, 2).parameters(), TrainConfig())
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25]


def test_losses_are_read_at_once_on_a_cpu_and_together_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, right = torch.tensor(1.5), (torch.tensor(3),)
    assert Meter(torch.device("cpu")).note(1, loss, right, 4)[0] == (1, 1.5, [3], 4)
    monkeypatch.setattr("cnnplay.training.meter.READ_INTERVAL_S", float("inf"))
    meter = Meter(torch.device("cuda"))  # no GPU is touched: it only decides when to read
    read = [reading for step in range(20) for reading in meter.note(step, loss, right, 4)]
    assert [reading.step for reading in read] == list(range(16))
    assert [reading.step for reading in meter.flush()] == [16, 17, 18, 19]
    assert list(meter.flush()) == []


def test_epoch_metrics_count_every_image_once() -> None:
    sums, meter = EpochMetrics(0.0, {"right": 0.0, "wrong": 0.0}, 0), Meter(torch.device("cpu"))
    for reading in meter.note(1, torch.tensor(2.0), (torch.tensor(1), torch.tensor(0)), 1):
        sums.add(reading)
    for reading in meter.note(2, torch.tensor(1.0), (torch.tensor(0), torch.tensor(3)), 3):
        sums.add(reading)
    assert sums.means == {"loss": pytest.approx(5 / 4), "right": 0.25, "wrong": 0.75}


def test_warming_up_leaves_the_dice_alone() -> None:
    before = torch.get_rng_state()
    warm_up()
    assert torch.equal(before, torch.get_rng_state())
