"""After a crash: the document has its name, its curve and the run's newest state again."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.runs.folder import RunFolder
from cnnplay.runs.run_store import store_folder
from cnnplay.runs.writer_lock import LOCK
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.preferences import Preferences, autosave_folder
from cnnplay.ui.plot.series import Floats
from cnnplay.ui.shell.session import Session
from tests.interrupted_bench import EPOCHS, prepare
from tests.train_bench import WAIT

Made = Callable[[], Session]


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Made]:
    """Sessions as the program starts them, with the digits loaded."""
    made: list[Session] = []

    def make() -> Session:
        session = Session(Preferences())
        made.append(session)
        session.data.choose("mnist-sample")
        qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
        return session

    yield make
    for session in made:
        session.shutdown()


def trains(qtbot: QtBot, session: Session, epochs: int) -> None:
    """Starts or resumes, and stops in the epoch after so many in all."""
    assert session.run.start()
    qtbot.waitUntil(lambda: len(session.run.history.epochs) >= epochs, timeout=WAIT)
    session.run.stop()
    qtbot.waitUntil(lambda: not session.run.active, timeout=WAIT)
    finish_jobs(session.document)


def autosaved(session: Session, name: str = "crashed") -> Path:
    """What a crash at this moment would leave: a copy, since this session lives on."""
    session.document.autosave()
    finish_jobs(session.document)
    (own,) = autosave_folder().glob(f"{os.getpid()}-*.cnnplay")
    return Path(shutil.copy2(own, autosave_folder() / f"{name}.cnnplay"))


def recovered(session: Session, left: Path) -> Session:
    session.document.recover(left)
    finish_jobs(session.document)
    return session


def curve(session: Session) -> Floats:
    """x and loss of each step."""
    points = session.run.history.steps("loss")
    return np.column_stack([points.x, points.y])


@pytest.mark.parametrize("how", ["exactly", "changed", "from a file"])
def test_a_resumed_run_is_recovered_with_all_that_was_before_it(
    qtbot: QtBot, start: Made, tmp_path: Path, how: str
) -> None:
    session = start()
    prepare(session)
    session.save(tmp_path / "digits.cnnplay")
    finish_jobs(session.document)
    trains(qtbot, session, 2)
    if how == "changed":
        session.settings.set("learning_rate", 5e-4)
    elif how == "from a file":
        session.save(tmp_path / "digits.cnnplay")
        finish_jobs(session.document)
        session.document.open(tmp_path / "digits.cnnplay")
        finish_jobs(session.document)
    trains(qtbot, session, 3)
    before, weights = curve(session), session.run.weights_cache.trained
    assert weights is not None
    other = recovered(start(), autosaved(session))
    found = other.run.weights_cache.trained
    assert found is not None
    assert other.document.path == tmp_path / "digits.cnnplay"
    assert other.document.dirty
    assert other.settings.config == session.settings.config
    assert [done.epoch for done in other.run.history.epochs] == [
        done.epoch for done in session.run.history.epochs
    ]
    assert curve(other) == pytest.approx(before)
    assert found.weights.best_epoch == weights.weights.best_epoch
    assert weights.weights.best is not None
    assert found.weights.best is not None
    best = weights.weights.best
    assert all(torch.equal(found.weights.best[key], best[key]) for key in best)
    session.run.shutdown()
    assert other.run.start(), "and its last epochs can be trained"
    qtbot.waitUntil(lambda: not other.run.active, timeout=WAIT)
    assert [done.epoch for done in other.run.history.epochs] == list(range(1, EPOCHS + 1))
    assert curve(other)[: len(before)] == pytest.approx(before)
    assert not [note for note in other.run.history.notes if "missing" in note]
    assert not list(autosave_folder().glob("crashed*"))


def test_a_resumed_runs_folder_holds_the_training_from_its_beginning(qtbot: QtBot, start: Made) -> None:
    session = start()
    prepare(session)
    session.settings.set("epochs", 2)
    assert session.run.start()
    qtbot.waitUntil(lambda: not session.run.active, timeout=WAIT)
    session.settings.set("epochs", 3)
    session.settings.set("learning_rate", 1e-12)
    trains(qtbot, session, 3)
    session.shutdown()
    first, second = sorted(
        map(RunFolder.open, store_folder().iterdir()), key=lambda one: one.path.stat().st_mtime
    )
    assert list(second.outcome().epochs) == [1, 2, 3]
    assert second.outcome().epochs_asked == 3
    assert second.best_epoch is not None
    if second.best_epoch <= 2:
        its = first.weights("best")
        assert all(torch.equal(second.weights("best")[key], its[key]) for key in its)


def test_a_state_in_the_runs_folder_that_is_newer_than_the_autosave_is_recovered(
    qtbot: QtBot, start: Made
) -> None:
    """As after a kill within a second of the end."""
    session = start()
    prepare(session)
    kept: list[Path] = []
    session.run.recorder.epoch_done.connect(lambda: kept or kept.append(autosaved(session)))
    assert session.run.start()
    qtbot.waitUntil(lambda: bool(session.run.history.ended) and not session.run.active, timeout=WAIT)
    session.run.shutdown()
    assert session.run.history.last is not None
    other = recovered(start(), kept[0])
    assert [done.epoch for done in other.run.history.epochs] == list(range(1, EPOCHS + 1))
    assert curve(other) == pytest.approx(curve(session))
    found, ours = other.run.weights_cache.weights, session.run.weights_cache.weights
    assert found is not None
    assert ours is not None
    assert all(torch.equal(found[key], ours[key]) for key in ours)


@pytest.mark.parametrize("lost", ["folder", "another run in it", "damaged"])
def test_without_the_runs_folder_the_autosave_is_recovered_as_it_is(
    qtbot: QtBot, start: Made, lost: str
) -> None:
    session = start()
    prepare(session)
    trains(qtbot, session, 2)
    left = autosaved(session)
    session.run.shutdown()
    (folder,) = store_folder().iterdir()
    qtbot.waitUntil(lambda: not (folder / LOCK).exists(), timeout=WAIT)  # everything is written
    if lost == "folder":
        shutil.rmtree(folder)
    elif lost == "damaged":
        (folder / "run.json").write_text("not JSON")
    else:
        record = (folder / "run.json").read_text()
        run = RunFolder.open(folder).record.run
        (folder / "run.json").write_text(record.replace(run, "another"))
    other = recovered(start(), left)
    assert len(other.run.history.epochs) == len(session.run.history.epochs)
    assert curve(other) == pytest.approx(curve(session))
    assert other.run.weights_cache.trained is not None


def test_a_file_that_another_window_saved_since_is_not_taken_for_this_document(
    start: Made, tmp_path: Path
) -> None:
    session, file = start(), tmp_path / "mine.cnnplay"
    session.save(file)
    finish_jobs(session.document)
    session.editor.load_preset("mlp")
    left = autosaved(session)
    later = left.stat().st_mtime + 10
    os.utime(file, (later, later))
    assert recovered(start(), left).document.path is None


def test_a_project_that_is_saved_during_a_run_has_the_curve_so_far(
    qtbot: QtBot, start: Made, tmp_path: Path
) -> None:
    session = start()
    prepare(session)
    assert session.run.start()
    qtbot.waitUntil(lambda: len(session.run.history.epochs) >= 2, timeout=WAIT)
    steps = len(session.run.history)
    session.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    other = start()
    other.document.open(tmp_path / "mine.cnnplay")
    finish_jobs(other.document)
    assert len(other.run.history) >= steps
