"""The dialog before weights are loaded, driven by keys."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.network.presets import preset
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.shell.importing import ReadWeights
from cnnplay.ui.shell.views.main_window import MainWindow
from cnnplay.ui.shell.views.weights_dialog import WeightsDialog
from tests.ui.conftest import Quiet
from tests.ui.events import settle

Open = Callable[[Weights], WeightsDialog]
KEY = Qt.Key


@pytest.fixture
def weights() -> Weights:
    return weights_of(build(preset("tiny-cnn").network, seed=5))


@pytest.fixture
def opened(quiet: Quiet, qtbot: QtBot, tmp_path: Path) -> Open:
    """Opens the dialog for a file with these weights."""

    def open_(weights: Weights) -> WeightsDialog:
        offered: list[ReadWeights] = []
        quiet.session.editor.load_preset("tiny-cnn")
        quiet.session.importing.offered.connect(offered.append)
        save_file(weights, tmp_path / "a.safetensors")
        quiet.session.importing.read(tmp_path / "a.safetensors")
        finish_jobs(quiet.session.importing)
        dialog = WeightsDialog(offered[0])
        qtbot.addWidget(dialog)
        with qtbot.waitActive(dialog):
            dialog.show()
            dialog.activateWindow()
        return dialog

    return open_


def _rows(dialog: WeightsDialog) -> list[list[str]]:
    table = dialog.table.model()
    return [
        [str(table.index(row, column).data()) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def _choose(dialog: WeightsDialog, name: str) -> None:
    """Chooses a tensor for the selected parameter with keys alone."""
    QTest.keyClick(dialog.table, KEY.Key_Space)
    popup = dialog.tensor.view()
    QTest.keyClick(popup, KEY.Key_Home)
    for _ in range(dialog.tensor.findText(name)):
        QTest.keyClick(popup, KEY.Key_Down)
    QTest.keyClick(popup, KEY.Key_Return)
    settle()


def test_every_tensor_is_listed_with_what_becomes_of_it(opened: Open, weights: Weights) -> None:
    dialog = opened(weights)
    assert [row[0] for row in _rows(dialog)] == list(weights)
    assert {row[-1] for row in _rows(dialog)} == {"loaded"}
    assert {row[4] for row in _rows(dialog)} == {"float32"}
    assert f"{len(weights)} of {len(weights)}" in dialog.summary.text()
    assert dialog.load.isEnabled()


def test_a_tensor_is_paired_by_hand_with_the_keyboard(opened: Open, weights: Weights) -> None:
    first = next(iter(weights))
    wanted = weights.pop(first)
    dialog = opened({**weights, "theirs": wanted, "other": torch.zeros(2)})
    assert dialog.table.hasFocus()
    assert dialog.tensor.itemText(0) == "theirs"
    _choose(dialog, "theirs")
    assert dialog.focusWidget() is dialog.table, "the next parameter can be chosen"
    rows = {row[0]: row for row in _rows(dialog) if row[0]}
    assert rows[first][2:] == ["theirs", rows[first][1], "float32", "paired by hand"]
    assert dialog.pairing.missing == ()
    assert [row[2] for row in _rows(dialog) if not row[0]] == ["other"]


def test_without_any_pair_load_says_why_it_is_unavailable(opened: Open, weights: Weights) -> None:
    first = next(iter(weights))
    dialog = opened({"theirs": weights[first]})
    assert not dialog.load.isEnabled()
    assert "choose" in dialog.load.toolTip()
    _choose(dialog, "theirs")
    assert dialog.load.isEnabled()
    QTest.keyClick(dialog.table, KEY.Key_Return)
    assert dialog.result() == WeightsDialog.DialogCode.Accepted
    assert dialog.pairing.loaded == (first,)


def test_names_or_order_are_a_choice_where_both_are_possible(opened: Open, weights: Weights) -> None:
    """The first tensor has another name, and the same shape and place."""
    first = next(iter(weights))
    dialog = opened({name if name != first else "theirs": one for name, one in weights.items()})
    assert dialog.match.isVisible()
    assert dialog.match.currentText() == "by name"
    assert dialog.pairing.missing == (first,)
    dialog.match.setFocus()
    QTest.keyClick(dialog.match, KEY.Key_Down)
    assert dialog.pairing.sources[first] == "theirs"
    assert {row[-1] for row in _rows(dialog)} == {"loaded"}


def test_there_is_no_choice_where_names_alone_fit(opened: Open, weights: Weights) -> None:
    del weights[next(iter(weights))]
    assert not opened(weights).match.isVisible()


def test_long_names_do_not_widen_the_dialog(opened: Open, weights: Weights) -> None:
    first = next(iter(weights))
    usual = opened(weights)
    size = usual.size()
    usual.close()
    dialog = opened(weights | {"x" * 5_000: torch.full_like(weights[first], torch.nan)})
    settle()
    assert dialog.size() == size


def test_tab_goes_from_the_table_to_the_tensor_and_to_load(opened: Open, weights: Weights) -> None:
    dialog = opened(weights)
    for expected in (dialog.tensor, dialog.load):
        QTest.keyClick(dialog.focusWidget(), KEY.Key_Tab)
        assert dialog.focusWidget() is expected


def _answer(key: Qt.Key) -> QTimer:
    """Presses a key in the dialog that is about to open."""
    timer = QTimer()
    timer.setInterval(20)

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, WeightsDialog):
            timer.stop()
            QTest.keyClick(box.table, key)

    timer.timeout.connect(look)
    timer.start()
    return timer


@pytest.mark.parametrize("suffix", [".ckpt", ".pth.tar"])
def test_enter_loads_and_escape_leaves_everything_as_it_is(
    window: MainWindow, weights: Weights, tmp_path: Path, suffix: str
) -> None:
    session, path = window.session, tmp_path / f"a{suffix}"
    session.editor.load_preset("tiny-cnn")
    torch.save({"state_dict": weights}, path)
    for key, loaded in ((KEY.Key_Escape, False), (KEY.Key_Return, True)):
        timer = _answer(key)
        window.open_path(path)
        finish_jobs(session.importing)
        assert not timer.isActive()
        found = session.run.weights_cache.weights
        assert (found is not None) == loaded
    assert found is not None
    assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())
