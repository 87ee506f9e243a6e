"""Runs that are really interrupted: a process that trains like the window, killed in the middle."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cnnplay.runs.run_store import store_folder
from cnnplay.ui.kit.preferences import autosave_folder

SCRIPT = """
import sys
from PySide6.QtGui import QGuiApplication
from PySide6.QtCore import QTimer
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.shell.session import Session
from tests.interrupted_bench import prepare

application = QGuiApplication(sys.argv[:1])
session = Session(Preferences())
prepare(session)
session.data.changed.connect(session.run.start)
session.run.recorder.changed.connect(lambda: print(len(session.run.history.epochs), flush=True))
if "--autosave" in sys.argv:
    session.run.recorder.epoch_done.connect(session.document.autosave)
session.data.choose("mnist-sample")
application.exec()
"""
EPOCHS = 4


def prepare(session: object) -> None:
    """A network and settings that take a few seconds; the state is saved all the time."""
    session.editor.load_preset("tiny-cnn")  # type: ignore[attr-defined]
    values = {"epochs": EPOCHS, "threads": 1, "checkpoint_every": 0.01, "shift": 1, "schedule": "cosine"}
    for name, value in values.items():
        session.settings.set(name, value)  # type: ignore[attr-defined]


_killed: dict[tuple[object, ...], Path] = {}
"""Data folders after a kill, each made once: every test gets a copy."""


def interrupt_run(after: int = 2, *more: str) -> Path:
    """The folder of a run that was killed in the epoch after this many; `--autosave`: with unsaved work."""
    if (after, *more) not in _killed:
        _killed[after, *more] = _kill(after, *more)
    shutil.copytree(_killed[after, *more], store_folder().parent, dirs_exist_ok=True)
    if "--autosave" not in more:
        shutil.rmtree(autosave_folder(), ignore_errors=True)
    (folder,) = store_folder().iterdir()
    return folder


def _kill(after: int, *more: str) -> Path:
    home = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    environment = {**os.environ, "XDG_DATA_HOME": str(home)}
    command = [sys.executable, "-c", SCRIPT, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= after:
                break
        process.kill()
    return home / store_folder().parent.name
