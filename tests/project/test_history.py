import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnplay.project.errors import ProjectError
from cnnplay.project.history import pack, thinned, unpack
from cnnplay.project.project import Project
from cnnplay.spec.events import EpochDone, Event, Failed, Noted, Paused, SettingChanged, Stepped

numbers = st.floats(width=64)
# A setting's value is always finite, or a word, a whole number or a flag.
values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.sampled_from(["cosine", "step"])
)
runs = st.sampled_from(["first", "second"])
metrics = st.one_of(
    st.fixed_dictionaries({"accuracy": numbers}),
    st.tuples(numbers, numbers).map(lambda two: {"dice": two[0], "error": two[1]}),  # another task's
    st.just({}),
)
events = st.lists(
    st.one_of(
        st.builds(
            Stepped.make,
            run=runs,
            step=st.integers(1, 10**6),
            epoch=st.integers(1, 100),
            loss=numbers,
            metrics=metrics,
            images=st.integers(1, 64),
        ),
        st.builds(Noted, run=runs, message=st.text()),
        st.builds(Paused, run=runs, step=st.integers(0, 10)),
        st.builds(SettingChanged, run=runs, step=st.integers(0, 9), name=st.text(), value=values),
        st.builds(
            Failed,
            run=runs,
            cause=st.just("non-finite"),
            step=st.just(1),
            epoch=st.just(1),
            message=st.text(),
            advice=st.text(),
        ),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(events)
def test_events_come_back_in_their_order_infinities_and_all(events: list[Event]) -> None:
    assert repr(unpack(pack(events))) == repr(tuple(events))


def test_a_whole_run_comes_back(project: Project) -> None:
    assert repr(unpack(pack(project.history))) == repr(project.history)


def _step(number: int, loss: float) -> Stepped:
    return Stepped(run="r", step=number, epoch=1, loss=loss, accuracy=0.5, images=64)


def test_thinning_keeps_other_events_and_the_extremes_of_the_loss() -> None:
    losses = [1.0] * 1000
    losses[333], losses[500], losses[700] = 9.0, -9.0, math.nan
    steps: list[Event] = [_step(index + 1, loss) for index, loss in enumerate(losses)]
    note = Noted(run="r", message="here")
    kept = thinned([*steps[:400], note, *steps[400:]], most=50)
    assert len(kept) <= 51
    found = [event for event in kept if isinstance(event, Stepped)]
    assert [step.step for step in found] == sorted(step.step for step in found)
    assert {9.0, -9.0} <= {step.loss for step in found}
    assert any(math.isnan(step.loss) for step in found)
    assert note in kept


def test_few_steps_are_all_kept() -> None:
    steps: list[Event] = [_step(1, 0.5), _step(2, 0.25)]
    assert thinned(steps) == steps


def epoch(**changed: object) -> str:
    """A history of one epoch, as JSON; keywords replace its fields."""
    done = {
        "event": "epoch", "run": "r", "epoch": 1, "step": 8, "metrics": {"train_loss": 0.5},
        "seconds": 1.0, "images_per_second": 99.0, "best": True, **changed,
    }  # fmt: skip
    return json.dumps({"events": [done], "at": [0], "steps": {}})


STEPS = '{"runs":["r"],"run":[0],"step":[1],"epoch":[1],"loss":[0.5],"accuracy":[0.5],"images":[64]}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "\xff",
        '{"events":[],"at":[]}',
        '{"events":[],"at":[1],"steps":{}}',
        '{"events":[{"event":"paused","run":"r","step":1}],"at":[],"steps":{}}',
        '{"events":[{"event":"paused","run":"r","step":1}],"at":[1],"steps":{}}',
        '{"events":[{"event":"paused","run":"r","step":1}],"at":[-1],"steps":{}}',
        '{"events":[{"event":"exploded","run":"r"}],"at":[0],"steps":{}}',
        '{"events":[],"at":[],"steps":' + STEPS.replace('"run":[0]', '"run":[1]') + "}",
        '{"events":[],"at":[],"steps":' + STEPS.replace('"run":[0]', '"run":[-1]') + "}",
        '{"events":[],"at":[],"steps":' + STEPS.replace('"step":[1]', '"step":[]') + "}",
        '{"events":[],"at":[],"steps":' + STEPS.replace("[0.5]", '["much"]') + "}",
        '{"events":' + "[" * 100_000,
        epoch(epoch=0),
        epoch(epoch=-3),
        epoch(step=-1),
        epoch(epoch=10**30),
        epoch(metrics={"": 1.0}),
        epoch(metrics={"a\nname": 1.0}),
        epoch(metrics={"train_loss": "much"}),
        epoch(metrics={"train_loss": None}),
        '{"events":[],"at":[],"steps":' + STEPS.replace('"epoch":[1]', '"epoch":[0]') + "}",
        '{"events":[],"at":[],"steps":' + STEPS.replace('"images":[64]', '"images":[-1]') + "}",
    ],
)
def test_what_is_no_history_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ProjectError) as caught:
        unpack(text.encode("latin-1"))
    assert "\n" not in str(caught.value)


def test_what_a_newer_program_tells_beside_is_read_over() -> None:
    assert unpack(epoch(weather="fine").encode()) == unpack(epoch().encode())


def test_metrics_that_are_not_finite_and_those_of_other_tasks_are_read() -> None:
    (event,) = unpack(epoch(metrics={"validation_loss": "nan", "mAP_50": 0.25}).encode())
    assert isinstance(event, EpochDone)
    assert math.isnan(event.metrics["validation_loss"])
    assert event.metrics["mAP_50"] == 0.25
