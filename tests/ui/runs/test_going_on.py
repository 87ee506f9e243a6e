"""A run that was cut off is found when the program starts, and ends with the weights of one that was not."""

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
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.shell.session import Session
from tests.cut_bench import EPOCHS, cut_off, prepare
from tests.train_bench import WAIT


class Started:
    """A session as the program starts it, with all that it said."""

    def __init__(self) -> None:
        self.session = Session(Preferences())
        self.failed: list[str] = []
        self.said: list[str] = []
        self.session.failed.connect(self.failed.append)
        self.session.message.connect(self.said.append)

    def look(self) -> None:
        self.session.cut_run.look(self.session.cut_run.offer)
        self.session.cut_run.wait()


@pytest.fixture
def made() -> Iterator[list[Started]]:
    """Sessions that are shut down in order."""
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


def never_cut(qtbot: QtBot, made: list[Started]) -> dict[str, torch.Tensor]:
    """The weights of the same run, left alone."""
    made.append(Started())
    session = made[-1].session
    prepare(session)
    session.data.choose("mnist-sample")
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    assert session.run.start()
    idle(qtbot, session)
    assert session.run.weights is not None
    return session.run.weights


def test_a_killed_run_is_offered_and_goes_on_to_the_weights_of_one_never_cut(
    qtbot: QtBot, made: list[Started], started: Started
) -> None:
    folder = cut_off()
    session = started.session
    started.look()
    assert session.cut_run.words == f"A run of tiny-cnn was cut off in epoch 3 of {EPOCHS}."
    session.cut_run.go_on()
    qtbot.waitUntil(lambda: session.run.active or bool(started.failed), timeout=WAIT)
    assert started.failed == []
    assert session.cut_run.words == "", "it is not offered any more"
    assert session.editor.network.name == "tiny-cnn"
    assert session.settings.config.epochs == EPOCHS
    idle(qtbot, session)
    assert any("goes on in epoch" in words for words in started.said)
    assert [done.epoch for done in session.run.history.epochs] == list(range(1, EPOCHS + 1))
    weights = session.run.weights
    assert weights is not None
    session.run.shutdown()
    assert list(store_folder().iterdir()) == [folder], "it went on in its own folder"
    told = effective_events(RunFolder.open(folder).events())
    assert [event.epoch for event in told if isinstance(event, EpochDone)] == list(range(1, EPOCHS + 1))
    steps = [event.step for event in told if isinstance(event, Stepped)]
    assert steps == list(range(1, steps[-1] + 1))
    whole = never_cut(qtbot, made)
    assert all(torch.equal(weights[key], whole[key]) for key in whole)


def test_a_run_that_was_cut_off_in_its_first_epoch_goes_on_too(qtbot: QtBot, started: Started) -> None:
    folder = cut_off()
    for name in ("last.safetensors", "best.safetensors"):
        (folder / name).unlink()
    started.session.go_on(folder)
    qtbot.waitUntil(lambda: started.session.run.active or bool(started.failed), timeout=WAIT)
    assert started.failed == []
    idle(qtbot, started.session)
    assert started.session.run.history.last_x == EPOCHS


def test_what_was_dismissed_is_not_offered_again(started: Started, made: list[Started]) -> None:
    cut_off()
    started.look()
    assert started.session.cut_run.words
    started.session.cut_run.dismiss()
    assert started.session.cut_run.words == ""
    started.session.preferences.sync()
    made.append(Started())
    made[-1].look()
    assert made[-1].session.cut_run.words == ""


def test_what_the_kill_left_behind_goes_and_the_run_stays(started: Started) -> None:
    folder = cut_off()
    assert (folder / LOCK).exists()
    part = folder / ".checkpoint.safetensors.0123abcd.part"
    part.write_bytes(b"half")
    started.look()
    assert not part.exists()
    assert RunFolder.open(folder).has_checkpoint


def test_where_its_pictures_are_gone_the_run_is_open_and_says_what_is_missing(
    qtbot: QtBot, started: Started
) -> None:
    folder = cut_off()
    record = (folder / "run.json").read_text()
    (folder / "run.json").write_text(
        record.replace('"data": "mnist-sample"', '"data": "folder:/nowhere/at/all"')
    )
    started.session.go_on(folder)
    qtbot.waitUntil(lambda: bool(started.failed) and bool(started.said), timeout=WAIT)
    assert "/nowhere/at/all" in started.failed[0]
    assert "once all is chosen, Go on (F5) trains what is left" in started.said[-1]
    assert not started.session.run.active
    assert started.session.run.trained_for_editor is not None


def test_other_validation_pictures_are_refused_and_the_weights_open(qtbot: QtBot, started: Started) -> None:
    folder = cut_off()
    record = (folder / "run.json").read_text()
    assert '"mark": ""' in record
    (folder / "run.json").write_text(record.replace('"mark": ""', '"mark": "of another split"'))
    started.session.go_on(folder)
    qtbot.waitUntil(lambda: bool(started.failed), timeout=WAIT)
    assert "other pictures of mnist-sample validate than when it began" in started.failed[0]
    assert not started.session.run.active
    trained = started.session.run.trained_for_editor
    assert trained is not None
    assert trained.state is None, "it could only go on as another run"


@pytest.mark.parametrize("missing", ["checkpoint.safetensors", "run.json", "everything"])
def test_what_cannot_go_on_is_told(qtbot: QtBot, started: Started, missing: str) -> None:
    folder = cut_off()
    before = started.session.editor.network
    if missing == "everything":
        shutil.rmtree(folder)
    else:
        (folder / missing).unlink()
    started.session.go_on(folder)
    qtbot.waitUntil(lambda: bool(started.failed), timeout=WAIT)
    wanted = {"checkpoint.safetensors": "no checkpoint to go on from", "run.json": "not a run"}
    assert wanted.get(missing, "no such folder") in started.failed[0]
    assert started.session.editor.network is before


def test_while_a_run_is_on_no_other_goes_on(qtbot: QtBot, started: Started) -> None:
    folder = cut_off()
    session = started.session
    session.warm_up()
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    started.look()
    session.run.start()
    assert session.cut_run.words == "", "nothing is offered that cannot be done"
    session.go_on(folder)
    assert started.failed == [f"{folder.name} cannot go on now: a run is on in this window: stop it first."]
