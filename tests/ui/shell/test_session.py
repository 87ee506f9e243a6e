"""The models wired together: documents come and go whole, and what was chosen is found again."""

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.project.project import Project
from cnnplay.project.store import load, save
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.shell.session import Session
from tests.look_bench import digits
from tests.ui.conftest import Quiet


def folder(path: Path) -> Path:
    for name in ("cats", "dogs"):
        (path / name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (28, 28), 40 * number).save(path / name / f"{number}.png")
    return path


def test_a_new_session_is_unchanged_and_shows_its_first_convolution(quiet: Quiet) -> None:
    session = quiet.session
    assert session.editor.network == preset("lenet-5").network
    assert session.editor.selected == ("conv-1",)
    assert not session.document.dirty
    assert session.title == "lenet-5"


def test_every_kind_of_change_leaves_the_document_unsaved(quiet: Quiet) -> None:
    session = quiet.session
    for change in (
        lambda: session.editor.set_fields(("conv-1",), "filters", 7),
        lambda: session.settings.set("epochs", 3),
        quiet.adopt,
    ):
        session.document.renew()
        change()
        assert session.document.dirty
    session.document.renew()
    session.editor.select(("conv-1",))
    session.look.image_choice.resample()
    assert not session.document.dirty, "looking changes nothing"


def test_a_run_that_began_is_work_that_can_be_lost(quiet: Quiet, qtbot: QtBot) -> None:
    session = quiet.session
    assert session.run.start()
    assert session.document.dirty


