"""The list of runs in the window: following what others write, choosing, deeds, opening in the editor."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.runs import run_store
from cnnplay.runs.checkpoint import save
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.library import Library
from cnnplay.runs.notes import Notes, read_notes
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.writer_lock import WriterLock
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation
from cnnplay.training.loop import train
from cnnplay.ui.runs.run_deeds import RunDeeds
from cnnplay.ui.runs.run_opening import RunOpener, read
from cnnplay.ui.runs.run_weighing import Weighed
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
    model.shutdown()


@pytest.fixture
def deeds(runs: RunsModel) -> Iterator[RunDeeds]:
    found = RunDeeds(runs)
    yield found
    found.shutdown()


def look(runs: RunsModel) -> None:
    """One look at the whole store, to its end."""
    runs.look_soon()
    runs.wait()


def test_a_run_that_another_program_writes_is_followed(runs: RunsModel, store: Path) -> None:
    folder = make_run(store / "one", epochs=1, ended="")
    with WriterLock(folder):
        look(runs)
        (row,) = runs.rows
        assert row.state == "running"
        runs.choose([row.path])
        runs.wait()
        trace = runs.trace(row.path)
        assert trace is not None
        assert len(trace) == 4
        events = epoch_events("one", 2)
        write(folder, events[:2])
        with (folder / "events.jsonl").open("ab") as file:
            file.write(b'{"event":"step","run"')
        runs._look()
        runs.wait()
        assert runs.trace(row.path) is trace, "read on, not anew"
        assert len(trace) == 6
        assert runs.rows[0].steps == 6
        with (folder / "events.jsonl").open("r+b") as file:
            file.seek(-len(b'{"event":"step","run"'), os.SEEK_END)
            file.truncate()
        write(folder, [*events[2:], finished("one", 2)])
        look(runs)
    assert (runs.rows[0].state, runs.rows[0].epochs_done) == ("done", 2)
    assert len(trace) == 8
    assert trace.ended


def test_looking_goes_on_by_itself_while_somebody_watches(runs: RunsModel, store: Path, qtbot: QtBot) -> None:
    folder = make_run(store / "one", epochs=1, ended="")
    runs.watch(True)
    qtbot.waitUntil(lambda: len(runs.rows) == 1, timeout=10_000)
    write(folder, epoch_events("one", 2))
    qtbot.waitUntil(lambda: runs.rows[0].epochs_done == 2, timeout=10_000)
    runs.watch(False)


def test_a_run_that_goes_on_anew_replaces_its_curves(runs: RunsModel, store: Path) -> None:
    folder = make_run(store / "one", epochs=2, ended="")
    look(runs)
    runs.choose([str(folder)])
    runs.wait()
    write(folder, [started("one", TrainConfig(epochs=2), done=4, within=2), *epoch_events("one", 2)[:1]])
    look(runs)
    trace = runs.trace(str(folder))
    assert trace is not None
    assert len(trace) == 5


def test_damaged_events_are_told_and_hold_nothing_else_up(runs: RunsModel, store: Path) -> None:
    good, bad = make_run(store / "good"), make_run(store / "bad")
    (bad / "events.jsonl").write_text("nonsense\n")
    look(runs)
    runs.choose([str(bad), str(good)])
    runs.wait()
    assert "line 1: not an event" in runs.problems[str(bad)]
    assert [run.path for run in runs.curves.shown] == [str(good)]
    assert {row.title: row.state for row in runs.rows} == {"good": "done", "bad": "unreadable"}


def test_colours_stay_while_the_choice_changes(runs: RunsModel, store: Path) -> None:
    paths = [str(make_run(store / f"run-{number}")) for number in range(4)]
    look(runs)
    runs.choose(paths[:3])
    assert [runs.slot_of(path) for path in paths] == [0, 1, 2, None]
    runs.choose([paths[3], paths[2], paths[0]])
    assert [runs.slot_of(path) for path in paths] == [0, None, 2, 1]
    assert runs.chosen == (paths[0], paths[2], paths[3])
    runs.wait()
    assert [run.slot for run in runs.curves.shown] == [0, 2, 1]


def test_no_more_than_some_are_drawn(runs: RunsModel, store: Path) -> None:
    paths = [str(make_run(store / f"run-{n:02}", epochs=1)) for n in range(MOST_DRAWN + 3)]
    look(runs)
    runs.choose(paths)
    runs.wait()
    assert len(runs.chosen) == MOST_DRAWN + 3
    assert len(runs.curves.shown) == MOST_DRAWN


def test_the_filter_lists_and_says_what_it_did_not_understand(runs: RunsModel, store: Path) -> None:
    make_run(store / "slow", learning_rate=0.001)
    make_run(store / "fast", learning_rate=0.5)
    look(runs)
    runs.set_filter("lr>0.1")
    assert [runs.picked.run_at(row).title for row in range(runs.picked.rowCount())] == ["fast"]
    assert runs.words.startswith("1 of 2 runs")
    runs.set_filter("lr>quick")
    assert runs.filter_problem == "learning_rate> expects a number; got quick"
    assert runs.picked.rowCount() == 2


# Deeds


def test_what_is_typed_is_written_when_the_choice_changes(
    runs: RunsModel, deeds: RunDeeds, store: Path
) -> None:
    folder = make_run(store / "one")
    look(runs)
    runs.choose([str(folder)])
    deeds.note(str(folder), "n")
    deeds.note(str(folder), "no augmentation")
    deeds.tag(str(folder), "good, lecture")
    assert deeds.about(str(folder)) == Notes(note="no augmentation", tags=("good", "lecture"))
    assert read_notes(folder) == Notes()
    runs.choose([])
    deeds.wait()
    assert read_notes(folder) == Notes(note="no augmentation", tags=("good", "lecture"))
    look(runs)
    assert runs.rows[0].tags == ("good", "lecture")


def test_deleting_asks_with_what_it_frees_and_leaves_a_run_that_is_on(
    runs: RunsModel, deeds: RunDeeds, store: Path, qtbot: QtBot
) -> None:
    done, on = make_run(store / "done"), make_run(store / "on", ended="")
    with WriterLock(on):
        look(runs)
        runs.choose([str(done), str(on)])
        assert deeds.why_not_delete() == ""
        asked: list[Weighed] = []
        deeds.weighed.connect(asked.append)
        deeds.weigh()
        deeds.wait()
        (order,) = asked
        assert order.paths == (str(done),)
        assert order.question.startswith("Delete 1 run? This frees ")
        assert "on: is being trained" in order.words
        said: list[str] = []
        deeds.done.connect(said.append)
        deeds.carry_out(order)
        deeds.wait()
        look(runs)
    assert not done.exists()
    assert on.exists()
    assert said[0].startswith("deleted 1 run, freed ")
    assert runs.chosen == (str(on),)


def test_cleaning_up_takes_all_where_none_is_chosen(runs: RunsModel, deeds: RunDeeds, store: Path) -> None:
    folders = [make_run(store / f"run-{number}") for number in range(3)]
    look(runs)
    asked: list[Weighed] = []
    deeds.weighed.connect(asked.append)
    deeds.weigh("best only")
    deeds.wait()
    assert (len(asked[0].paths), asked[0].bytes) == (3, 3 * 700)
    deeds.carry_out(asked[0])
    deeds.wait()
    assert not any((folder / "last.safetensors").exists() for folder in folders)
    assert all((folder / "best.safetensors").exists() for folder in folders)


def test_a_folder_of_runs_elsewhere_is_listed_and_taken_off(
    runs: RunsModel, deeds: RunDeeds, store: Path, tmp_path: Path
) -> None:
    for number in range(2):
        make_run(tmp_path / "far" / f"run-{number}")
    deeds.add(tmp_path / "far")
    deeds.wait()
    look(runs)
    assert len(runs.rows) == 2
    assert deeds.is_elsewhere(runs.rows[0].path)
    deeds.forget(runs.rows[0].path)
    deeds.wait()
    look(runs)
    assert len(runs.rows) == 1
    failed: list[str] = []
    deeds.failed.connect(failed.append)
    deeds.add(tmp_path)
    deeds.wait()
    assert "found no run.json" in failed[0]


def test_two_chosen_runs_are_compared(runs: RunsModel, deeds: RunDeeds, store: Path) -> None:
    one, other = (
        make_run(store / "one"),
        make_run(store / "other", learning_rate=0.5, ended="", accuracy=0.25),
    )
    look(runs)
    runs.choose([str(one)])
    assert deeds.difference is None
    runs.choose([str(one), str(other)])
    deeds.wait()

    def told() -> dict[str, tuple[str, str]]:
        return {row.name: (row.first, row.second) for row in deeds.difference or ()}

    assert next(iter(told())) == "Outcome"
    assert list(told())[-2:] == ["Settings", "learning rate"]
    assert told()["Accuracy"][1] == "25.0 %"
    assert told()["State"] == ("done", "running")
    write(other, [finished("other", 2)])
    look(runs)
    assert "State" not in told(), "what came of a run is told as it stands"


# Opening in the editor


@pytest.fixture
def models(qtbot: QtBot) -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def trained(store: Path, models: Bench) -> Path:
    """A run that really learned from the blobs."""
    network, config = models.editor.network, TrainConfig(epochs=2, batch_size=16, threads=1, optimizer="sgd")
    folder = RunRecorder.create(store / "trained", network=network, config=config, data="blobs")
    with folder:
        result = train(Job(folder.record.run, network, config, blobs()), folder.sink, folder.observe)
        folder.close(result)
    return folder.path


def test_a_run_comes_back_into_the_editor_with_settings_and_weights(
    runs: RunsModel, models: Bench, trained: Path
) -> None:
    opener = RunOpener(runs, models.editor, models.settings, models.data, models.run)
    network = models.editor.network
    models.editor.open_network(preset("lenet-5").network)
    assert opener.disabled_reason() == "choose one run in the table first"
    look(runs)
    runs.choose([str(trained)])
    said: list[str] = []
    opener.done.connect(said.append)
    opener.failed.connect(said.append)
    opener.open()
    opener.wait()
    assert said == ["opened trained, with its weights; undo brings back what was there"]
    assert models.editor.network == network
    assert (models.settings.config.optimizer, models.settings.config.epochs) == ("sgd", 2)
    here = models.run.trained_for_editor
    assert here is not None
    assert here.last_epoch == 2
    assert here.best_weights is not None
    assert len(models.run.history.epochs) == 2
    models.editor.undo()
    assert models.editor.network.name == "lenet-5"


def test_a_run_without_weights_opens_as_a_network(runs: RunsModel, models: Bench, store: Path) -> None:
    folder = make_run(store / "bare", weights=False, data="blobs")
    opener = RunOpener(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    runs.choose([str(folder)])
    said: list[str] = []
    opener.done.connect(said.append)
    opener.open()
    opener.wait()
    assert "it kept no weights" in said[0]
    assert models.run.trained_for_editor is None


def test_a_run_without_weights_does_not_go_on_with_those_of_the_run_before(
    runs: RunsModel, models: Bench, trained: Path, store: Path
) -> None:
    bare = make_run(store / "bare", weights=False, data="blobs", network=models.editor.network)
    before = (trained / "events.jsonl").read_bytes()
    opener = RunOpener(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    for folder in (trained, bare):
        runs.choose([str(folder)])
        opener.open()
        opener.wait()
        assert models.run.can_resume == (folder == trained)
    assert models.run.trained_for_editor is None
    assert models.run.history.empty
    assert (trained / "events.jsonl").read_bytes() == before
    assert not models.run.disabled_reason("restore_previous"), "the weights before are a click away"
    models.run.restore_previous()
    assert models.run.can_resume


def test_damaged_weights_are_told_and_the_network_opens_all_the_same(
    runs: RunsModel, models: Bench, trained: Path
) -> None:
    (trained / "last.safetensors").write_bytes(b"x" * 100)
    opener = RunOpener(runs, models.editor, models.settings, models.data, models.run)
    look(runs)
    runs.choose([str(trained)])
    failed: list[str] = []
    opener.failed.connect(failed.append)
    opener.open()
    opener.wait()
    assert "its weights cannot be read" in failed[0]


@pytest.mark.parametrize("which", ["last", "best", "checkpoint"])
def test_a_damaged_file_takes_no_other_with_it(trained: Path, which: str) -> None:
    path = trained / f"{which}.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    opened = read(trained)
    assert f"{which}.safetensors: damaged since it was written" in opened.problem
    assert opened.trained is not None
    assert opened.trained.last_epoch == RunFolder.open(trained).last_epoch
    assert (opened.trained.best_weights is None) == (which == "best")
    assert (opened.trained.best_epoch is None) == (which == "best")
    assert (opened.trained.state is None) == (which == "checkpoint")


def test_a_checkpoint_of_another_network_is_not_gone_on_with(trained: Path) -> None:
    state = RunFolder.open(trained).state()
    others = {f"other.{key}": tensor for key, tensor in state.weights.items()}
    save(replace(state, weights=others), trained / "checkpoint.safetensors")
    opened = read(trained)
    assert "they are another network's" in opened.problem
    assert opened.trained is not None
    assert opened.trained.state is None


def test_a_stopped_run_goes_on_in_its_folder_just_where_it_was_stopped(
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
    opener = RunOpener(runs, models.editor, models.settings, models.data, models.run)
    models.settings.set("threads", 2)
    runs.choose([str(folder.path)])
    opener.open()
    opener.wait()
    assert models.settings.config.threads == 2, "they are this machine's"
    assert models.run.start()
    until(qtbot, models.run, "idle")
    models.run.shutdown()
    look(runs)
    (row,) = runs.rows
    assert (row.state, row.epochs_done, row.epochs_asked, row.steps) == ("done", 3, 3, 24)
