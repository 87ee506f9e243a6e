"""The reporter's log file."""

import logging
from pathlib import Path

from pytestqt.qtbot import QtBot

from cnnplay.widgets.errors import ErrorReporter


def test_what_the_program_logs_reaches_the_log_file_with_its_trace_and_shows_nothing(
    qtbot: QtBot, tmp_path: Path
) -> None:
    reporter = ErrorReporter(tmp_path / "inner" / "errors.log")
    reporter.install()
    log = logging.getLogger("cnnplay.viewmodels.probes")
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
