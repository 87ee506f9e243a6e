"""The reporter's log file."""

import logging
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.ui.shell.views.errors import ErrorReporter
from tests.ui.events import settle


def test_what_the_program_logs_reaches_the_log_file_with_its_trace_and_shows_nothing(
    qtbot: QtBot, tmp_path: Path
) -> None:
    reporter = ErrorReporter(tmp_path / "inner" / "errors.log")
    reporter.install()
    log = logging.getLogger("cnnplay.ui.train.probes")
    try:
        raise KeyError("conv-9")
    except KeyError:
        log.exception("a look stopped")
    finally:
        reporter.uninstall()
    log.warning("after the window")
    text = reporter.log.read_text(encoding="utf-8")
    assert "a look stopped\nTraceback" in text
    assert "KeyError: 'conv-9'" in text
    assert "after the window" not in text
    assert reporter.shown == []


def test_an_error_that_comes_back_with_every_repaint_opens_one_box_and_is_written_down(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    reporter = ErrorReporter(tmp_path / "errors.log")

    def show(details: str) -> None:
        opened.append(details)
        reporter.report("ZeroDivisionError: in paintEvent")  # what closing the box uncovers is painted again

    monkeypatch.setattr(reporter, "_show", show)
    reporter.report("ZeroDivisionError: in paintEvent")
    qtbot.waitUntil(lambda: bool(opened))
    settle()
    assert opened == ["ZeroDivisionError: in paintEvent"]
    reporter.report("KeyError: another")
    qtbot.waitUntil(lambda: len(opened) == 2)
    assert reporter.log.read_text(encoding="utf-8").count("ZeroDivisionError") == 3


def test_the_same_error_is_told_again_after_a_while(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, opened = [0.0], []
    monkeypatch.setattr("cnnplay.ui.shell.views.errors.time.monotonic", lambda: now[0])
    reporter = ErrorReporter(tmp_path / "errors.log")
    monkeypatch.setattr(reporter, "_show", opened.append)
    for seconds, boxes in ((0, 1), (50, 1), (59, 1), (61, 2), (100, 2), (122, 3)):
        now[0] = seconds
        reporter.report("KeyError: every now and then")
        reporter._drain()
        assert len(opened) == boxes, seconds
