"""Pause, single step, stop and a new learning rate act between two batches, from another thread."""

import threading
from collections.abc import Callable

import pytest
import torch

from cnnplay.spec import events
from cnnplay.training.control import Control
from cnnplay.training.job import Observation, Result
from tests.training.conftest import Background, Kept

Start = Callable[..., Background]


def test_a_paused_run_waits_and_resumes(background: Start) -> None:
    run = background()
    run.until(events.Stepped)
    run.control.pause()
    paused = run.until(events.Paused)
    assert run.control.state == "paused"
    steps = [event.step for event in run.seen if isinstance(event, events.Stepped)]
    assert steps[-1] == paused.step
    run.control.resume()
    assert run.until(events.Resumed).step == paused.step
    assert run.until(events.Stepped).step == paused.step + 1
    assert run.control.state == "running"


def test_a_single_step_learns_from_one_batch_and_waits_again(background: Start) -> None:
    run = background()
    run.control.pause()
    first = run.until(events.Paused)
    for count in (1, 2):
        run.control.step()
        assert run.until(events.Stepped).step == first.step + count
        assert run.until(events.Paused).step == first.step + count
    assert not any(isinstance(event, events.Resumed) for event in run.seen)


def test_single_steps_asked_for_at_once_are_all_made(background: Start) -> None:
    run = background()
    run.control.pause()
    first = run.until(events.Paused)
    for _ in range(3):
        run.control.step()
    while run.until(events.Paused).step < first.step + 3:
        pass
    steps = [event for event in run.seen if isinstance(event, events.Stepped) and event.step > first.step]
    assert len(steps) == 3


def test_a_single_step_of_a_running_loop_pauses_it(background: Start) -> None:
    run = background()
    run.until(events.Stepped)
    run.control.step()
    run.until(events.Paused)


@pytest.mark.parametrize("paused", [False, True])
def test_a_stopped_run_keeps_its_weights_and_says_so(paused: bool, background: Start) -> None:
    run = background()
    run.until(events.Stepped)
    if paused:
        run.control.pause()
        run.until(events.Paused)
    run.control.stop()
    result = run.end()
    assert result.reason == "stopped"
    finished = run.seen[-1]
    assert isinstance(finished, events.Finished)
    assert finished.reason == "stopped"
    assert all(torch.isfinite(tensor).all() for tensor in result.weights.values())
    assert result.step == max(event.step for event in run.seen if isinstance(event, events.Stepped))


def test_a_run_stopped_within_an_epoch_is_evaluated_as_it_stands(background: Start) -> None:
    run = background()
    run.until(events.EpochDone)
    run.until(events.Stepped)
    run.control.stop()
    result = run.end()
    assert {"train_loss", "validation_loss", "validation_accuracy"} <= result.metrics.keys()
    assert result.last_epoch >= 1


def test_a_stopped_run_that_cannot_be_evaluated_any_more_ends_with_a_message(
    background: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = background()
    run.until(events.EpochDone)
    run.control.pause()
    run.until(events.Paused)
    run.control.step()
    run.until(events.Paused)

    def full(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr("cnnplay.training.epoch_evaluator.validate", full)
    run.control.stop()
    result = run.end()
    assert result.failure is not None
    assert (result.reason, result.failure.cause) == ("failed", "memory")
    assert run.seen[-1] == result.failure
    assert result.weights


def test_a_learning_rate_changed_during_the_run_holds_from_the_next_step(background: Start) -> None:
    run = background(optimizer="sgd", learning_rate=0.01)
    run.control.pause()
    run.until(events.Paused)
    run.control.change("learning_rate", 1e-9)
    changed = run.until(events.SettingChanged)
    assert (changed.name, changed.value) == ("learning_rate", 1e-9)
    run.control.step()
    assert run.until(events.Stepped).step == changed.step
    run.control.stop()
    state = run.end().state
    assert state is not None
    assert state.optimizer.state["param_groups"][0]["lr"] == 1e-9


def test_a_rate_of_next_to_nothing_leaves_the_weights_alone(background: Start) -> None:
    copies: list[torch.Tensor] = []

    def observe(seen: Observation) -> None:
        copies.append(seen.module.layer("dense-1").weight.detach().clone())  # type: ignore[operator]

    run = background(observer=observe, optimizer="sgd", learning_rate=0.5)
    run.control.pause()
    first = run.until(events.Paused)
    run.control.change("learning_rate", 1e-30)
    run.control.step()
    run.control.step()
    while run.until(events.Paused).step < first.step + 2:
        pass
    run.control.stop()
    run.end()
    assert torch.equal(copies[-1], copies[-2])


def test_a_view_may_look_while_the_run_is_paused(background: Start) -> None:
    looked = threading.Event()
    paused = threading.Event()

    def observe(seen: Observation) -> None:
        if paused.is_set():
            looked.set()

    run = background(observer=observe)
    run.control.pause()
    run.until(events.Paused)
    paused.set()
    run.control.wake()
    assert looked.wait(timeout=60)


def test_waking_a_running_loop_changes_nothing(background: Start) -> None:
    run = background()
    run.control.wake()
    run.until(events.EpochDone)
    assert run.control.state == "running"


def test_a_run_paused_before_it_began_waits_before_its_first_batch(background: Start) -> None:
    run = background()
    run.control.pause()
    assert run.until(events.Paused).step >= 0


def test_a_run_stopped_before_it_began_leaves_its_fresh_weights(
    trained: Callable[..., Result], kept: Kept
) -> None:
    control = Control()
    control.stop()
    result = trained(control=control)
    assert (result.reason, result.step, result.last_epoch) == ("stopped", 0, 0)
    assert kept.of(events.Stepped) == []
    assert kept.of(events.Finished)[0].reason == "stopped"


def test_a_run_can_be_stopped_while_it_evaluates(
    trained: Callable[..., Result], kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Control()
    monkeypatch.setattr("cnnplay.training.validation.MAX_BATCH", 10)

    def stop_at_the_last_step(seen: Observation) -> None:
        if seen.step == 7:
            control.stop()

    result = trained(control=control, observer=stop_at_the_last_step, epochs=1)
    assert (result.reason, result.last_epoch) == ("stopped", 0)
    assert kept.of(events.EpochDone) == []
    assert "validation_accuracy" in result.metrics


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_learning_rate_that_is_none_is_refused_with_a_message(rate: float) -> None:
    with pytest.raises(ValueError, match="learning rate must be"):
        Control().change("learning_rate", rate)


def test_pauses_do_not_count_as_training_time(trained: Callable[..., Result], kept: Kept) -> None:
    from cnnplay.training.stopwatch import Stopwatch

    watch = Stopwatch()
    watch.paused(1000.0)
    assert watch.seconds < 0
    assert watch.epoch_seconds < 0
