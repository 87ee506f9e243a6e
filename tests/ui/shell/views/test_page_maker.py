"""Pages of workspaces are made piece by piece before somebody asks for them."""

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.ui.shell.views import pages
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.shell.workspaces import WORKSPACES


def test_all_pages_are_made_while_the_window_is_at_rest_and_none_is_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.page_maker.begin()
    qtbot.waitUntil(lambda: set(window.opened) == set(WORKSPACES), timeout=60_000)
    assert window.workspace == "build"
    assert window.pages.count() == len(WORKSPACES)
    for key in WORKSPACES:
        window.show_workspace(key)
        assert window.pages.currentWidget() is window.opened[key]


def test_a_page_that_is_asked_for_midway_is_completed_at_once(window: MainWindow, qtbot: QtBot) -> None:
    window.page_maker.begin()
    qtbot.waitUntil(lambda: window.pages.count() > 1, timeout=60_000)
    window.page_maker.stop()
    for key in WORKSPACES:
        window.show_workspace(key)
        assert window.pages.currentWidget() is window.opened[key]
    assert window.pages.count() == len(WORKSPACES)


def test_half_a_page_is_not_taken_for_one(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pages.MapsView

    def broken(*_: object) -> None:
        raise RuntimeError("no maps today")

    monkeypatch.setattr(pages, "MapsView", broken)
    with pytest.raises(RuntimeError, match="no maps"):
        window.show_workspace("train")
    assert window.workspace == "build"
    assert "train" not in window.opened
    monkeypatch.setattr(pages, "MapsView", whole)
    window.show_workspace("train")
    assert window.workspace == "train"
    assert window.page("train").maps.isVisible()
