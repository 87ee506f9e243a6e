"""The learning rate finder without widgets: states, texts, the choice, a thread that ends at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.spec.range_test import RangeTest
from cnnplay.training import range_test
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.train.rate_drawing import draw
from cnnplay.ui.train.rate_finder import RateFinder
from tests.train_bench import ENDLESS, WAIT, Bench, bench, until


@contextmanager
def finder(one: Bench) -> Iterator[RateFinder]:
    made = RateFinder(one.run)
    try:
        yield made
    finally:
        close_jobs(made)


def ended(qtbot: QtBot, made: RateFinder) -> None:
    qtbot.waitUntil(lambda: made.state == "idle", timeout=WAIT)


def test_a_test_ends_with_a_rate_that_can_be_used(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        assert made.start()
        assert made.state == "running"
        ended(qtbot, made)
        assert made.found is not None
        assert made.suggested is not None
        assert made.chosen == made.suggested
        assert "falls most steeply at" in made.text
        assert made.use_label.startswith("Use 0")
        made.use()
        assert one.settings.config.learning_rate == made.suggested
        assert not one.run.active, "nothing was trained"
        assert one.run.weights_cache.trained is None


def test_points_come_while_it_goes_on_and_none_is_lost(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        made.start()
        ended(qtbot, made)
        assert made.found is not None
        assert tuple(made.points) == made.found.points


def test_it_begins_with_new_weights_or_with_those_there_are(qtbot: QtBot) -> None:
    with bench(epochs=3) as one, finder(one) as made:
        assert "has not been trained" in made.trained_disabled_reason()
        one.run.start()
        until(qtbot, one.run, "idle")
        assert made.trained_disabled_reason() == ""
        made.start()
        ended(qtbot, made)
        fresh, weights = made.points[0].loss, one.run.weights_cache.weights
        assert weights is not None
        before = {key: tensor.clone() for key, tensor in weights.items()}
        made.set_trained(True)
        made.start()
        ended(qtbot, made)
        assert made.points[0].loss < 0.9 * fresh
        assert all(torch.equal(weights[key], before[key]) for key in before), "a copy was moved"


def test_it_says_why_no_test_can_be_started(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one, finder(one) as made:
        made.set("high", 1e-7)
        assert made.disabled_reason().startswith("highest LR must be more than the lowest")
        assert not made.start()
        made.set("high", 1.0)
        one.run.start()
        assert "run is in progress" in made.disabled_reason()
        assert "Unavailable: a run is in progress" in made.text
        assert not made.start()


def test_a_run_that_begins_ends_the_test(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one, finder(one) as made:
        made.set("steps", 2000)
        made.start()
        one.run.start()
        ended(qtbot, made)
        assert made.found is not None
        assert made.found.ended == "stopped"


def test_stop_keeps_what_was_found_so_far(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        one.settings.set("batch_size", 1)  # 120 steps an epoch
        made.set("steps", 600)
        made.start()
        qtbot.waitUntil(lambda: len(made.points) > 3, timeout=WAIT)
        made.stop()
        assert made.state == "stopping"
        ended(qtbot, made)
        assert 3 < len(made.points) < 600
        assert "Stopped at" in made.text


def test_closing_in_the_middle_ends_the_thread(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        made.set("steps", 2000)
        made.start()
        close_jobs(made)
        assert not any(thread.name == "cnnplay-rate" for thread in threading.enumerate())


def test_given_up_while_it_gets_ready_nothing_more_is_heard_of_it(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        made.start()
        made.cancel()
        assert made.state == "idle"
        assert made.start(), "and another test can be made at once"
        ended(qtbot, made)
        assert made.found is not None
        assert tuple(made.points) == made.found.points, "those of the second alone"


def test_errors_are_explained(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(range_test, "find_rate", fail)
    with bench() as one, finder(one) as made:
        made.start()
        ended(qtbot, made)
        assert made.text == ("The device ran out of memory at a batch size of 16. Try a batch size of 8.")
        assert made.chosen is None
        assert made.use_label == ""


def test_another_rate_is_chosen_by_hand_and_by_steps(qtbot: QtBot) -> None:
    with bench() as one, finder(one) as made:
        made.choose(0.01)
        assert made.chosen is None, "there is nothing to choose from yet"
        made.start()
        ended(qtbot, made)
        made.choose(0.0021)
        assert made.use_label == "Use 0.0021"
        made.step(1)
        assert made.chosen == pytest.approx(0.0025)
        made.step(-200)
        assert made.chosen == pytest.approx(1e-6)


def test_the_drawing_shows_the_fall_and_not_how_far_the_loss_shoots_up() -> None:
    losses = (
        [2.3] * 40 + [2.3 - 0.04 * number for number in range(1, 31)] + [10.0**number for number in range(9)]
    )
    points = [range_test.Point(RangeTest().rate(number), loss, loss) for number, loss in enumerate(losses)]
    found = draw(RangeTest(), points)
    assert (found.left, found.right) == (-6.0, 1.0)
    assert 2.3 < found.top < 3.0
    assert 0 <= found.bottom < 1.1
    assert found.rate_at(-9.0) == found.rate_at(-6.0) == pytest.approx(1e-6)
    assert found.rate_at(9.0) == found.rate_at(1.0) == pytest.approx(10.0)
    assert found.place_of(1e-6) == -6.0
    assert found.place_of(found.rate_at(-2.5)) == pytest.approx(-2.5, abs=0.01)
    assert found.place_of(1e-7) is None
    assert found.loss_at(1e-6) == pytest.approx(2.3)
    assert found.loss_at(10.0) is None, "it was not tried"
