"""The live views' redraw rate follows their cost."""

import pytest

from cnnplay.ui.kit.redraw_rate import LONGEST_S, SHARE, SHORTEST_S, RedrawRate

pytestmark = pytest.mark.usefixtures("qapp")


class Times:
    """A clock and a processor time that the test controls."""

    def __init__(self) -> None:
        self.now = self.spent = 0.0

    def pass_by(self, seconds: float, share: float) -> None:
        self.now += seconds
        self.spent += share * seconds


def interval_after(*shares: float) -> float:
    times = Times()
    redraw_rate = RedrawRate(spent=lambda: times.spent, clock=lambda: times.now)
    redraw_rate.start()
    for share in shares:
        times.pass_by(0.5, share)
        redraw_rate.adjust()
    redraw_rate.stop()
    return redraw_rate.interval_s


def test_cheap_views_are_drawn_as_often_as_people_can_follow() -> None:
    assert interval_after(*[SHARE / 2] * 5) == SHORTEST_S


def test_costly_views_are_slowed_down_but_never_stopped() -> None:
    assert SHORTEST_S < interval_after(2 * SHARE) < LONGEST_S
    assert interval_after(*[0.9] * 10) == LONGEST_S


def test_the_rate_recovers_when_the_cost_is_gone() -> None:
    assert interval_after(*[0.9] * 10, *[0.002] * 10) == SHORTEST_S


def test_a_cost_in_proportion_to_the_rate_settles_at_the_share() -> None:
    times = Times()
    redraw_rate = RedrawRate(spent=lambda: times.spent, clock=lambda: times.now)
    redraw_rate.start()
    for _ in range(40):
        times.pass_by(0.5, 0.02 / redraw_rate.interval_s)  # each redraw costs 20 ms
        redraw_rate.adjust()
    redraw_rate.stop()
    assert abs(0.02 / redraw_rate.interval_s - SHARE) < 0.005
