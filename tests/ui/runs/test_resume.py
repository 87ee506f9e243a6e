"""An interrupted run is found when the program starts, and resumes to the weights of an uninterrupted run."""

import shutil
from collections.abc import Iterator

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.runs.effective_events import effective_events
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.run_store import store_folder
from cnnplay.runs.writer_lock import LOCK
from cnnplay.spec.events import EpochDone, Stepped
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.shell.session import Session
from tests.interrupted_bench import EPOCHS, interrupt_run, prepare
from tests.train_bench import WAIT


class Started:
    """A session as the program starts it, with its messages."""

    def __init__(self) -> None:
        self.session = Session(Preferences())
        self.failed: list[str] = []
        self.said: list[str] = []
        self.session.failed.connect(self.failed.append)
        self.session.message.connect(self.said.append)

    def look(self) -> None:
        self.session.interrupted_run.find(self.session.interrupted_run.offer)
        finish_jobs(self.session.interrupted_run)


@pytest.fixture
def made() -> Iterator[list[Started]]:
    """Sessions, shut down in order."""
    all_of_them: list[Started] = []
    yield all_of_them
    for one in all_of_them:
        one.session.shutdown()


@pytest.fixture
def started(made: list[Started], qapp: object) -> Started:
    made.append(Started())
    return made[-1]


def idle(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.run.state == "idle", timeout=WAIT)


def uninterrupted(qtbot: QtBot, made: list[Started]) -> dict[str, torch.Tensor]:
    """The weights of the same run without an interruption."""
    made.append(Started())
    session = made[-1].session
    prepare(session)
    session.data.choose("mnist-sample")
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    assert session.run.start()
    idle(qtbot, session)
    assert session.run.weights_cache.weights is not None
    return session.run.weights_cache.weights


def test_a_killed_run_is_offered_and_resumes_to_the_weights_of_an_uninterrupted_run(
    qtbot: QtBot, made: list[Started], started: Started
) -> None:
    folder = interrupt_run()
    session = started.session
    started.look()
    text = session.interrupted_run.text
    assert all(part in text for part in ("tiny-cnn", "interrupted", "epoch 3", f"of {EPOCHS}"))
    session.interrupted_run.resume()
    qtbot.waitUntil(lambda: session.run.active or bool(started.failed), timeout=WAIT)
    assert started.failed == []
    assert session.interrupted_run.text == "", "it is no longer offered"
    assert session.editor.network.name == "tiny-cnn"
    assert session.settings.config.epochs == EPOCHS
    idle(qtbot, session)
    assert any("resumes in epoch" in text for text in started.said)
    assert [done.epoch for done in session.run.history.epochs] == list(range(1, EPOCHS + 1))
    weights = session.run.weights_cache.weights
    assert weights is not None
    session.run.shutdown()
    assert list(store_folder().iterdir()) == [folder], "it resumed in its own folder"
    told = effective_events(RunFolder.open(folder).events())
    assert [event.epoch for event in told if isinstance(event, EpochDone)] == list(range(1, EPOCHS + 1))
    steps = [event.step for event in told if isinstance(event, Stepped)]
    assert steps == list(range(1, steps[-1] + 1))
    whole = uninterrupted(qtbot, made)
    assert all(torch.equal(weights[key], whole[key]) for key in whole)


def test_a_run_interrupted_in_its_first_epoch_resumes_too(qtbot: QtBot, started: Started) -> None:
    folder = interrupt_run()
    for name in ("last.safetensors", "best.safetensors"):
        (folder / name).unlink()
    started.session.resume(folder)
    qtbot.waitUntil(lambda: started.session.run.active or bool(started.failed), timeout=WAIT)
    assert started.failed == []
    idle(qtbot, started.session)
    assert started.session.run.history.last_x == EPOCHS


def test_a_dismissed_run_is_not_offered_again(started: Started, made: list[Started]) -> None:
    interrupt_run()
    started.look()
    assert started.session.interrupted_run.text
    started.session.interrupted_run.dismiss()
    assert started.session.interrupted_run.text == ""
    started.session.preferences.sync()
    made.append(Started())
    made[-1].look()
    assert made[-1].session.interrupted_run.text == ""


def test_leftovers_of_the_kill_are_deleted_and_the_run_is_kept(started: Started) -> None:
    folder = interrupt_run()
    assert (folder / LOCK).exists()
    part = folder / ".checkpoint.safetensors.0123abcd.part"
    part.write_bytes(b"half")
    started.look()
    assert not part.exists()
    assert RunFolder.open(folder).has_checkpoint


def test_without_its_data_set_the_run_opens_and_says_what_is_missing(qtbot: QtBot, started: Started) -> None:
    folder = interrupt_run()
    record = (folder / "run.json").read_text()
    (folder / "run.json").write_text(
        record.replace('"data": "mnist-sample"', '"data": "folder:/nowhere/at/all"')
    )
    started.session.resume(folder)
    qtbot.waitUntil(lambda: bool(started.failed) and bool(started.said), timeout=WAIT)
    assert "/nowhere/at/all" in started.failed[0]
    assert all(part in started.said[-1] for part in ("choose all", "Resume (F5)"))
    assert not started.session.run.active
    assert started.session.run.weights_cache.trained_for_editor is not None


def test_another_validation_split_is_refused_and_the_weights_open(qtbot: QtBot, started: Started) -> None:
    folder = interrupt_run()
    record = (folder / "run.json").read_text()
    assert '"mark": ""' in record
    (folder / "run.json").write_text(record.replace('"mark": ""', '"mark": "of another split"'))
    started.session.resume(folder)
    qtbot.waitUntil(lambda: bool(started.failed), timeout=WAIT)
    assert "validation split of mnist-sample" in started.failed[0]
    assert not started.session.run.active
    trained = started.session.run.weights_cache.trained_for_editor
    assert trained is not None
    assert trained.state is None, "it could only continue as a new run"


@pytest.mark.parametrize("missing", ["checkpoint.safetensors", "run.json", "everything"])
def test_a_run_that_cannot_be_resumed_says_why(qtbot: QtBot, started: Started, missing: str) -> None:
    folder = interrupt_run()
    before = started.session.editor.network
    if missing == "everything":
        shutil.rmtree(folder)
    else:
        (folder / missing).unlink()
    started.session.resume(folder)
    qtbot.waitUntil(lambda: bool(started.failed), timeout=WAIT)
    wanted = {"checkpoint.safetensors": "no checkpoint", "run.json": "not a run"}
    assert wanted.get(missing, "no such folder") in started.failed[0]
    assert started.session.editor.network is before


def test_no_other_run_resumes_while_one_is_in_progress(qtbot: QtBot, started: Started) -> None:
    folder = interrupt_run()
    session = started.session
    session.warm_up()
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    started.look()
    session.run.start()
    assert session.interrupted_run.text == "", "it cannot be resumed now, so it is not offered"
    session.resume(folder)
    (failed,) = started.failed
    assert folder.name in failed
    assert "a run is in progress" in failed
