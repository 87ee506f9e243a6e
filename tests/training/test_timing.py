"""What is tried while the program computes something else is doubtful, and tried again. Times are made up."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Dense, Flatten, Node, Tanh
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import layer_times, machine
from cnnplay.training.estimate import estimate
from cnnplay.training.layer_times import LayerTime, layer_seconds
from cnnplay.training.machine import MachineSpeed, machine_speed
from cnnplay.training.timing import ComputeTimer, Timing

LENET = preset("lenet-5").network


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_times, "_remembered", {})
    monkeypatch.setattr(machine, "_remembered", {})


@pytest.mark.parametrize(("computed", "reliable"), [(2.0, True), (1.81, True), (1.79, False), (0.0, False)])
def test_who_waits_for_a_core_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, computed: float, reliable: bool
) -> None:
    monkeypatch.setattr(time, "perf_counter", iter([10.0, 12.0]).__next__)
    monkeypatch.setattr(time, "thread_time", iter([5.0, 5.0 + computed]).__next__)
    assert ComputeTimer().read() == Timing(2.0, reliable)


def outcomes(*given: Timing) -> Callable[..., Timing]:
    """Stands in for trying a layer; how often it was asked is its `calls`."""
    answers: Iterator[Timing] = itertools.chain(given, itertools.repeat(given[-1]))

    def answer(*_: object) -> Timing:
        answer.calls += 1  # type: ignore[attr-defined]
        return next(answers)

    answer.calls = 0  # type: ignore[attr-defined]
    return answer


def times() -> list[LayerTime]:
    return list(layer_seconds(LENET, infer(LENET), 64, 1))


def test_what_is_reliable_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = outcomes(Timing(1e-3, reliable=True))
    monkeypatch.setattr(layer_times, "_time_layer", tried)
    first = times()
    assert [node.id for node, _, _ in first][:2] == ["conv-1", "tanh-1"]
    calls = tried.calls  # type: ignore[attr-defined]
    assert 0 < calls <= len(first)
    assert times() == first
    assert tried.calls == calls  # type: ignore[attr-defined]


def test_what_is_doubtful_is_tried_until_it_is_reliable_and_the_shortest_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layer_times, "_time_layer", outcomes(Timing(4e-3, reliable=False)))
    disturbed = times()
    assert not any(sure for _, _, sure in disturbed)
    monkeypatch.setattr(layer_times, "_time_layer", outcomes(Timing(9e-3, reliable=False)))
    assert times() == disturbed, "still disturbed, and longer"
    monkeypatch.setattr(layer_times, "_time_layer", outcomes(Timing(1e-3, reliable=True)))
    alone = times()
    assert all(sure for _, _, sure in alone)
    assert [seconds for _, seconds, _ in alone] == [pytest.approx(s / 4) for _, s, _ in disturbed]


def test_a_machines_speed_is_measured_until_it_is_reliable(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = MachineSpeed(1e9, 1e9, 1, reliable=False)
    found = iter([slow, replace(slow, operations=5e8), replace(slow, operations=4e9, reliable=True)])
    monkeypatch.setattr(machine, "_measured", lambda *_: next(found))
    assert machine_speed("cpu", 2) == slow
    assert machine_speed("cpu", 2) == slow, "disturbed still more"
    assert machine_speed("cpu", 2).operations == 4e9
    assert machine_speed("cpu", 2).reliable, "and nothing is measured any more"


@pytest.mark.parametrize("reliable", [True, False])
def test_a_estimate_is_as_reliable_as_its_layers(
    digits: ImageSet, monkeypatch: pytest.MonkeyPatch, reliable: bool
) -> None:
    monkeypatch.setattr(machine, "_measured", lambda *_: MachineSpeed(1e10, 1e10, 1, reliable=True))
    monkeypatch.setattr(
        layer_times, "_time_layer", outcomes(Timing(1e-3, reliable=True), Timing(1e-3, reliable))
    )
    config = TrainConfig(device="cpu", threads=1)
    assert estimate(LENET, infer(LENET), config, digits).reliable == reliable
    assert estimate(LENET, infer(LENET), config, digits, timed=False).reliable


def test_no_layer_of_a_network_that_does_not_fit_is_tried(
    digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = outcomes(Timing(1e-3, reliable=True))
    monkeypatch.setattr(machine, "_measured", lambda *_: MachineSpeed(1e10, 1e10, 1, reliable=True))
    monkeypatch.setattr(layer_times, "_time_layer", tried)
    config = TrainConfig(device="cpu", threads=1)
    for available in (2**34, 2**20):
        found = estimate(LENET, infer(LENET), config, digits, available=available)
        assert bool(found.seconds_per_epoch) == found.fits == (available == 2**34)
    assert tried.calls == len(times()), "those of the one that fits"  # type: ignore[attr-defined]


def test_nothing_more_is_tried_once_there_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_times, "_time_layer", outcomes(Timing(1e-3, reliable=True)))
    said = iter([False, False])
    found = list(layer_seconds(LENET, infer(LENET), 64, 1, lambda: next(said, True)))
    assert [node.id for node, _, _ in found] == ["conv-1", "tanh-1"]


def test_a_gradient_goes_no_farther_back_than_the_first_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    inner: dict[type[Node], bool] = {}

    def watch(node: Node, shape: object, output: object, count: int, gives: bool) -> Timing:
        inner[type(node)] = gives
        return Timing(1e-3, reliable=True)

    monkeypatch.setattr(layer_times, "_time_layer", watch)
    flat = Network(
        name="flat",
        input=Input(1, 8, 8),
        task=Classification(10),
        stack=(Flatten(id="flatten-1"), Dense(id="dense-1", units=10), Tanh(id="tanh-1")),
    )
    list(layer_seconds(flat, infer(flat), 64, 1))
    assert inner == {Flatten: False, Dense: False, Tanh: True}
