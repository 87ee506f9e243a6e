"""Deleting runs: only what is a run's, never through a link, and never one that is on."""

import os
from pathlib import Path

import pytest

from cnnplay.runs.record import RunError, RunWriteError
from cnnplay.runs.remove import Removed, clean_up, cleanable, deletable, delete
from cnnplay.runs.writer_lock import WriterLock
from tests.runs_bench import make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "store" / "run")


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_run_is_deleted_with_its_folder(run: Path) -> None:
    size = sum(file.stat().st_size for file in run.iterdir())
    assert sum(file.size for file in deletable(run)) == size
    assert delete(run) == Removed(size)
    assert not run.exists()
    assert run.parent.exists()


def test_what_is_none_of_the_runs_stays(run: Path) -> None:
    (run / "thesis.txt").write_text("years of work")
    (run / "notes").mkdir()
    (run / "notes" / "run.json").write_text("{}")
    assert delete(run).stays == ("notes", "thesis.txt")
    assert names(run) == {"thesis.txt", "notes"}
    assert (run / "notes" / "run.json").exists()


def test_links_are_neither_followed_nor_taken(run: Path, tmp_path: Path) -> None:
    outside = tmp_path / "precious.safetensors"
    outside.write_bytes(b"precious")
    (run / "best.safetensors").unlink()
    (run / "best.safetensors").symlink_to(outside)
    (run / "checkpoint.safetensors").symlink_to(outside)
    assert delete(run).stays == ("best.safetensors", "checkpoint.safetensors")
    assert outside.read_bytes() == b"precious"
    assert names(run) == {"best.safetensors", "checkpoint.safetensors"}


def test_a_link_to_a_run_is_no_run(run: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(run, target_is_directory=True)
    for deed in (deletable, delete, lambda folder: clean_up(folder, "best only")):
        with pytest.raises(RunError, match="found a link"):
            deed(link)
    assert "run.json" in names(run)


def test_a_folder_inside_a_run_that_is_called_like_a_file_stays(run: Path) -> None:
    (run / "last.safetensors").unlink()
    (run / "last.safetensors").mkdir()
    (run / "last.safetensors" / "mine").touch()
    assert delete(run).stays == ("last.safetensors",)


def test_a_second_name_of_a_file_frees_nothing(run: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.safetensors"
    kept.hardlink_to(run / "best.safetensors")
    size = sum(file.stat().st_size for file in run.iterdir()) - kept.stat().st_size
    assert delete(run).bytes == size
    assert kept.exists()


@pytest.mark.parametrize("record", [None, "{}", '{"format": "cnnplay-run", "version": 99}'])
def test_what_is_no_readable_run_is_not_deleted(run: Path, record: str | None) -> None:
    (run / "run.json").unlink()
    if record is not None:
        (run / "run.json").write_text(record)
    before = names(run)
    with pytest.raises(RunError):
        delete(run)
    assert names(run) == before


def test_a_run_that_is_on_is_not_deleted(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ended="")
    with WriterLock(run), pytest.raises(RunError, match="is being trained"):
        delete(run)
    assert "run.json" in names(run)


def test_the_record_goes_last(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails in the middle leaves something that is still a run, and can be deleted again."""
    real = os.unlink

    def failing(path: object, **where: object) -> None:
        if Path(str(path)).name == "last.safetensors":
            raise PermissionError(13, "Permission denied")
        real(path, **where)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", failing)
    monkeypatch.setattr(os, "supports_dir_fd", os.supports_dir_fd | {failing})
    with pytest.raises(RunWriteError, match=r"last\.safetensors: cannot be deleted"):
        delete(run)
    assert "run.json" in names(run)
    monkeypatch.undo()
    delete(run)
    assert not run.exists()


def test_best_only_keeps_the_best_weights_and_the_record(run: Path) -> None:
    for name in ("checkpoint.safetensors", "checkpoint.json", ".last.safetensors.0123abcd.part"):
        (run / name).write_bytes(b"12345")
    assert sum(file.size for file in cleanable(run, "best only")) == 700 + 3 * 5
    assert clean_up(run, "best only") == Removed(715)
    assert names(run) == {"run.json", "events.jsonl", "best.safetensors"}
    assert cleanable(run, "best only") == ()


def test_without_best_weights_nothing_is_swept(run: Path) -> None:
    (run / "best.safetensors").unlink()
    assert clean_up(run, "best only") == Removed()
    assert "last.safetensors" in names(run)


@pytest.mark.parametrize(("ended", "goes"), [("done", True), ("", False)])
def test_only_a_finished_runs_checkpoints_go(tmp_path: Path, ended: str, goes: bool) -> None:
    run = make_run(tmp_path / "run", ended=ended)
    os.utime(run / "events.jsonl", (0, 0))
    (run / "checkpoint.safetensors").write_bytes(b"12345")
    assert bool(cleanable(run, "checkpoints")) == goes
    clean_up(run, "checkpoints")
    assert ("checkpoint.safetensors" not in names(run)) == goes
    assert {"best.safetensors", "last.safetensors"} <= names(run)
