"""Runs of the window are recorded in the run store, and resume where they were stopped."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.network.edits import rename
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.remove import delete
from cnnplay.runs.run_store import store_folder
from cnnplay.runs.writer_lock import LOCK, WriterLock
from cnnplay.spec import events
from tests.train_bench import ENDLESS, WAIT, Bench, bench, until


def _folders() -> list[Path]:
    return sorted(store_folder().iterdir()) if store_folder().exists() else []


def _stopped_in_the_middle(qtbot: QtBot, one: Bench) -> None:
    """After 11 steps of 8 an epoch."""
    one.run.single_step()
    until(qtbot, one.run, "paused")
    while len(one.run.history) < 11:
        done = len(one.run.history)
        one.run.single_step()
        qtbot.waitUntil(lambda done=done: len(one.run.history) > done, timeout=WAIT)
    one.run.stop()
    until(qtbot, one.run, "idle")


def test_a_run_leaves_a_folder_with_its_events_and_weights(qtbot: QtBot) -> None:
    with bench(epochs=2) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
    (path,) = _folders()
    folder = RunFolder.open(path)
    assert folder.outcome().ended == "done"
    assert [event.epoch for event in folder.events() if isinstance(event, events.EpochDone)] == [1, 2]
    assert one.run.weights_cache.weights is not None
    assert all(
        torch.equal(folder.weights("last")[key], one.run.weights_cache.weights[key])
        for key in one.run.weights_cache.weights
    )


def test_a_stopped_run_resumes_there_and_in_its_folder(qtbot: QtBot) -> None:
    settings = {"epochs": 3, "schedule": "cosine", "averaging": 0.5, "shift": 1}
    with bench(**settings) as whole:
        whole.run.start()
        until(qtbot, whole.run, "idle")
    with bench(**settings) as one:
        _stopped_in_the_middle(qtbot, one)
        assert one.run.start()
        until(qtbot, one.run, "idle")
        steps = [int(number) for number in one.run.history.numbers]
        assert steps == list(range(1, 25)), "no step was done twice"
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3]
    assert whole.run.weights_cache.weights is not None
    assert one.run.weights_cache.weights is not None
    assert all(
        torch.equal(whole.run.weights_cache.weights[key], one.run.weights_cache.weights[key])
        for key in one.run.weights_cache.weights
    )
    assert len(_folders()) == 2, "it was resumed in its own folder"


def test_with_another_setting_a_stopped_run_is_resumed_as_a_new_one(qtbot: QtBot) -> None:
    with bench(epochs=3) as one:
        _stopped_in_the_middle(qtbot, one)
        one.settings.set("optimizer", "sgd")
        assert one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3]
    assert len(_folders()) == 2


def test_more_epochs_can_be_requested_before_a_stopped_run_is_resumed(qtbot: QtBot) -> None:
    with bench(epochs=3) as one:
        _stopped_in_the_middle(qtbot, one)
        one.settings.set("epochs", 4)
        assert one.run.start()
        until(qtbot, one.run, "idle")
        assert [done.epoch for done in one.run.history.epochs] == [1, 2, 3, 4]
        assert one.run.history.target == 4
    assert len(_folders()) == 1


def test_fewer_epochs_end_an_active_run(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        qtbot.waitUntil(lambda: len(one.run.history.epochs) > 0, timeout=WAIT)
        one.settings.set("epochs", 1)
        until(qtbot, one.run, "idle")
        assert one.run.history.finished is not None
        assert one.run.history.finished.reason == "done"


def test_nothing_stays_of_a_run_that_learned_nothing(qtbot: QtBot) -> None:
    with bench(epochs=ENDLESS) as one:
        one.run.start()
        one.run.stop()
        until(qtbot, one.run, "idle")
    assert _folders() == []


def test_if_no_folder_can_be_created_that_is_noted_and_the_run_continues(
    qtbot: QtBot, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folders / "plain").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_DATA_HOME", str(own_folders / "plain"))
    with bench(epochs=1) as one:
        one.run.start()
        until(qtbot, one.run, "idle")
        assert one.run.weights_cache.trained is not None
        assert any("not saved" in note for note in one.run.history.notes)


def test_a_run_that_stopped_early_trains_on_when_it_is_resumed(qtbot: QtBot) -> None:
    with bench(epochs=50, early_stopping=2, learning_rate=1e-12) as one:
        for epochs in (3, 5):
            assert one.run.start()
            until(qtbot, one.run, "idle")
            assert one.run.history.finished is not None
            assert one.run.history.finished.reason == "early"
            assert len(one.run.history.epochs) == epochs
    assert len(_folders()) == 1


@pytest.mark.parametrize("why", ["deleted", "damaged", "written by another program"])
def test_a_run_whose_folder_cannot_be_used_continues_whole_in_a_new_one(qtbot: QtBot, why: str) -> None:
    with bench(epochs=3) as one, ExitStack() as stack:
        _stopped_in_the_middle(qtbot, one)
        (path,) = _folders()
        if why == "deleted":
            delete(path)
        elif why == "damaged":
            (path / "run.json").write_text("{}")
        else:
            qtbot.waitUntil(lambda: not (path / LOCK).exists(), timeout=WAIT)
            stack.enter_context(WriterLock(path))
        assert one.run.start()
        until(qtbot, one.run, "idle")
        notes = " ".join(one.run.history.notes)
        assert "new run" in notes
        assert "cnnplay " not in notes
        assert "not saved" not in notes
        assert [int(number) for number in one.run.history.numbers] == list(range(1, 25))
    (again,) = (folder for folder in _folders() if folder != path)
    folder = RunFolder.open(again)
    found = folder.events()
    assert [event.epoch for event in found if isinstance(event, events.EpochDone)] == [1, 2, 3]
    assert [event.step for event in found if isinstance(event, events.Stepped)] == list(range(1, 25))
    assert one.run.weights_cache.weights is not None
    assert all(
        torch.equal(folder.weights("last")[key], value)
        for key, value in one.run.weights_cache.weights.items()
    )


def test_the_best_weights_of_a_deleted_run_are_in_its_new_folder(qtbot: QtBot) -> None:
    """Also if no later epoch is better: here the run is stopped again before one ends."""
    with bench(epochs=3) as one:
        _stopped_in_the_middle(qtbot, one)
        best = one.run.weights_cache.trained
        assert best is not None
        assert best.weights.best is not None
        delete(_folders()[0])
        one.run.single_step()
        until(qtbot, one.run, "paused")
        one.run.stop()
        until(qtbot, one.run, "idle")
    (path,) = _folders()
    kept = RunFolder.open(path).best()
    assert kept is not None
    assert kept.epoch == 1
    assert all(torch.equal(kept.weights[key], value) for key, value in best.weights.best.items())


def test_a_network_that_was_only_renamed_resumes_exactly(qtbot: QtBot) -> None:
    with bench(epochs=3) as one:
        _stopped_in_the_middle(qtbot, one)
        one.editor.apply(rename(one.editor.network, "mine"))
        assert one.run.start()
        until(qtbot, one.run, "idle")
        assert [int(number) for number in one.run.history.numbers] == list(range(1, 25))
    assert len(_folders()) == 1
