"""A run's lock: one writer alone, whoever looks meanwhile."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnplay.runs.folder import RunError
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.writer_lock import LOCK, WriterLock, is_being_written
from tests.runs_bench import make_run

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

import fcntl


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", ended="stopped")


@pytest.fixture
def look(run: Path) -> Iterator[int]:
    """Somebody who asks at this very moment whether the run is written."""
    handle = os.open(run / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.flock(handle, fcntl.LOCK_SH)
    yield handle
    os.close(handle)


def test_whoever_only_looks_takes_no_writer_its_lock(
    run: Path, look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: fcntl.flock(look, fcntl.LOCK_UN))
    recorder = RunRecorder.reopen(run)
    assert is_being_written(run, 0)
    with pytest.raises(RunError, match="is being trained"):
        RunRecorder.reopen(run)
    recorder.close()
    assert not (run / LOCK).exists()


def test_a_run_cannot_be_resumed_without_its_lock(run: Path, look: int) -> None:
    with pytest.raises(RunError, match="is being trained"):
        RunRecorder.reopen(run)


def test_without_file_locks_a_run_can_be_resumed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with WriterLock(run) as presence:
        assert (presence.held, presence.refused) == (False, False)
        assert not is_being_written(run, 0)
    RunRecorder.reopen(run).close()


def test_a_lock_whose_file_its_holder_took_away_is_none(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next writer would recreate the file, and both would hold a lock."""
    first, real = WriterLock(run), os.open

    def opened(path: Path, *how: int) -> int:
        handle = real(path, *how)
        first.release()  # between the second one's opening and locking
        return handle

    monkeypatch.setattr(os, "open", opened)
    second = WriterLock(run)
    assert second.held
    assert is_being_written(run, 0)
    assert WriterLock(run).refused
    second.release()
