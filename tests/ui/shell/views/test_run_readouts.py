"""What the window says about a run: header, status bar and curves, all of one moment."""

import re

import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolTip
from pytestqt.qtbot import QtBot

from cnnplay.ui.shell.views.main_window import MainWindow
from tests.interrupted_bench import prepare
from tests.train_bench import ENDLESS, WAIT
from tests.ui.events import settle

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def training(window: MainWindow) -> MainWindow:
    """Ready to train a tiny network without end, on the Train page."""
    prepare(window.session)
    window.session.settings.set("epochs", ENDLESS)
    window.show_workspace("train")
    settle()
    return window


def until(qtbot: QtBot, window: MainWindow, state: str) -> None:
    qtbot.waitUntil(lambda: window.session.run.state == state, timeout=WAIT)


def test_a_single_step_says_its_number_and_its_loss(qtbot: QtBot, training: MainWindow) -> None:
    for step in (1, 2):
        QTest.keyClick(training, Qt.Key.Key_F7)
        qtbot.waitUntil(lambda step=step: f"step {step}:" in training.status.text(), timeout=WAIT)
        loss = training.session.run.history.steps("loss").y[-1]
        assert re.search(rf"step {step}: loss {loss:.2f}, accuracy \d+\.\d %", training.status.text())
        assert f"step {step}" in training.controls.progress.remaining
        assert "paused" in training.status.text()


def test_why_it_runs_like_this_is_said_on_request_alone(qtbot: QtBot, training: MainWindow) -> None:
    why, run = training.status.why, training.session.run
    assert not why.isVisible()
    assert run.start()
    qtbot.waitUntil(why.isVisible, timeout=WAIT)
    assert "1 thread" in why.text()
    assert run.history.plan is not None
    reason = run.history.plan.reason
    assert reason in why.toolTip()
    assert "channels last" in why.toolTip()
    labels = [label.text() for label in training.findChildren(QLabel) if label.isVisible()]
    assert not [text for text in labels if reason in text]
    QTest.mouseClick(why, LEFT)
    qtbot.waitUntil(QToolTip.isVisible, timeout=WAIT)
    assert reason in QToolTip.text()
    QToolTip.hideText()
    run.stop()
    until(qtbot, training, "idle")
    assert not why.isVisible()


def test_header_status_bar_and_curves_show_one_moment(qtbot: QtBot, training: MainWindow) -> None:
    run, seen = training.session.run, []
    plot = training.page("train").workspace.loss.plot

    def look() -> None:
        if run.state == "running":
            lines = [item for item in plot.scene().items() if isinstance(item, pg.PlotCurveItem)]
            drawn = max((line.getData()[0][-1] for line in lines), default=0.0)
            seen.append((training.controls.progress.position, training.status.text(), drawn))

    run.recorder.shown.connect(look)
    assert run.start()
    qtbot.waitUntil(lambda: len(seen) >= 6, timeout=WAIT)
    run.stop()
    until(qtbot, training, "idle")
    for position, status, drawn in seen[1:]:
        assert position
        assert position in status
        epoch = int(re.findall(r"\d+", position)[0])
        assert epoch - 1 <= drawn <= epoch
