"""Closing the program: whatever runs jobs is found, and what may take long is not waited for."""

import gc
import subprocess
import sys
import time

from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.background import Closing
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.shell.session import Session

CLOSE_WHILE_MEASURING = """
import sys, time
from PySide6.QtCore import QTimer
from cnnplay import app

make_window = app.make_window

def make():
    window = make_window()
    session = window.session

    def close():
        print("closing", flush=True)
        window.close()

    def measure():
        if not session.warm or session.data.state != "ready":
            QTimer.singleShot(20, measure)
            return
        from cnnplay.probing import layer_profile
        layer_profile.profile_layers = lambda *_: time.sleep(120)
        session.layer_times.measure()
        assert session.layer_times.measuring
        QTimer.singleShot(100, close)

    QTimer.singleShot(0, measure)
    return window

app.make_window = make
sys.exit(app.run_window(None))
"""


def all_closing() -> set[Closing]:
    return {found for found in gc.get_objects() if issubclass(type(found), Closing)}


def test_whatever_runs_jobs_is_closed_with_the_session(qtbot: QtBot) -> None:
    before = all_closing()
    session = Session(Preferences())
    assert session.search is not None
    made = all_closing() - before
    assert len(made) > 10
    assert made == set(session.findChildren(Closing))
    session.shutdown()


def test_the_process_ends_although_a_layer_is_still_being_timed() -> None:
    command = [sys.executable, "-c", CLOSE_WHILE_MEASURING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "closing\n"
        before = time.monotonic()
        assert process.wait(timeout=100) == 0
        assert time.monotonic() - before < 60
