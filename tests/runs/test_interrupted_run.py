"""Interrupted runs are found, and what kills left is deleted, but never while a run is being written."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnplay.runs.interrupted_run import clear_leftovers, newest_interrupted_run
from cnnplay.runs.notes import Notes, write_notes
from cnnplay.runs.writer_lock import LOCK, RECENT, WriterLock
from cnnplay.spec.events import Failed, SettingChanged
from tests.runs_bench import epoch_events, finished, make_run, write

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a kill of POSIX")


def aged(folder: Path, seconds: float = 2 * RECENT) -> Path:
    """As if its events had been written so long ago."""
    then = time.time() - seconds
    os.utime(folder / "events.jsonl", (then, then))
    return folder


@pytest.fixture
def cut(tmp_path: Path) -> Callable[..., Path]:
    """Makes a run that was interrupted in its third epoch of five, with a checkpoint."""

    def make(name: str = "one", checkpoint: bool = True, age: float = 2 * RECENT) -> Path:
        folder = make_run(tmp_path / name, epochs=2, ended="")
        more = SettingChanged(run=name, step=9, name="epochs", value=5)
        write(folder, [more, *epoch_events(name, 3)[:2]])
        if checkpoint:
            (folder / "checkpoint.safetensors").write_bytes(b"as far as it came")
        return aged(folder, age)

    return make


def test_a_run_without_an_end_that_nobody_writes_was_interrupted(
    cut: Callable[..., Path], tmp_path: Path
) -> None:
    folder = cut()
    found = newest_interrupted_run(tmp_path)
    assert found is not None
    assert (found.folder, found.name, found.epoch, found.epochs) == (folder, "tiny-cnn", 3, 5)
    assert found.steps == 10


def test_a_lock_that_nobody_holds_says_so_at_once(cut: Callable[..., Path], tmp_path: Path) -> None:
    folder = cut(age=0.0)
    assert newest_interrupted_run(tmp_path) is None, "written just now: it may be on"
    (folder / LOCK).touch()
    assert newest_interrupted_run(tmp_path) is not None, "its writer is gone"


def test_a_run_that_is_being_written_is_not_interrupted(cut: Callable[..., Path], tmp_path: Path) -> None:
    with WriterLock(cut()):
        assert newest_interrupted_run(tmp_path) is None
    assert newest_interrupted_run(tmp_path) is not None


def test_neither_is_one_without_anything_to_resume_from(cut: Callable[..., Path], tmp_path: Path) -> None:
    cut(checkpoint=False)
    assert newest_interrupted_run(tmp_path) is None


@pytest.mark.parametrize("end", ["done", "stopped", "failed"])
def test_neither_is_one_that_has_an_end(cut: Callable[..., Path], tmp_path: Path, end: str) -> None:
    folder = cut()
    if end == "failed":
        told = Failed(run="one", cause="memory", step=10, epoch=3, message="no memory", advice="")
        write(folder, [told])
    else:
        write(folder, [finished("one", 2, end)])
    aged(folder)
    assert newest_interrupted_run(tmp_path) is None


def test_only_the_newest_run_counts(cut: Callable[..., Path], tmp_path: Path) -> None:
    cut("older", age=3 * RECENT)
    newer = make_run(tmp_path / "newer", epochs=5)
    aged(newer)
    assert newest_interrupted_run(tmp_path) is None
    newest = cut("newest", age=1.5 * RECENT)
    found = newest_interrupted_run(tmp_path)
    assert found is not None
    assert found.folder == newest


def test_a_trial_of_a_search_is_left_to_the_search(cut: Callable[..., Path], tmp_path: Path) -> None:
    write_notes(cut(), Notes(tags=("search", "my-study")))
    assert newest_interrupted_run(tmp_path) is None


def test_a_store_that_is_absent_or_damaged_has_none(cut: Callable[..., Path], tmp_path: Path) -> None:
    assert newest_interrupted_run(tmp_path / "nowhere") is None
    (cut() / "run.json").write_text("not JSON")
    (tmp_path / "a-file").write_text("no folder")
    assert newest_interrupted_run(tmp_path) is None


def test_only_what_a_kill_left_is_deleted(cut: Callable[..., Path], tmp_path: Path) -> None:
    folder = cut()
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    (folder / ".checkpoint.safetensors.0123abcd.part").write_bytes(b"half")
    (folder / "notes.part").write_text("somebody's own")
    (folder / LOCK).touch()
    clear_leftovers(tmp_path)
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert after == before | {"notes.part": b"somebody's own"}


def test_the_lock_of_a_run_that_was_just_cut_off_stays_for_a_while(
    cut: Callable[..., Path], tmp_path: Path
) -> None:
    folder = cut(age=0.0)
    (folder / ".last.safetensors.0123abcd.part").write_bytes(b"half")
    (folder / LOCK).touch()
    clear_leftovers(tmp_path)
    assert not (folder / ".last.safetensors.0123abcd.part").exists()
    assert newest_interrupted_run(tmp_path) is not None, "it is still known that nobody writes it"


def test_nothing_is_deleted_from_an_active_run(cut: Callable[..., Path], tmp_path: Path) -> None:
    locked, fresh = cut("locked"), cut("fresh", age=0.0)
    for folder in (locked, fresh):
        (folder / ".last.safetensors.0123abcd.part").write_bytes(b"being written")
    with WriterLock(locked):
        clear_leftovers(tmp_path)
        assert (locked / LOCK).exists()
    for folder in (locked, fresh):
        assert (folder / ".last.safetensors.0123abcd.part").exists()


@POSIX
def test_the_lock_of_a_killed_process_goes(cut: Callable[..., Path], tmp_path: Path) -> None:
    folder = cut()
    code = (
        "import sys; from pathlib import Path; from cnnplay.runs.writer_lock import WriterLock\n"
        f"held = WriterLock(Path({str(folder)!r})); print(held.held, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        clear_leftovers(tmp_path)
        assert (folder / LOCK).exists()
        assert newest_interrupted_run(tmp_path) is None
        other.send_signal(signal.SIGKILL)
    assert newest_interrupted_run(tmp_path) is not None
    clear_leftovers(tmp_path)
    assert not (folder / LOCK).exists()
    assert newest_interrupted_run(tmp_path) is not None
