"""A resumed run equals one that never stopped, bit for bit."""

from collections.abc import Callable

import msgspec
import pytest
import torch

from cnnplay.data.images import ImageSet
from cnnplay.network.network import Network
from cnnplay.runs.effective_events import effective_events
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import epoch_evaluator, setup
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result, resumed_job
from cnnplay.training.loop import train
from cnnplay.training.state import RunState
from cnnplay.training.validation import validate
from tests.training.conftest import Kept

ALL = TrainConfig(
    epochs=3,
    batch_size=32,
    threads=1,
    device="cpu",
    optimizer="nesterov",
    learning_rate=0.01,
    weight_decay=0.001,
    schedule="cosine",
    warmup=0.5,
    averaging=0.7,
    label_smoothing=0.1,
    gradient_clipping=1.0,
    shift=2,
    rotate=10.0,
    erase=0.3,
    mixup=0.2,
)


def _run(job: Job, at: int | None = None) -> tuple[Result, list[events.Event], RunState | None]:
    """Trains; the state after `at` steps is taken from within."""
    states: list[RunState] = []
    heard: list[events.Event] = []

    def observe(seen: Observation) -> None:
        if seen.step == at and not states:
            states.append(seen.state(None))

    result = train(job, heard.append, observe)
    assert result.failure is None, result.failure
    return result, heard, states[0] if states else None


def _metrics(heard: list[events.Event]) -> list[dict[str, float]]:
    """Of each epoch that was finished."""
    return [event.metrics for event in heard if isinstance(event, events.EpochDone)]


def _same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("at", [1, 7, 13, 20])
def test_the_rest_of_a_run_equals_the_whole(optimizer: str, at: int, small: Network, few: ImageSet) -> None:
    """7 steps an epoch: after the first, at an epoch's end, and within later ones (while averaging)."""
    config = TrainConfig(
        **{name: getattr(ALL, name) for name in ALL.__struct_fields__} | {"optimizer": optimizer}
    )
    whole, logged, state = _run(Job("a", small, config, few), at)
    assert state is not None
    rest, relogged, _ = _run(resumed_job("b", small, few, state))
    assert _same(whole.weights, rest.weights)
    assert whole.averaged is not None
    assert rest.averaged is not None
    assert _same(whole.averaged.weights, rest.averaged.weights)
    assert (whole.best_epoch, whole.metrics, whole.step) == (rest.best_epoch, rest.metrics, rest.step)
    assert _logged(logged, at) == _logged(relogged, at)


def _logged(heard: list[events.Event], at: int) -> list[tuple[object, ...]]:
    steps = [
        (e.step, e.epoch, e.loss, e.accuracy) for e in heard if isinstance(e, events.Stepped) and e.step > at
    ]
    done = [(e.epoch, e.metrics, e.best) for e in heard if isinstance(e, events.EpochDone) and e.step > at]
    return [*steps, *done]


def test_where_losses_are_read_together_a_state_counts_every_step_before_it(
    small: Network, few: ImageSet, config: TrainConfig, as_on_a_gpu: None
) -> None:
    whole, logged, state = _run(Job("a", small, config, few), 12)
    assert state is not None
    assert state.place.images == 5 * 32
    rest, relogged, _ = _run(resumed_job("b", small, few, state))
    assert whole.metrics == rest.metrics
    assert _logged(logged, 12) == _logged(relogged, 12)


