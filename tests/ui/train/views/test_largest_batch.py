"""The largest batch that fits is one click away: in the estimate, and after memory ran out."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnplay.training import estimate, run
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.views.train import TrainWorkspace
from tests.train_bench import WAIT, Bench, bench, notices_of, until
from tests.ui.events import settle

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton


def workspace(qtbot: QtBot, one: Bench) -> TrainWorkspace:
    made = TrainWorkspace(one.run, one.settings, one.estimate, CurvesModel(), one.augmentation).built()
    for splitter in (made.middle, made.middle, made.bottom):
        splitter.addWidget(QLabel("a view"))
    made.reset_layout()
    qtbot.addWidget(made)
    made.resize(960, 680)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_click_in_the_estimate_sets_the_largest_batch(qtbot: QtBot) -> None:
    with bench() as one:
        made = workspace(qtbot, one)
        largest = made.settings.estimate_line.largest
        qtbot.waitUntil(largest.isVisible, timeout=WAIT)
        assert largest.text() == "largest batch: 64"
        assert "learning rate" in largest.toolTip()
        QTest.mouseClick(largest, LEFT)
        assert one.settings.config.batch_size == 64
        settle()
        assert not largest.isVisible()
        assert made.settings.editors["batch_size"].inputs()[0].text() == "64"  # type: ignore[attr-defined]


def test_the_keyboard_takes_it_too(qtbot: QtBot) -> None:
    with bench() as one:
        made = workspace(qtbot, one)
        largest = made.settings.estimate_line.largest
        qtbot.waitUntil(largest.isVisible, timeout=WAIT)
        largest.setFocus()
        QTest.keyClick(largest, Qt.Key.Key_Space)
        assert one.settings.config.batch_size == 64


@pytest.mark.parametrize("how", ["before it began", "within a step"])
def test_after_memory_ran_out_a_click_takes_a_batch_that_fits_and_it_trains(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    free = estimate.free_bytes
    with bench() as one:
        if how == "before it began":
            report = one.editor.report
            fixed = estimate._fixed_bytes(report, one.settings.config)
            room = fixed + 10 * estimate._bytes_per_image(one.editor.network, report)
            monkeypatch.setattr(estimate, "free_bytes", lambda _: int(room / estimate.MEMORY_SHARE) + 1)
        else:
            monkeypatch.setattr(run.Run, "loss", _only_small(run.Run.loss))
        notices = notices_of(qtbot, one)
        with qtbot.waitSignal(one.run.notice_changed, timeout=WAIT):
            one.run.start()
        until(qtbot, one.run, "idle")
        notice = notices.failure
        assert notice.isVisible()
        wanted = 10 if how == "before it began" else 8
        assert notice.buttons[0].text().casefold() == f"use batch size {wanted}"
        QTest.mouseClick(notice.buttons[0], LEFT)
        assert one.settings.config.batch_size == wanted
        settle()
        assert not notice.isVisible()
        monkeypatch.setattr(estimate, "free_bytes", free)
        assert one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.failure is None
        assert one.run.weights_cache.trained is not None


def _only_small(loss: object) -> object:
    def limited(self: object, logits: object, labels: object) -> object:
        if len(labels) > 9:  # type: ignore[arg-type]
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return loss(self, logits, labels)  # type: ignore[operator]

    return limited
