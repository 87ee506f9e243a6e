"""Names beside bars: whole where the bars can spare the room."""

from cnnplay.ui.kit.views.names_width import LEAST_BAR, names_width
from cnnplay.ui.kit.views.theme import theme


def test_names_get_what_they_need_and_bars_keep_a_least_length() -> None:
    bar = theme().px(LEAST_BAR)
    assert names_width(100, 900) == 100
    assert names_width(300, 300 + bar) == 300
    assert names_width(500, 400) == 400 - bar
    for room in range(30, 900, 13):
        assert room - names_width(10_000, room) >= min(bar, room // 3)