def test_a_stop_while_a_slow_network_is_evaluated_undoes_nothing_of_the_step_before(
    small: Network, few: ImageSet, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps could be interrupted; here the evaluation is."""
    monkeypatch.setattr(setup, "INTERRUPTIBLE_OPERATIONS", 0)
    whole, _, _ = _run(Job("a", small, config, few))
    control = Control()

    def stop(*arguments: object, **more: object) -> object:
        control.stop()
        return validate(*arguments, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(epoch_evaluator, "validate", stop)
        stopped = train(Job("a", small, config, few), lambda event: None, None, control)
    assert (stopped.reason, stopped.step) == ("stopped", 7)
    assert stopped.state is not None
    rest, _, _ = _run(resumed_job("b", small, few, stopped.state))
    assert _same(whole.weights, rest.weights)


def test_a_run_that_resumes_from_any_step_has_every_step_and_epoch_once(
    small: Network, few: ImageSet, config: TrainConfig
) -> None:
    states: list[RunState] = []

    def look(seen: Observation) -> None:
        if seen.checkpoint is None:  # between two batches, also between an epoch's last and its evaluation
            states.append(seen.state(None))

    whole: list[events.Event] = []
    train(Job("run", small, msgspec.structs.replace(config, epochs=2), few), whole.append, look)
    steps = [event.step for event in whole if isinstance(event, events.Stepped)]
    assert len(states) == len(steps)
    for state in states:
        logged = list(whole)  # killed at the very end: all was logged, and nothing since that state was kept
        train(resumed_job("run", small, few, state), logged.append)
        counted = effective_events(logged)
        assert [event.step for event in counted if isinstance(event, events.Stepped)] == steps
        assert [event.epoch for event in counted if isinstance(event, events.EpochDone)] == [1, 2]


def test_a_state_is_not_written_into_by_the_steps_after_it(small: Network, few: ImageSet) -> None:
    _, _, state = _run(Job("a", small, ALL, few), 7)
    assert state is not None
    first, _, _ = _run(resumed_job("b", small, few, state))
    second, _, _ = _run(resumed_job("c", small, few, state))
    assert _same(first.weights, second.weights)


def test_a_run_that_was_stopped_within_an_epoch_resumes_there(
    small: Network, few: ImageSet, kept: Kept
) -> None:
    control = Control()

    def observe(seen: Observation) -> None:
        if seen.step == 10:
            control.stop()

    stopped = train(Job("a", small, ALL, few), lambda e: None, observe, control)
    assert (stopped.reason, stopped.step) == ("stopped", 10)
    assert stopped.state is not None
    assert (stopped.state.place.epoch, stopped.state.place.batches) == (2, 3)
    whole, _, _ = _run(Job("a", small, ALL, few))
    rest = train(resumed_job("b", small, few, stopped.state), kept)
    assert _same(whole.weights, rest.weights)
    (started,) = kept.of(events.Started)
    assert (started.first_epoch, started.done) == (1, 10)


def test_what_was_changed_during_the_run_holds_in_its_rest(small: Network, few: ImageSet) -> None:
    def changing(control: Control) -> Callable[[Observation], None]:
        def observe(seen: Observation) -> None:
            if seen.step == 5:
                control.change("learning_rate", 0.002)
                control.change("weight_decay", 0.1)
                control.change("schedule", "step")
            if seen.step == 12 and not states:
                states.append(seen.state(None))

        return observe

    states: list[RunState] = []
    control = Control()
    whole = train(Job("a", small, ALL, few), lambda e: None, changing(control), control)
    rest = train(resumed_job("b", small, few, states[0]), lambda e: None)
    assert states[0].config.learning_rate == 0.002
    assert _same(whole.weights, rest.weights)


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_a_slow_step_is_broken_off_between_two_layers_and_counts_as_not_begun(
    way: str, small: Network, few: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.training.setup.INTERRUPTIBLE_OPERATIONS", 0)
    whole, logged, _ = _run(Job("a", small, ALL, few))
    control, reached = Control(), list[str]()

    def stop(*_: object) -> None:
        control.stop()

    def watch(layer: torch.nn.Module, inputs: object, output: torch.Tensor) -> None:
        if way == "forward":
            stop()
        elif output.requires_grad:
            output.register_hook(stop)

    def reach(layer: torch.nn.Module, inputs: object, output: torch.Tensor) -> None:
        if layer.training:
            reached.append(way)

    def observe(seen: Observation) -> None:
        if seen.step == 10:
            seen.module.layer("conv-2").register_forward_hook(watch)
            seen.module.layer("dense-1").register_forward_hook(reach)

    stopped = train(Job("a", small, ALL, few), lambda e: None, observe, control)
    assert (stopped.reason, stopped.step) == ("stopped", 10), stopped.failure
    assert reached == ([] if way == "forward" else ["backward"])
    assert stopped.state is not None
    place = stopped.state.place
    assert place.images == 32 * place.batches, "the broken one is not counted"
    rest, logged_of_rest, _ = _run(resumed_job("b", small, few, stopped.state))
    assert _metrics(logged_of_rest) == _metrics(logged)[-len(_metrics(logged_of_rest)) :]
    assert _same(whole.weights, rest.weights), "batch norm's statistics of the broken step were put back"


def test_a_run_stopped_in_its_first_epoch_lacks_no_best_weights(small: Network, few: ImageSet) -> None:
    control, heard = Control(), list[events.Event]()
    config = TrainConfig(epochs=2, batch_size=32, threads=1, device="cpu")
    observe = lambda seen: control.stop() if seen.step == 3 else None  # noqa: E731
    state = train(Job("r", small, config, few), heard.append, observe, control).state
    assert state is not None
    assert "validation_loss" in state.metrics, "a stopped run evaluates what there is"
    train(resumed_job("r", small, few, state), heard.append)
    assert not [event for event in heard if isinstance(event, events.Noted) and "missing" in event.message]


def test_a_run_that_stopped_early_and_resumes_has_its_patience_again(few: ImageSet, small: Network) -> None:
    config = TrainConfig(
        epochs=50, batch_size=32, threads=1, device="cpu", early_stopping=3, learning_rate=1e-12
    )
    first, _, _ = _run(Job("r", small, config, few))
    assert first.reason == "early"
    assert first.state is not None
    resumed = resumed_job("r", small, few, first.state)
    second, heard, _ = _run(resumed)
    assert second.reason == "early"
    assert second.last_epoch == max(first.last_epoch, second.best_epoch or 0) + 3
    steps = next(event.steps_per_epoch for event in heard if isinstance(event, events.Started))
    for at in (first.step + 1, first.step + steps + 1):
        _, _, state = _run(resumed, at)
        assert state is not None
        again, _, _ = _run(resumed_job("r", small, few, state))
        assert again.last_epoch == second.last_epoch, "it is counted as without an interruption"
    changed = Job(
        "r", small, config, few, initial=first.weights, first_epoch=first.last_epoch + 1, best=first.best
    )
    assert _run(changed)[0].last_epoch == second.last_epoch


def test_patience_goes_on_where_a_run_was_interrupted(few: ImageSet, small: Network) -> None:
    config = TrainConfig(
        epochs=50, batch_size=32, threads=1, device="cpu", early_stopping=4, learning_rate=1e-12
    )
    whole, heard, _ = _run(Job("r", small, config, few))
    steps = next(event.steps_per_epoch for event in heard if isinstance(event, events.Started))
    for at in (2 * steps, 3 * steps + 1):
        _, _, state = _run(Job("r", small, config, few), at)
        assert state is not None
        assert _run(resumed_job("r", small, few, state))[0].last_epoch == whole.last_epoch
