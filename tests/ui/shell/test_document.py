"""The document: saved and opened as files, never lost by a failure, found again after a crash."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.project.project import Project
from cnnplay.project.store import load
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.preferences import Preferences, autosave_folder
from cnnplay.ui.shell.document import DocumentModel


class Desk:
    """Documents of one user, each over a project that the test may exchange."""

    def __init__(self) -> None:
        self.preferences = Preferences()
        self.project = Project(network=preset("tiny-cnn").network)
        self.made: list[DocumentModel] = []
        self.failures: list[str] = []

    def document(self) -> DocumentModel:
        document = DocumentModel(lambda: self.project, self.preferences)
        document.failed.connect(self.failures.append)
        self.made.append(document)
        return document


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk()
    yield made
    for document in made.made:
        document.finish()
    assert made.failures == []


@pytest.fixture
def crashed(desk: Desk) -> Callable[[], tuple[DocumentModel, Path]]:
    """Leaves an autosave behind as a process does that was killed: its lock is gone, its file is not."""

    def crash() -> tuple[DocumentModel, Path]:
        gone = desk.document()
        gone.touch()
        gone.autosave()
        finish_jobs(gone)
        gone._lock.unlock()
        return gone, gone._own_autosave

    return crash


def test_a_saved_project_opens_as_it_was_and_is_remembered(desk: Desk, tmp_path: Path) -> None:
    document, told = desk.document(), []
    document.touch()
    document.save(tmp_path / "mine", then=lambda: told.append("saved"))
    assert document.busy
    assert document.doing == "saving mine.cnnplay …"
    finish_jobs(document)
    assert document.doing == ""
    path = tmp_path / "mine.cnnplay"
    assert told == ["saved"]
    assert (document.path, document.name, document.dirty) == (path, "mine", False)
    assert desk.preferences.recent() == (path,)
    opened: list[Project] = []
    other = desk.document()
    other.opened.connect(opened.append)
    other.open(path)
    finish_jobs(other)
    assert opened[0].network == desk.project.network
    assert (other.name, other.dirty) == ("mine", False)


def test_a_change_while_it_is_being_saved_leaves_it_unsaved(desk: Desk, tmp_path: Path) -> None:
    document = desk.document()
    document.touch()
    document.save(tmp_path / "mine.cnnplay")
    document.touch()
    finish_jobs(document)
    assert document.dirty
    assert document.name == "mine"


def test_a_failed_save_says_why_and_does_not_go_on(desk: Desk, tmp_path: Path) -> None:
    document, told = desk.document(), []
    document.touch()
    (tmp_path / "mine.cnnplay").mkdir()
    document.save(tmp_path / "mine.cnnplay", then=lambda: told.append("saved"))
    finish_jobs(document)
    assert "mine.cnnplay" in desk.failures.pop()
    assert told == []
    assert document.dirty
    assert document.path is None


def test_a_failed_open_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    document, opened = desk.document(), []
    document.opened.connect(opened.append)
    document.touch()
    document.open(tmp_path / "nowhere.cnnplay")
    finish_jobs(document)
    assert "nowhere.cnnplay" in desk.failures.pop()
    assert opened == []
    assert document.dirty
    assert desk.preferences.recent() == ()


def test_an_autosave_is_written_once_for_a_change_and_goes_with_the_save(desk: Desk, tmp_path: Path) -> None:
    document = desk.document()
    document.autosave()
    assert not document.busy, "nothing was changed"
    document.touch()
    document.autosave()
    finish_jobs(document)
    mine = document._own_autosave
    assert load(mine).network == desk.project.network
    document.autosave()
    assert not document.busy, "the last state is there already"
    document.save(tmp_path / "mine.cnnplay")
    finish_jobs(document)
    assert not mine.exists()


def test_an_autosave_that_is_due_while_a_file_is_written_follows(desk: Desk, tmp_path: Path) -> None:
    document = desk.document()
    document.touch()
    document.save(tmp_path / "mine.cnnplay")
    document.touch()
    document.autosave()
    assert not document._own_autosave.exists()
    finish_jobs(document)
    assert document._own_autosave.exists()


def test_autosaving_a_large_document_takes_at_most_a_twentieth_of_the_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnplay.project import store

    now, written = [100.0], list[float]()

    def slow(*_: object) -> None:
        written.append(now[0])
        now[0] += 3.0

    monkeypatch.setattr(store, "save", slow)
    monkeypatch.setattr(
        "cnnplay.ui.shell.document.time", SimpleNamespace(monotonic=lambda: now[0], time_ns=time.time_ns)
    )
    document = desk.document()
    for _ in range(10):
        document.touch()
        document.autosave()
        finish_jobs(document)
        now[0] += 20.0
    assert len(written) == 4
    assert 3.0 * len(written) <= 0.06 * (now[0] - 100.0)


def test_what_another_living_window_autosaves_is_not_offered(desk: Desk) -> None:
    document, other = desk.document(), desk.document()
    document.touch()
    document.autosave()
    finish_jobs(document)
    assert other.recoverable() == ()


def test_recovered_work_is_kept_at_every_moment(
    desk: Desk, crashed: Callable[[], tuple[DocumentModel, Path]]
) -> None:
    _, left = crashed()
    document = desk.document()
    assert document.recoverable() == (left,)
    there: list[bool] = []
    document.recovered.connect(lambda _: there.append(left.exists()))
    document.recover(left)
    finish_jobs(document)
    assert there == [True]
    assert document.dirty
    assert document.path is None
    assert not left.exists()
    assert document._own_autosave.exists(), "a second crash finds it too"
    assert document.recoverable() == ()
    assert desk.preferences.recent() == ()


def test_a_recovered_file_that_cannot_be_kept_anew_stays(
    desk: Desk, crashed: Callable[[], tuple[DocumentModel, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnplay.project import store

    _, left = crashed()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(store, "save", full)
    document = desk.document()
    document.recover(left)
    finish_jobs(document)
    assert left.exists()


def test_what_is_thrown_away_is_gone_and_a_closed_window_leaves_nothing(
    desk: Desk, crashed: Callable[[], tuple[DocumentModel, Path]]
) -> None:
    crashed()
    document = desk.document()
    document.discard_recoverable()
    assert document.recoverable() == ()
    document.touch()
    document.autosave()
    document.finish()
    assert list(autosave_folder().glob("*.cnnplay")) == []


def test_a_document_that_is_as_it_was_saved_has_no_unsaved_changes(desk: Desk, tmp_path: Path) -> None:
    state = ["a"]
    document = DocumentModel(lambda: desk.project, desk.preferences, state=lambda: tuple(state))
    desk.made.append(document)
    state[0] = "b"
    document.touch()
    assert document.dirty
    document.autosave()
    finish_jobs(document)
    state[0] = "a"
    document.touch()
    assert not document.dirty
    assert not list(autosave_folder().glob("*.cnnplay")), "there is nothing to recover"
    state[0] = "b"
    document.touch()
    document.save(tmp_path / "mine.cnnplay")
    state[0] = "a"
    document.touch()
    finish_jobs(document)
    assert document.dirty, "the file has b"
    state[0] = "b"
    document.touch()
    assert not document.dirty
