"""The list of runs in the window: following other programs, selecting, actions, opening in the editor."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.runs import run_store
from cnnplay.runs.checkpoint import save
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.library import Library
from cnnplay.runs.notes import Notes, read_notes
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.tensors import read_checked, write_checked
from cnnplay.runs.writer_lock import WriterLock
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation
from cnnplay.training.loop import train
from cnnplay.ui.kit.background import close_jobs, finish_jobs
from cnnplay.ui.runs.deletion_plan import DeletionPlan
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_loader import RunLoader, read_run
from cnnplay.ui.runs.runs import MOST_DRAWN, RunsModel
from tests.runs_bench import epoch_events, finished, make_run, started, write
from tests.train_bench import Bench, bench, blobs, until


@pytest.fixture
def store() -> Path:
    return run_store.store_folder()


@pytest.fixture
def runs(qtbot: QtBot) -> Iterator[RunsModel]:
    model = RunsModel(library=Library())
    yield model
    close_jobs(model)


@pytest.fixture
def actions(runs: RunsModel) -> Iterator[RunActions]:
    found = RunActions(runs)
    yield found
    close_jobs(found)


def look(runs: RunsModel) -> None:
    """One scan of the whole store, to its end."""
    runs.refresh_soon()
    finish_jobs(runs)


def test_a_run_that_another_program_writes_is_followed(runs: RunsModel, store: Path) -> None:
    folder = make_run(store / "one", epochs=1, ended="")
    with WriterLock(folder):
        look(runs)
        (row,) = runs.rows
        assert row.state == "running"
        runs.select([row.path])
        finish_jobs(runs)
        history = runs.history(row.path)
        assert history is not None
        assert len(history) == 4
        events = epoch_events("one", 2)
        write(folder, events[:2])
        with (folder / "events.jsonl").open("ab") as file:
            file.write(b'{"event":"step","run"')
        runs._poll()
        finish_jobs(runs)
        assert runs.history(row.path) is history, "new events are appended, not read again"
        assert len(history) == 6
        assert runs.rows[0].steps == 6
        with (folder / "events.jsonl").open("r+b") as file:
            file.seek(-len(b'{"event":"step","run"'), os.SEEK_END)
            file.truncate()
        write(folder, [*events[2:], finished("one", 2)])
        look(runs)
    assert (runs.rows[0].state, runs.rows[0].epochs_done) == ("done", 2)
    assert len(history) == 8
    assert history.ended


def test_the_store_is_polled_while_watched(runs: RunsModel, store: Path, qtbot: QtBot) -> None:
    folder = make_run(store / "one", epochs=1, ended="")
    runs.watch(True)
    qtbot.waitUntil(lambda: len(runs.rows) == 1, timeout=10_000)
    write(folder, epoch_events("one", 2))
    qtbot.waitUntil(lambda: runs.rows[0].epochs_done == 2, timeout=10_000)
    runs.watch(False)


def test_a_run_resumed_from_an_earlier_step_replaces_its_curves(runs: RunsModel, store: Path) -> None:
    folder = make_run(store / "one", epochs=2, ended="")
    look(runs)
    runs.select([str(folder)])
    finish_jobs(runs)
    write(folder, [started("one", TrainConfig(epochs=2), done=4, within=2), *epoch_events("one", 2)[:1]])
    look(runs)
    history = runs.history(str(folder))
    assert history is not None
    assert len(history) == 5


def test_damaged_events_are_reported_and_do_not_block_other_runs(runs: RunsModel, store: Path) -> None:
    good, bad = make_run(store / "good"), make_run(store / "bad")
    (bad / "events.jsonl").write_text("nonsense\n")
    look(runs)
    runs.select([str(bad), str(good)])
    finish_jobs(runs)
    assert "line 1: not an event" in runs.problems[str(bad)]
    assert [run.path for run in runs.curves.drawn_runs] == [str(good)]
    assert {row.title: row.state for row in runs.rows} == {"good": "done", "bad": "unreadable"}


def test_colors_stay_while_the_selection_changes(runs: RunsModel, store: Path) -> None:
    paths = [str(make_run(store / f"run-{number}")) for number in range(4)]
    look(runs)
    runs.select(paths[:3])
    assert [runs.slot_of(path) for path in paths] == [0, 1, 2, None]
    runs.select([paths[3], paths[2], paths[0]])
    assert [runs.slot_of(path) for path in paths] == [0, None, 2, 1]
    assert runs.selected == (paths[0], paths[2], paths[3])
    finish_jobs(runs)
    assert [run.slot for run in runs.curves.drawn_runs] == [0, 2, 1]


def test_only_a_limited_number_of_runs_is_drawn(runs: RunsModel, store: Path) -> None:
    paths = [str(make_run(store / f"run-{n:02}", epochs=1)) for n in range(MOST_DRAWN + 3)]
    look(runs)
    runs.select(paths)
    finish_jobs(runs)
    assert len(runs.selected) == MOST_DRAWN + 3
    assert len(runs.curves.drawn_runs) == MOST_DRAWN


def test_the_filter_lists_matches_and_reports_invalid_terms(runs: RunsModel, store: Path) -> None:
    make_run(store / "slow", learning_rate=0.001)
    make_run(store / "fast", learning_rate=0.5)
    look(runs)
    runs.set_filter("lr>0.1")
    assert [runs.filtered.run_at(row).title for row in range(runs.filtered.rowCount())] == ["fast"]
    assert runs.summary.startswith("1 of 2 runs")
    runs.set_filter("lr>quick")
    assert "learning_rate" in runs.filter_problem
    assert "got quick" in runs.filter_problem
    assert runs.filtered.rowCount() == 2


# Actions


def test_notes_are_written_when_the_selection_changes(
    runs: RunsModel, actions: RunActions, store: Path
) -> None:
    folder = make_run(store / "one")
    look(runs)
    runs.select([str(folder)])
    actions.set_note(str(folder), "n")
    actions.set_note(str(folder), "no augmentation")
    actions.set_tags(str(folder), "good, lecture")
    assert actions.notes(str(folder)) == Notes(note="no augmentation", tags=("good", "lecture"))
    assert read_notes(folder) == Notes()
    runs.select([])
    finish_jobs(actions)
    assert read_notes(folder) == Notes(note="no augmentation", tags=("good", "lecture"))
    look(runs)
    assert runs.rows[0].tags == ("good", "lecture")


def test_deleting_asks_first_names_what_it_frees_and_keeps_active_runs(
    runs: RunsModel, actions: RunActions, store: Path, qtbot: QtBot
) -> None:
    done, on = make_run(store / "done"), make_run(store / "on", ended="")
    with WriterLock(on):
        look(runs)
        runs.select([str(done), str(on)])
        assert actions.delete_disabled_reason() == ""
        asked: list[DeletionPlan] = []
        actions.deletion_planned.connect(asked.append)
        actions.plan_deletion()
        finish_jobs(actions)
        (plan,) = asked
        assert plan.paths == (str(done),)
        assert plan.question.startswith("Delete 1 run? ")
        assert "on: is being trained" in plan.details
        said: list[str] = []
        actions.done.connect(said.append)
        actions.apply(plan)
        finish_jobs(actions)
        look(runs)
    assert not done.exists()
    assert on.exists()
    assert said[0].startswith("deleted 1 run, freed ")
    assert runs.selected == (str(on),)


def test_deleting_says_which_run_is_open_in_the_editor(runs: RunsModel, store: Path) -> None:
    folder, other = make_run(store / "here"), make_run(store / "other")
    actions = RunActions(runs, lambda: folder)
    asked: list[DeletionPlan] = []
    actions.deletion_planned.connect(asked.append)
    look(runs)
    for selected in ([folder, other], [other]):
        runs.select([str(path) for path in selected])
        actions.plan_deletion()
        finish_jobs(actions)
    assert "open in the editor" in asked[0].details
    assert "editor" not in asked[1].details
    runs.select([str(folder)])
    actions.plan_deletion("best only")
    finish_jobs(actions)
    assert "editor" not in asked[2].details, "its folder stays"
    close_jobs(actions)


def test_cleaning_up_takes_all_runs_without_a_selection(
    runs: RunsModel, actions: RunActions, store: Path
) -> None:
    folders = [make_run(store / f"run-{number}") for number in range(3)]
    look(runs)
    asked: list[DeletionPlan] = []
    actions.deletion_planned.connect(asked.append)
    actions.plan_deletion("best only")
    finish_jobs(actions)
    assert (len(asked[0].paths), asked[0].bytes) == (3, 3 * 700)
    actions.apply(asked[0])
    finish_jobs(actions)
    assert not any((folder / "last.safetensors").exists() for folder in folders)
    assert all((folder / "best.safetensors").exists() for folder in folders)


def test_runs_outside_the_store_are_added_and_removed(
    runs: RunsModel, actions: RunActions, store: Path, tmp_path: Path
) -> None:
    for number in range(2):
        make_run(tmp_path / "far" / f"run-{number}")
    actions.add_folder(tmp_path / "far")
    finish_jobs(actions)
    look(runs)
    assert len(runs.rows) == 2
    assert actions.is_elsewhere(runs.rows[0].path)
    actions.forget(runs.rows[0].path)
    finish_jobs(actions)
    look(runs)
    assert len(runs.rows) == 1
    failed: list[str] = []
    actions.failed.connect(failed.append)
    actions.add_folder(tmp_path)
    finish_jobs(actions)
    assert "found no run.json" in failed[0]


def test_two_selected_runs_are_compared(runs: RunsModel, actions: RunActions, store: Path) -> None:
    one, other = (
        make_run(store / "one"),
        make_run(store / "other", learning_rate=0.5, ended="", accuracy=0.25),
    )
    look(runs)
    runs.select([str(one)])
    assert actions.difference is None
    runs.select([str(one), str(other)])
    finish_jobs(actions)

    def difference() -> dict[str, tuple[str, str]]:
        return {row.name: (row.first, row.second) for row in actions.difference or ()}

    assert next(iter(difference())) == "Outcome"
    assert list(difference())[-2:] == ["Settings", "learning rate"]
    assert difference()["Accuracy"][1] == "25.0 %"
    assert difference()["State"] == ("done", "running")
    write(other, [finished("other", 2)])
    look(runs)
    assert "State" not in difference(), "the outcome is kept up to date"


# Opening in the editor


@pytest.fixture
def models(qtbot: QtBot) -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def trained(store: Path, models: Bench) -> Path:
    """A run that was trained on the blobs."""
    network, config = models.editor.network, TrainConfig(epochs=2, batch_size=16, threads=1, optimizer="sgd")
    folder = RunRecorder.create(store / "trained", network=network, config=config, data="blobs")
    with folder:
        result = train(Job(folder.record.run, network, config, blobs()), folder.sink, folder.observe)
        folder.close(result)
    return folder.path


def test_a_run_comes_back_into_the_editor_with_settings_and_weights(
    runs: RunsModel, models: Bench, trained: Path
) -> None:
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    network = models.editor.network
    models.editor.open_network(preset("lenet-5").network)
    assert "select a run" in loader.disabled_reason()
    look(runs)
    runs.select([str(trained)])
    said: list[str] = []
    loader.done.connect(said.append)
    loader.failed.connect(said.append)
    loader.open()
    finish_jobs(loader)
    (text,) = said
    assert "opened trained, with its weights" in text
    assert models.editor.network == network
    assert (models.settings.config.optimizer, models.settings.config.epochs) == ("sgd", 2)
    here = models.run.weights_cache.trained_for_editor
    assert here is not None
    assert here.weights.last_epoch == 2
    assert here.weights.best is not None
    assert len(models.run.history.epochs) == 2
    models.editor.undo()
    assert models.editor.network.name == "lenet-5"


def test_a_run_opens_with_the_weights_of_its_best_epoch(
    runs: RunsModel, models: Bench, trained: Path
) -> None:
    about, best = read_checked(trained / "best.safetensors", "weights")
    write_checked(best, trained / "best.safetensors", about | {"epoch": "1"})
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    runs.select([str(trained)])
    said: list[str] = []
    loader.done.connect(said.append)
    loader.open(at_best=True)
    finish_jobs(loader)
    assert "epoch 1" in said[0]
    here = models.run.weights_cache.trained_for_editor
    assert here is not None
    assert here.weights.last_epoch == 1
    assert all(torch.equal(here.weights.last[key], value) for key, value in best.items())
    assert [done.epoch for done in models.run.history.epochs] == [1]


def test_a_run_without_weights_opens_as_a_network(runs: RunsModel, models: Bench, store: Path) -> None:
    folder = make_run(store / "bare", weights=False, data="blobs")
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    runs.select([str(folder)])
    said: list[str] = []
    loader.done.connect(said.append)
    loader.open()
    finish_jobs(loader)
    assert "no weights" in said[0]
    assert models.run.weights_cache.trained_for_editor is None


def test_a_run_without_weights_does_not_continue_with_those_of_the_previous_run(
    runs: RunsModel, models: Bench, trained: Path, store: Path
) -> None:
    bare = make_run(store / "bare", weights=False, data="blobs", network=models.editor.network)
    before = (trained / "events.jsonl").read_bytes()
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    for folder in (trained, bare):
        runs.select([str(folder)])
        loader.open()
        finish_jobs(loader)
        assert models.run.can_resume == (folder == trained)
    assert models.run.weights_cache.trained_for_editor is None
    assert models.run.history.empty
    assert (trained / "events.jsonl").read_bytes() == before
    assert not models.run.disabled_reason("restore_previous"), "the previous weights are one click away"
    models.run.restore_previous()
    assert models.run.can_resume


def test_damaged_weights_are_reported_and_the_network_still_opens(
    runs: RunsModel, models: Bench, trained: Path
) -> None:
    (trained / "last.safetensors").write_bytes(b"x" * 100)
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    runs.select([str(trained)])
    failed: list[str] = []
    loader.failed.connect(failed.append)
    loader.open()
    finish_jobs(loader)
    assert "its weights cannot be read" in failed[0]


@pytest.mark.parametrize("which", ["last", "best", "checkpoint"])
def test_a_damaged_file_does_not_affect_the_others(trained: Path, which: str) -> None:
    path = trained / f"{which}.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    opened = read_run(trained)
    assert f"{which}.safetensors: damaged since it was written" in opened.problem
    assert opened.trained is not None
    assert opened.trained.weights.last_epoch == RunFolder.open(trained).last_epoch
    assert (opened.trained.weights.best is None) == (which == "best")
    assert (opened.trained.weights.best_epoch is None) == (which == "best")
    assert (opened.trained.state is None) == (which == "checkpoint")


def test_a_checkpoint_of_another_network_is_not_resumed(trained: Path) -> None:
    state = RunFolder.open(trained).state()
    others = {f"other.{key}": tensor for key, tensor in state.weights.items()}
    save(replace(state, weights=others), trained / "checkpoint.safetensors")
    opened = read_run(trained)
    assert "another network" in opened.problem
    assert opened.trained is not None
    assert opened.trained.state is None


def test_a_stopped_run_resumes_in_its_folder_exactly_where_it_stopped(
    runs: RunsModel, models: Bench, store: Path, qtbot: QtBot
) -> None:
    network, config = models.editor.network, TrainConfig(epochs=3, batch_size=16, threads=1)
    folder, control = (
        RunRecorder.create(store / "stopped", network=network, config=config, data="blobs"),
        Control(),
    )

    def observe(seen: Observation) -> None:
        folder.observe(seen)
        if seen.checkpoint is not None:
            control.stop()

    folder.close(train(Job(folder.record.run, network, config, blobs()), folder.sink, observe, control))
    look(runs)
    assert (runs.rows[0].state, runs.rows[0].epochs_done) == ("stopped", 1)
    loader = RunLoader(runs, models.editor, models.settings, models.data, models.run)
    models.settings.set("threads", 2)
    runs.select([str(folder.path)])
    loader.open()
    finish_jobs(loader)
    assert models.settings.config.threads == 2, "threads stay this machine's"
    assert models.run.start()
    until(qtbot, models.run, "idle")
    models.run.shutdown()
    look(runs)
    (row,) = runs.rows
    assert (row.state, row.epochs_done, row.epochs_asked, row.steps) == ("done", 3, 3, 24)
