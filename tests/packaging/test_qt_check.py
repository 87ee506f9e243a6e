"""What Qt is foreseen to need."""

import os

import pytest
import qt_check
from qt_check import OFFSCREEN, Screen, expected_packages


@pytest.mark.parametrize(
    ("screen", "root", "wanted"),
    [
        (Screen(x11=True), False, True),
        (Screen(), True, True),
        (Screen(), False, False),
        (OFFSCREEN, True, False),
        (Screen(wayland=True), True, False),
    ],
)
def test_what_x11_needs_is_foreseen_for_a_screen_and_where_it_costs_no_question(
    monkeypatch: pytest.MonkeyPatch, screen: Screen, root: bool, wanted: bool
) -> None:
    monkeypatch.setattr(qt_check, "absent", lambda sonames: sonames)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    assert ("libxcb-cursor0" in expected_packages(screen)) == wanted
    assert "libegl1" in expected_packages(screen)
