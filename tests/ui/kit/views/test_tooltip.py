"""Tooltips in readable lines."""

from cnnplay.ui.kit.views.tooltip import WIDTH, tip


def test_long_lines_are_wrapped_and_others_stay_as_they_are() -> None:
    words = "raise the learning rate batch by batch on a copy of the network and plot the loss " * 3
    text = f"Learning rate finder\n{words.strip()}"
    first, *rest = tip(text).split("\n")
    assert first == "Learning rate finder"
    assert len(rest) > 2
    assert max(map(len, rest)) <= WIDTH
    assert " ".join(rest) == words.strip()
    assert tip("Draw a digit\n\nDelete clears it") == "Draw a digit\n\nDelete clears it"


def test_a_path_is_not_broken_and_rich_text_is_left_to_qt() -> None:
    path = "/home/" + "folder/" * 30
    assert tip(path) == path
    rich = f"<b>{'word ' * 50}</b>"
    assert tip(rich) == rich
