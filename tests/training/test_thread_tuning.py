"""The number of threads follows the machine: simulated steps, with no clock but their own seconds."""

from collections.abc import Callable

import pytest

from cnnplay.training.plan import comparison_text
from cnnplay.training.thread_tuning import LAST_RETRY, ThreadChange, ThreadTuner


class Machine:
    """Steps whose seconds depend on the threads and on whether another program takes a core."""

    def __init__(self, tuner: ThreadTuner, seconds: Callable[[int, bool], float]) -> None:
        self.tuner = tuner
        self.seconds = seconds
        self.busy = False
        self.clock = 0.0
        self.images = 0
        self.changes: list[tuple[float, ThreadChange]] = []

    def run(self, duration: float) -> None:
        end = self.clock + duration
        while self.clock < end:
            took = self.seconds(self.tuner.threads, self.busy)
            self.clock += took
            self.images += 64
            change = self.tuner.record(took)
            if change is not None:
                self.changes.append((self.clock, change))


def spinning(threads: int, busy: bool) -> float:
    """As measured on two cores: two threads are faster, and far slower beside another program."""
    if threads == 1:
        return 0.009
    return 0.4 if busy else 0.006


def dragging(threads: int, busy: bool) -> float:
    """The milder case: 9,200 → 3,200 images a second."""
    if threads == 1:
        return 0.011
    return 0.020 if busy else 0.007


@pytest.mark.parametrize("machine", [spinning, dragging])
def test_a_quiet_machine_keeps_its_threads(machine: Callable[[int, bool], float]) -> None:
    simulated = Machine(ThreadTuner(2, 2, machine(2, False)), machine)
    simulated.run(60)
    assert simulated.changes == []


@pytest.mark.parametrize("machine", [spinning, dragging])
def test_one_thread_within_three_seconds_of_another_programs_start(
    machine: Callable[[int, bool], float],
) -> None:
    simulated = Machine(ThreadTuner(2, 2, machine(2, False)), machine)
    simulated.run(5)
    simulated.busy = True
    simulated.run(3)
    assert simulated.tuner.threads == 1


@pytest.mark.parametrize("machine", [spinning, dragging])
@pytest.mark.parametrize("knows_idle", [True, False])
def test_two_threads_again_within_ten_seconds_of_its_end(
    machine: Callable[[int, bool], float], knows_idle: bool
) -> None:
    simulated: Machine

    def idle() -> float | None:
        return (0.0 if simulated.busy else 1.0) if knows_idle else None

    simulated = Machine(ThreadTuner(2, 2, machine(2, False), idle), machine)
    simulated.run(5)
    simulated.busy = True
    simulated.run(60)
    simulated.busy = False
    simulated.run(10)
    assert simulated.tuner.threads == 2


@pytest.mark.parametrize(("knows_idle", "least"), [(True, 0.97), (False, 0.9)])
def test_trying_costs_little_while_the_machine_stays_busy(knows_idle: bool, least: float) -> None:
    simulated: Machine

    def idle() -> float | None:
        return (0.0 if simulated.busy else 1.0) if knows_idle else None

    simulated = Machine(ThreadTuner(2, 2, 0.006, idle), spinning)
    simulated.run(5)
    simulated.busy = True
    simulated.run(3)
    simulated.images, start = 0, simulated.clock
    simulated.run(120)
    assert simulated.images / (simulated.clock - start) >= least * 64 / 0.009


def test_where_more_threads_never_help_they_are_tried_rarely() -> None:
    simulated = Machine(
        ThreadTuner(2, 1, 0.005, lambda: 1.0), lambda threads, _: 0.005 if threads == 1 else 0.007
    )
    simulated.run(600)
    assert simulated.tuner.threads == 1
    assert len(simulated.changes) < 30


def test_a_single_slow_step_changes_nothing() -> None:
    seconds = iter([0.006] * 500 + [0.3] + [0.006] * 500)
    tuner = ThreadTuner(2, 2, 0.006)
    assert all(tuner.record(step) is None for step in seconds)


def test_what_is_slow_with_any_number_of_threads_keeps_the_larger() -> None:
    slow = Machine(
        ThreadTuner(2, 2, 0.006), lambda threads, busy: (0.06 if busy else 0.006) * (1 if threads == 2 else 2)
    )
    slow.run(5)
    slow.busy = True
    slow.run(20)
    assert slow.tuner.threads == 2
    assert len(slow.changes) == 2  # tried once, and back: the new time is the usual one now


def test_many_cores_lose_only_as_many_threads_as_they_must() -> None:
    def sixteen(threads: int, busy: bool) -> float:
        quiet = 0.064 / threads
        return quiet * 10 if busy and threads == 16 else quiet

    simulated = Machine(ThreadTuner(16, 16, 0.004), sixteen)
    simulated.run(5)
    simulated.busy = True
    simulated.run(5)
    assert simulated.tuner.threads == 15


def test_every_change_says_why() -> None:
    simulated = Machine(ThreadTuner(2, 2, 0.006), spinning)
    simulated.run(2)
    simulated.busy = True
    simulated.run(3 * LAST_RETRY)
    assert all(change.reason and 1 <= change.threads <= 2 for _, change in simulated.changes)
    assert "slow" in simulated.changes[0][1].reason
    assert "times as fast" in simulated.changes[1][1].reason


def test_a_measurement_reads_as_a_comparison() -> None:
    assert comparison_text(2, {1: 9000.4, 2: 11400.0}, "images/s") == (
        "2 threads: measured 11,400 images/s against 9,000 with 1"
    )
    assert comparison_text(1, {1: 80, 2: 70, 4: 9}, "images/s in a small convolution") == (
        "1 thread: measured 80 images/s in a small convolution against 70 with 2, 9 with 4"
    )


@pytest.mark.parametrize("machine", [spinning, dragging])
def test_a_run_that_began_in_a_busy_moment_has_all_threads_within_two_seconds(
    machine: Callable[[int, bool], float],
) -> None:
    simulated = Machine(ThreadTuner(2, 1, machine(1, False), lambda: 1.0), machine)
    simulated.run(2)
    assert simulated.tuner.threads == 2
    taken = Machine(ThreadTuner(2, 1, machine(1, False), lambda: 0.1), machine)
    taken.busy = True
    taken.run(60)
    assert taken.changes == [], "where the other core is another program's, nothing is tried"


def test_an_uncertain_first_timing_is_checked_at_once() -> None:
    """Both numbers were slow when they were timed, so the usual step time is wrong."""

    def crowded(threads: int, busy: bool) -> float:
        return 0.025 if threads == 1 else 1.2

    simulated = Machine(ThreadTuner(2, 2, 1.2, certain=False), crowded)
    simulated.run(6)
    assert simulated.tuner.threads == 1
    quiet = Machine(ThreadTuner(2, 2, 0.006, certain=False), spinning)
    quiet.run(20)
    assert quiet.tuner.threads == 2
    assert len(quiet.changes) == 2, "checked once"


def test_steps_that_are_far_too_long_are_not_waited_for() -> None:
    def taken(threads: int, busy: bool) -> float:
        return (1.2 if busy else 0.006) if threads == 2 else 0.025

    simulated = Machine(ThreadTuner(2, 2, 0.006), taken)
    simulated.busy = True
    simulated.run(3)
    assert simulated.tuner.threads == 1
