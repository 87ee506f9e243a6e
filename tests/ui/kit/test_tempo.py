"""The live views' pace follows what they cost."""

import pytest

from cnnplay.ui.kit.redraw_rate import LONGEST_S, SHARE, SHORTEST_S, RedrawRate

pytestmark = pytest.mark.usefixtures("qapp")


class Times:
    """A clock and a processor's time that the test moves."""

    def __init__(self) -> None:
        self.now = self.spent = 0.0

    def pass_by(self, seconds: float, share: float) -> None:
        self.now += seconds
        self.spent += share * seconds


def paced(*shares: float) -> float:
    times = Times()
    tempo = RedrawRate(spent=lambda: times.spent, clock=lambda: times.now)
    tempo.begin()
    for share in shares:
        times.pass_by(0.5, share)
        tempo.watch()
    tempo.end()
    return tempo.seconds


def test_cheap_views_are_drawn_as_often_as_people_can_follow() -> None:
    assert paced(*[SHARE / 2] * 5) == SHORTEST_S


def test_costly_views_are_slowed_down_and_never_stopped() -> None:
    assert SHORTEST_S < paced(2 * SHARE) < LONGEST_S
    assert paced(*[0.9] * 10) == LONGEST_S


def test_the_pace_recovers_when_the_cost_is_gone() -> None:
    assert paced(*[0.9] * 10, *[0.002] * 10) == SHORTEST_S


def test_a_cost_in_proportion_to_the_rate_settles_at_the_share() -> None:
    times = Times()
    tempo = RedrawRate(spent=lambda: times.spent, clock=lambda: times.now)
    tempo.begin()
    for _ in range(40):
        times.pass_by(0.5, 0.02 / tempo.seconds)  # each redraw costs 20 ms
        tempo.watch()
    tempo.end()
    assert abs(0.02 / tempo.seconds - SHARE) < 0.005
