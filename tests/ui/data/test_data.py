"""The data set's model: loads in a thread, keeps the one in use until then, has error messages."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    return tmp_path / "pets"


def loaded(qtbot: QtBot, model: DataModel, key: str) -> None:
    with qtbot.waitSignal(model.changed):
        model.choose(key)


def test_the_embedded_digits_are_loaded_and_counted(qtbot: QtBot) -> None:
    model = DataModel()
    assert model.state == "empty"
    model.choose("mnist-sample")
    assert model.state == "loading"
    qtbot.waitSignal(model.changed).wait()
    assert model.state == "ready"
    assert model.detail == "4,000 + 1,000"
    assert "10 classes" in model.summary


def test_a_folder_becomes_the_data_set_and_is_remembered(qtbot: QtBot, folder: Path) -> None:
    model = DataModel()
    with qtbot.waitSignal(model.changed):
        model.choose_folder(folder)
    assert model.images is not None
    assert model.images.classes == ("cats", "dogs")
    assert model.title == "pets"
    assert model.folders == (model.key,)


def test_a_folder_changed_on_the_disk_is_read_again_when_it_is_selected_again(
    qtbot: QtBot, folder: Path
) -> None:
    (folder / "cats" / "late.png").write_bytes(b"half")
    model = DataModel()
    with qtbot.waitSignal(model.changed):
        model.choose_folder(folder)
    assert model.notes == ("left out: 1 damaged or unreadable image",)
    Image.new("RGB", (8, 8), "red").save(folder / "cats" / "late.png")
    with qtbot.assertNotEmitted(model.changed, wait=0):
        model.choose(model.key)  # as opening a project does: nothing to load
    assert model.state == "ready"
    with qtbot.waitSignal(model.changed):
        model.choose_folder(folder)
    assert model.notes == ()
    assert model.images is not None
    assert len(model.images) == 9
    assert model.folders == (model.key,)


def test_an_error_has_a_message_and_the_data_set_in_use_stays(qtbot: QtBot, tmp_path: Path) -> None:
    model = DataModel()
    loaded(qtbot, model, "mnist-sample")
    with qtbot.assertNotEmitted(model.changed):
        model.choose_folder(tmp_path / "nowhere")
        qtbot.waitUntil(lambda: model.state == "ready")
    assert "expected a folder with one subfolder per class" in model.error
    assert model.key == "mnist-sample"
    # The same folder can be selected again after a change; another selection clears the error.
    loaded(qtbot, model, "mnist-sample")
    assert model.error == ""


def test_a_new_choice_during_loading_wins(qtbot: QtBot, folder: Path) -> None:
    model = DataModel()
    model.choose_folder(folder)
    loaded(qtbot, model, "mnist-sample")
    assert model.key == "mnist-sample"
    assert model.folders == ()


def test_cancelling_keeps_the_data_set_before(qtbot: QtBot, folder: Path) -> None:
    model = DataModel()
    loaded(qtbot, model, "mnist-sample")
    model.choose_folder(folder)
    model.cancel()
    assert model.state == "ready"
    assert model.key == "mnist-sample"


def test_shutting_down_while_loading_joins_the_thread(qtbot: QtBot, folder: Path) -> None:
    model = DataModel()
    model.choose_folder(folder)
    close_jobs(model)
    assert model.state != "loading"
