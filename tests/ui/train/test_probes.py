"""Probes keep to their share of the training time, counted on a clock that the test moves."""

import pytest

from cnnplay.ui.train.probes import Probes


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(probes: Probes[int], clock: Clock, seconds: float, step: float = 0.005) -> None:
    end = clock.now + seconds
    number = 0
    while clock.now < end:
        clock.now += step
        number += 1
        probes.observe(number)


def test_all_probes_together_take_at_most_their_share() -> None:
    clock = Clock()
    probes = Probes[int](clock=clock)
    looks = {"dear": 0, "cheap": 0, "middling": 0}

    def look(name: str, cost: float) -> None:
        looks[name] += 1
        clock.now += cost

    probes.add(lambda seen: look("dear", 0.2))
    probes.add(lambda seen: look("cheap", 0.0001))
    probes.add(lambda seen: look("middling", 0.01))
    probes.begin()
    run(probes, clock, 240.0)
    assert 0 < probes.seconds <= 0.055 * 240.0
    assert looks["dear"] >= 10
    assert looks["middling"] >= 100


def test_a_cheap_probe_looks_ten_times_a_second_at_most() -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)
    probes.add(seen.append)
    run(probes, clock, 10.0)
    assert 80 <= len(seen) <= 101


def test_the_first_look_comes_at_the_first_batch() -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)
    probes.add(seen.append)
    probes.observe(1)
    assert seen == [1]


def test_a_rush_makes_all_look_at_the_next_batch_once() -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)
    probes.add(seen.append)
    probes.observe(1)
    probes.observe(2)
    probes.rush()
    probes.observe(3)
    probes.observe(4)
    assert seen == [1, 3]


def test_a_rush_during_a_look_is_not_lost() -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)

    def look(number: int) -> None:
        seen.append(number)
        if number == 1:
            probes.rush()

    probes.add(look)
    for number in (1, 2, 3):
        probes.observe(number)
    assert seen == [1, 2]


def test_a_probe_that_raises_is_dropped_and_reported_and_the_others_go_on() -> None:
    clock, seen, words = Clock(), list[int](), list[str]()
    probes = Probes[int](clock=clock, dropped=lambda message, details: words.append(message))

    def broken(number: int) -> None:
        raise ValueError("no such map")

    probes.add(broken)
    probes.add(seen.append)
    run(probes, clock, 5.0)
    assert len(words) == 1
    assert "no such map" in words[0]
    assert len(seen) > 20


def test_a_probe_that_raised_looks_again_in_the_next_run_and_its_trace_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)

    def fragile(number: int) -> None:
        seen.append(number)
        if number == 1:
            raise KeyError("conv-9")

    probes.add(fragile)
    probes.begin()
    for number in (1, 2, 3):
        clock.now += 10.0
        probes.observe(number, always=True)
    assert seen == [1]
    assert "conv-9" in (caplog.records[0].exc_text or "")
    probes.begin()
    probes.observe(4)
    assert seen == [1, 4]


def test_a_probe_taken_out_looks_no_more() -> None:
    clock, seen = Clock(), list[int]()
    probes = Probes[int](clock=clock)
    probes.add(seen.append)
    probes.observe(1)
    probes.remove(seen.append)
    probes.rush()
    probes.observe(2)
    assert seen == [1]
