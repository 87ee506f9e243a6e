"""How names and the bars beside them share a row."""

from cnnplay.ui.kit.views.theme import theme

LEAST_BAR = 72
"""In design pixels."""


def names_width(widest: int, room: int) -> int:
    """The width of the names: what they need, as long as the bars keep `LEAST_BAR` or a third of `room`."""
    return min(widest, max(room - theme().px(LEAST_BAR), room * 2 // 3))