def test_a_project_comes_back_whole_and_unchanged(quiet: Quiet, tmp_path: Path) -> None:
    session = quiet.session
    trained = quiet.adopt()
    session.settings.set("epochs", 3)
    session.editor.set_fields(("dense-1",), "bias", False)
    edited = session.editor.network
    session.document.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    session.new()
    assert session.run.weights_cache.trained is None
    assert not session.editor.undo_stack.canUndo()
    session.document.open(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    assert session.editor.network == edited
    assert session.settings.config.epochs == 3
    assert session.run.weights_cache.trained is not None
    assert session.run.weights_cache.trained.weights.network == trained.weights.network
    weights = session.run.weights_cache.weights
    assert weights is not None
    assert all(torch.equal(weights[key], trained.weights.last[key]) for key in weights)
    assert not session.document.dirty
    assert session.title == "mine"


def test_a_fault_that_came_after_training_does_not_keep_the_weights_out_of_the_file(
    quiet: Quiet, tmp_path: Path
) -> None:
    session = quiet.session
    trained = quiet.adopt()
    session.editor.set_fields(("dense-1",), "units", 11)
    assert session.editor.report.problems
    session.document.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    session.new()
    session.document.open(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    assert session.run.weights_cache.trained is not None
    assert session.run.weights_cache.trained.weights.network == trained.weights.network
    assert session.run.weights_cache.weights is not None
    session.editor.fix(session.editor.report.problems[0])
    assert session.run.can_resume


def test_undo_over_another_preset_brings_network_and_weights_back(quiet: Quiet) -> None:
    session = quiet.session
    trained = quiet.adopt()
    assert session.run.history_is_current
    session.editor.load_preset("mlp")
    assert session.run.weights_cache.trained_for_editor is None
    assert not session.run.history_is_current, "the header does not claim those epochs for the other network"
    session.editor.undo()
    assert session.editor.network == trained.weights.network
    assert session.run.weights_cache.trained_for_editor is trained
    assert session.run.history_is_current
    assert session.run.can_resume


def test_nothing_goes_on_where_the_pictures_under_the_same_name_are_other_ones(quiet: Quiet) -> None:
    session = quiet.session
    trained = quiet.adopt()
    assert session.data.images is not None
    for mark, goes_on in ((session.data.images.mark, True), ("", True), ("other pictures", False)):
        session.run.adopt(replace(trained, mark=mark))
        assert session.run.can_resume is goes_on


def test_a_new_document_from_a_preset_keeps_the_data_and_can_be_trained(quiet: Quiet) -> None:
    session = quiet.session
    quiet.adopt()
    session.new("lenet-5")
    assert session.data.key == "mnist-sample"
    assert session.editor.network == preset("lenet-5").network
    assert session.run.weights_cache.trained is None
    assert not session.document.dirty
    assert session.run.disabled_reason("train") == ""


def test_the_device_and_the_folders_are_there_at_the_next_start(
    quiet: Quiet, tmp_path: Path, qtbot: QtBot
) -> None:
    session = quiet.session
    session.settings.set("device", "cpu")
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(folder(tmp_path / "my, pets"))
    key = session.data.key
    session.preferences.sync()
    again = Session(Preferences())
    assert again.settings.config.device == "cpu"
    assert again.data.folders == (key,)
    assert not again.document.dirty
    again.shutdown()


def test_the_device_of_a_project_is_no_choice_of_this_machine(quiet: Quiet, tmp_path: Path) -> None:
    session = quiet.session
    session.settings.replace(TrainConfig(device="cuda:7"))
    session.document.save(tmp_path / "far.cnnplay")
    finish_jobs(session.document)
    session.settings.set("device", "auto")
    session.document.open(tmp_path / "far.cnnplay")
    finish_jobs(session.document)
    assert "this machine has no cuda:7" in session.run.disabled_reason("train")
    assert session.preferences.text("device") == "auto"
    session.settings.set("device", "cpu")
    assert session.run.disabled_reason("train") == ""


def test_closing_joins_every_thread_while_all_of_them_work(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session(Preferences())
    session.warm_up()
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    session.run.start()
    session.document.save(tmp_path / "mine.cnnplay")
    session.exporting.export("safetensors", tmp_path / "a.safetensors", "fresh")
    session.data.choose_folder(folder(tmp_path / "pets"))
    session.shutdown()
    assert (tmp_path / "mine.cnnplay").exists()
    assert (tmp_path / "a.safetensors").exists()
    assert session.run.state == "idle"


def test_a_run_that_is_on_is_unsaved_work_and_saving_for_good_ends_it_first(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session, path = quiet.session, tmp_path / "mine.cnnplay"
    session.editor.load_preset("tiny-cnn")
    session.settings.set("epochs", 10_000)
    assert session.run.start()
    qtbot.waitUntil(lambda: len(session.run.history) > 3, timeout=60_000)
    session.save(path)
    finish_jobs(session.document)
    assert session.run.active, "saving meanwhile leaves the run alone"
    assert session.unsaved
    ended: list[bool] = []
    session.save(path, lambda: ended.append(True))
    finish_jobs(session.document)
    assert ended == [True]
    assert not session.run.active
    assert not session.unsaved
    weights = session.run.weights_cache.weights
    assert weights is not None
    written = load(path).trained
    assert written is not None
    assert all(torch.equal(written.last[key], weights[key]) for key in weights)


def test_the_weights_of_an_opened_project_are_passed_on_and_never_copied(
    quiet: Quiet, tmp_path: Path, qtbot: QtBot
) -> None:
    session, opened = quiet.session, list[Project]()
    quiet.adopt()
    session.document.save(tmp_path / "a.cnnplay")
    finish_jobs(session.document)
    session.new()
    session.document.opened.connect(opened.append)
    session.document.open(tmp_path / "a.cnnplay")
    finish_jobs(session.document)
    trained = session.run.weights_cache.trained
    assert trained is not None
    assert trained.weights is opened[0].trained
    assert session.collect().trained is trained.weights, "saving writes the same value again"
    session.editor.load_preset("mlp")
    session.editor.undo()
    assert session.run.weights_cache.trained is trained
    session.data.use(digits())
    assert session.run.start()
    assert session.run.network is session.editor.network
    assert session.run.weights_cache.trained is trained, (
        "until its first epoch is done, a resumed run shows them"
    )
    session.run.shutdown()


def test_a_project_keeps_its_folder_where_that_is_absent_until_another_is_chosen(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session, path = quiet.session, tmp_path / "mine.cnnplay"
    pictures = folder(tmp_path / "pictures")
    key = f"folder:{pictures}"
    save(Project(network=session.editor.network, data_key=key), path)
    pictures.rename(tmp_path / "moved")
    session.document.open(path)
    finish_jobs(session.document)
    qtbot.waitUntil(lambda: session.data.state == "ready" and bool(quiet.failures), timeout=20_000)
    quiet.failures.clear()
    session.document.save(path)
    finish_jobs(session.document)
    assert load(path).data_key == key
    session.data.choose_folder(tmp_path / "moved")
    qtbot.waitUntil(lambda: session.data.key == f"folder:{tmp_path / 'moved'}", timeout=20_000)
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    session.document.save(path)
    finish_jobs(session.document)
    assert load(path).data_key == f"folder:{tmp_path / 'moved'}"


def test_what_a_run_learns_from_is_the_projects_data_set(quiet: Quiet, qtbot: QtBot, tmp_path: Path) -> None:
    session, path = quiet.session, tmp_path / "mine.cnnplay"
    save(Project(network=session.editor.network, data_key=f"folder:{tmp_path / 'nowhere'}"), path)
    session.document.open(path)
    finish_jobs(session.document)
    qtbot.waitUntil(lambda: session.data.state == "ready" and bool(quiet.failures), timeout=20_000)
    quiet.failures.clear()
    assert session.run.start()
    session.document.save(path)
    finish_jobs(session.document)
    assert load(path).data_key == "mnist-sample"


def test_a_preset_that_was_trained_says_that_its_weights_are_back_and_undo_does_not(
    quiet: Quiet, qtbot: QtBot
) -> None:
    session = quiet.session
    quiet.adopt()
    quiet.messages.clear()
    session.editor.set_fields(("conv-1",), "bias", True)
    session.editor.load_preset("mlp")
    session.editor.load_preset("tiny-cnn")
    assert session.run.can_resume

    def said() -> list[str]:
        return [text for text in quiet.messages if "weights are back" in text]

    qtbot.waitUntil(lambda: bool(said()))
    (text,) = said()
    assert "1 epoch" in text
    assert "Train from scratch" in text
    quiet.messages.clear()
    session.editor.undo()
    session.editor.undo()
    assert session.run.can_resume
    QApplication.processEvents()
    assert quiet.messages == []


def test_an_empty_network_takes_the_pictures_that_are_there(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(folder(tmp_path))
    key = session.data.key
    session.new()
    network = session.editor.network
    assert network.stack == ()
    assert network.input.shape == (1, 28, 28)
    assert network.task.classes == 2
    assert session.data.key == key
    assert not session.document.dirty


def test_a_run_cancels_a_measurement_and_after_it_its_network_is_measured(quiet: Quiet, qtbot: QtBot) -> None:
    session = quiet.session
    session.settings.set("epochs", 1)
    times = session.layer_times
    times.measure()
    assert times.measuring
    assert session.estimate.held, "layers are timed in one place at a time"
    assert session.run.start()
    assert not times.measuring
    assert times.disabled_reason() == "a run is in progress: stop it first"
    times.measure()
    assert not times.measuring
    qtbot.waitUntil(lambda: session.run.state == "running", timeout=60_000)
    session.run.stop()
    qtbot.waitUntil(lambda: times.profile is not None, timeout=8_000)
    assert not session.run.active
    assert not times.outdated
    assert times.profile is not None
    assert times.profile.network.same_structure(session.editor.network)
    assert times.profile.batch_size == session.settings.config.batch_size


def test_no_layer_is_tried_while_a_run_a_range_test_or_a_search_is_on(quiet: Quiet, qtbot: QtBot) -> None:
    session, estimate = quiet.session, quiet.session.estimate
    session.settings.set("epochs", 1)
    assert session.run.start()
    assert estimate.held
    qtbot.waitUntil(lambda: not session.run.active, timeout=30_000)
    assert not estimate.held
    for on in (True, False):
        session.rate_finder.state = "running" if on else "idle"
        session.rate_finder.changed.emit()
        assert estimate.held == on
        assert bool(quiet.session.layer_times.disabled_reason()) == on
    for on in (True, False):
        session.search.model._state = "running" if on else "idle"
        session.search.model.state_changed.emit()
        assert estimate.held == on
        assert bool(quiet.session.layer_times.disabled_reason()) == on


def test_a_new_network_gets_the_name_of_its_file_and_a_named_one_keeps_its_own(
    quiet: Quiet, tmp_path: Path
) -> None:
    session = quiet.session
    session.new()
    for name in ("digits", "other"):
        session.save(tmp_path / f"{name}.cnnplay")
        finish_jobs(session.document)
        assert session.editor.network.name == load(tmp_path / f"{name}.cnnplay").network.name == "digits"
        assert not session.document.dirty
    session.new("lenet-5")
    session.save(tmp_path / "third.cnnplay")
    finish_jobs(session.document)
    assert session.editor.network.name == preset("lenet-5").network.name
