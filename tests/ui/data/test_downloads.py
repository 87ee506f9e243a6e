"""Downloads of data sets: the one in use stays, nothing waits, failures have messages."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.data import sources as table
from cnnplay.ui.data.data import DataModel, choice_text
from cnnplay.ui.kit.background import close_jobs
from tests.look_bench import pets
from tests.mirror import NAMES, Mirror, digits, mirror

IMAGES = NAMES[0]


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of a small `mnist`, the only data set that is downloaded."""
    with mirror() as made:
        source, made.files = digits(made.address)
        monkeypatch.setattr(table, "_table", lambda: (source,))
        yield made


@pytest.fixture
def model(qtbot: QtBot, near: Mirror) -> Iterator[DataModel]:
    made = DataModel()
    with qtbot.waitSignal(made.changed):
        made.choose("mnist-sample")
    yield made
    close_jobs(made)


def stalled(qtbot: QtBot, model: DataModel, near: Mirror) -> None:
    """Half of the images arrive, then nothing more."""
    near.plan[IMAGES] = ["stall"]
    model.choose_or_download("mnist")
    qtbot.waitUntil(lambda: model.downloads.progress[0] > 0)


def test_a_selected_data_set_is_downloaded_and_then_used(qtbot: QtBot, model: DataModel) -> None:
    with qtbot.waitSignals([model.downloads.downloaded, model.changed]):
        model.choose_or_download("mnist")
        assert model.downloads.state == "downloading"
    assert model.key == "mnist"
    assert model.detail == "32 + 8"
    assert "32 train / 8 validation / 10 test (held out)" in model.summary
    assert model.downloads.state == "idle"
    assert model.downloads.status_text == ""


def test_what_is_here_already_is_used_at_once(qtbot: QtBot, model: DataModel, near: Mirror) -> None:
    with qtbot.waitSignal(model.changed):
        model.choose_or_download("mnist")
    with qtbot.waitSignal(model.changed):
        model.choose_or_download("mnist-sample")
    near.asked.clear()
    with qtbot.waitSignal(model.changed):
        model.choose_or_download("mnist")
    assert near.asked == []


def test_the_one_in_use_stays_ready_while_another_downloads(
    qtbot: QtBot, model: DataModel, near: Mirror
) -> None:
    stalled(qtbot, model, near)
    assert (model.state, model.key) == ("ready", "mnist-sample")
    done, whole = model.downloads.progress
    assert 0 < done < whole
    assert model.downloads.status_text.startswith("Downloading mnist: 0.0 of 0.0 MB")
    info = next(info for info in model.choices if info.key == "mnist")
    assert "downloading: " in choice_text(info, model.downloads)[0]


def test_the_list_shows_size_splits_and_whether_it_is_downloaded(model: DataModel) -> None:
    sample, mnist = model.choices
    assert "download" not in choice_text(sample, model.downloads)[0]
    text, hint = choice_text(mnist, model.downloads)
    assert text.endswith("· download 0.0 MB")
    assert "32 train / 8 validation / 10 test (held out)" in hint
    assert "Not downloaded yet" in hint


def test_a_cancelled_download_is_resumed_by_the_next_one(
    qtbot: QtBot, model: DataModel, near: Mirror
) -> None:
    stalled(qtbot, model, near)
    model.downloads.cancel()
    assert model.downloads.state == "idle"
    with qtbot.waitSignal(model.changed):
        model.choose_or_download("mnist")
    assert near.asked[1] == (IMAGES, f"bytes={len(near.files[IMAGES]) // 2}-")
    assert model.key == "mnist"


def test_a_failure_has_a_message_and_can_be_retried(qtbot: QtBot, model: DataModel, near: Mirror) -> None:
    near.plan[IMAGES] = ["missing"]
    model.choose_or_download("mnist")
    qtbot.waitUntil(lambda: model.downloads.state == "failed")
    assert model.downloads.status_text.startswith(f"mnist could not be downloaded: {IMAGES}")
    assert "404" in model.downloads.status_text
    assert model.key == "mnist-sample"
    with qtbot.waitSignal(model.changed):
        model.downloads.retry()
    assert model.key == "mnist"
    assert model.downloads.error == ""


def test_a_dismissed_failure_is_gone(qtbot: QtBot, model: DataModel, near: Mirror) -> None:
    near.plan[IMAGES] = ["missing"]
    model.choose_or_download("mnist")
    qtbot.waitUntil(lambda: model.downloads.state == "failed")
    model.downloads.dismiss()
    assert (model.downloads.state, model.downloads.status_text, model.downloads.key) == ("idle", "", "")


def test_another_choice_meanwhile_is_not_replaced(
    qtbot: QtBot, model: DataModel, near: Mirror, tmp_path: Path
) -> None:
    stalled(qtbot, model, near)
    with qtbot.waitSignal(model.changed):
        model.choose_folder(pets(tmp_path / "pets"))
    with qtbot.waitSignal(model.downloads.downloaded), qtbot.assertNotEmitted(model.changed):
        near.released.set()  # the mirror breaks off, and goes on when it is asked again
    assert model.title == "pets"


def test_shutting_down_amid_a_silent_download_takes_less_than_two_seconds(
    qtbot: QtBot, model: DataModel, near: Mirror
) -> None:
    stalled(qtbot, model, near)
    before = time.perf_counter()
    close_jobs(model)
    assert time.perf_counter() - before < 2
    assert model.downloads.state == "idle"


def test_a_data_set_that_is_not_downloaded_gives_an_error_and_no_download(
    qtbot: QtBot, model: DataModel, near: Mirror
) -> None:
    model.choose("mnist")
    qtbot.waitUntil(lambda: bool(model.error))
    assert "mnist is not downloaded yet" in model.error
    assert near.asked == []
    assert model.key == "mnist-sample"
