"""Measured times of the layers: what they belong to, when they are outdated, when nothing is measured."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.network.network import leaves
from cnnplay.network.presets import preset
from cnnplay.probing import layer_profile
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.layer_times import LayerTimesModel
from cnnplay.ui.kit.background import close_jobs

WAIT = 60_000
CONFIG = TrainConfig(batch_size=4, device="cpu", threads=1)


@pytest.fixture
def editor() -> EditorModel:
    return EditorModel(preset("lenet-5").network)


@pytest.fixture
def times(editor: EditorModel) -> Iterator[LayerTimesModel]:
    model = LayerTimesModel(editor, CONFIG)
    yield model
    close_jobs(model)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Measurements last until they are cancelled; set once one was."""
    ended = threading.Event()

    def measure(network: object, config: object, cancelled: Callable[[], bool]) -> None:
        while not cancelled():
            time.sleep(0.001)
        ended.set()

    monkeypatch.setattr(layer_profile, "profile_layers", measure)
    return ended


def measured(times: LayerTimesModel, qtbot: QtBot) -> layer_profile.LayerProfile:
    times.measure()
    assert times.measuring
    qtbot.waitUntil(lambda: not times.measuring, timeout=WAIT)
    assert times.profile is not None
    return times.profile


def test_a_measurement_has_every_layer_and_says_how_it_was_made(
    times: LayerTimesModel, editor: EditorModel, qtbot: QtBot
) -> None:
    assert times.text == ""
    found = measured(times, qtbot)
    assert list(found.layers) == [node.id for node in leaves(editor.network)]
    assert times.text.startswith("Batch of 4, 1 thread: forward ")
    assert " ms, backward " in times.text


def test_times_are_outdated_by_an_edit_or_another_batch_size_and_current_again_after_undo(
    times: LayerTimesModel, editor: EditorModel, qtbot: QtBot
) -> None:
    found = measured(times, qtbot)
    assert not times.outdated
    editor.set_fields(("conv-1",), "filters", 7)
    assert times.outdated
    assert times.text.startswith("Outdated: batch of 4")
    assert times.profile is found, "outdated times stay"
    editor.undo_stack.undo()
    assert not times.outdated
    with qtbot.waitSignal(times.changed):
        times.set_config(TrainConfig(batch_size=8, device="cpu", threads=1))
    assert times.outdated
    assert measured(times, qtbot).batch_size == 8
    assert not times.outdated
    with qtbot.assertNotEmitted(times.changed):
        times.set_config(TrainConfig(batch_size=8, device="cpu", threads=1, epochs=99))
    assert not times.outdated


def test_nothing_is_measured_while_the_machine_is_needed(
    times: LayerTimesModel, endless: threading.Event
) -> None:
    times.measure()
    assert times.measuring
    times.set_busy("a run is in progress")
    assert not times.measuring
    assert times.disabled_reason() == "a run is in progress"
    assert endless.wait(10), "the running measurement ends by itself"
    times.measure()
    assert not times.measuring
    times.set_busy("")
    assert times.disabled_reason() == ""


def test_a_cancelled_measurement_keeps_the_earlier_times(
    times: LayerTimesModel, qtbot: QtBot, request: pytest.FixtureRequest
) -> None:
    found = measured(times, qtbot)
    ended = request.getfixturevalue("endless")
    times.measure()
    times.cancel()
    assert ended.wait(10)
    assert times.profile is found
    assert times.text.startswith("Batch of 4")


def test_a_network_with_problems_is_not_measured(times: LayerTimesModel, editor: EditorModel) -> None:
    editor.set_fields(("conv-1",), "stride", (0, 0))
    assert "problems" in times.disabled_reason()
    times.measure()
    assert not times.measuring


def test_a_measurement_that_fails_says_why(
    times: LayerTimesModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("not enough memory: 1 GB\nmore")

    monkeypatch.setattr(layer_profile, "profile_layers", fail)
    times.measure()
    qtbot.waitUntil(lambda: not times.measuring, timeout=WAIT)
    assert times.text == "No times: not enough memory: 1 GB."
    assert times.profile is None


def test_the_network_of_a_run_is_measured_once_after_the_run(
    times: LayerTimesModel, editor: EditorModel, qtbot: QtBot
) -> None:
    times._after_run.setInterval(0)
    times.set_busy("a run is in progress")
    times.follow_run(editor.network)
    times.set_busy("")
    qtbot.waitUntil(lambda: times.profile is not None, timeout=WAIT)
    found = times.profile
    times.set_busy("a search is in progress")
    times.set_busy("")
    qtbot.wait(50)
    assert not times.measuring
    assert times.profile is found


def test_a_network_whose_passes_take_seconds_is_measured_on_request_only(
    times: LayerTimesModel, editor: EditorModel, qtbot: QtBot
) -> None:
    times._after_run.setInterval(0)
    editor.load_preset("vgg-16")
    times.set_busy("a run is in progress")
    times.follow_run(editor.network)
    times.set_busy("")
    qtbot.waitUntil(lambda: not times._after_run.isActive(), timeout=WAIT)
    assert not times.measuring
    assert not times.disabled_reason()


def test_a_network_that_was_edited_since_its_run_is_not_measured(
    times: LayerTimesModel, editor: EditorModel, qtbot: QtBot
) -> None:
    times._after_run.setInterval(0)
    times.set_busy("a run is in progress")
    times.follow_run(editor.network)
    editor.set_fields(("conv-1",), "filters", 7)
    times.set_busy("")
    qtbot.waitUntil(lambda: not times._after_run.isActive(), timeout=WAIT)
    assert not times.measuring
    assert times.profile is None
