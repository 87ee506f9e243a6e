"""The store of runs and its index: the folders are the truth, whatever happens to the index."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnplay.runs import run_store
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.index import VERSION, Entry, RunIndex
from cnnplay.runs.library import Library, Listing
from cnnplay.runs.notes import Notes, write_notes
from cnnplay.runs.record import RunError
from cnnplay.runs.row import RunRow
from cnnplay.runs.writer_lock import WriterLock
from tests.runs_bench import epoch_events, finished, make_run, set_record, started, write


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number in range(3):
        make_run(tmp_path / "runs" / f"run-{number}", created=f"2026-01-0{number + 1}T00:00:00+00:00")
    return again(tmp_path)


def again(tmp_path: Path) -> Library:
    """The same store, as another start of the program finds it."""
    return Library(tmp_path / "runs", tmp_path / "cache" / "runs.sqlite")


def test_a_row_says_what_the_folder_says(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "one", epochs=3, learning_rate=0.02)
    (row,) = again(tmp_path).refresh().rows
    assert (row.run, row.name, row.preset, row.data) == ("one", "tiny-cnn", "tiny-cnn", "mnist-sample")
    assert (row.state, row.epochs_done, row.epochs_asked, row.steps) == ("done", 3, 3, 12)
    assert row.best["accuracy"] == pytest.approx(1 - 0.5 / 3)
    assert row.last["loss"] == pytest.approx(1.1 / 3)
    assert row.config["learning_rate"] == 0.02
    assert row.environment == {"torch": "2.13.0"}
    assert row.bytes == sum(file.stat().st_size for file in folder.iterdir())


def test_only_folders_that_changed_are_read_again(library: Library, tmp_path: Path) -> None:
    assert (len(library.refresh().rows), library.read) == (3, 3)
    library.refresh()
    assert library.read == 0
    write_notes(tmp_path / "runs" / "run-1", Notes(note="seen", tags=("good",)))
    rows = {row.title: row for row in library.refresh().rows}
    assert library.read == 1
    assert (rows["run-1"].note, rows["run-1"].tags) == ("seen", ("good",))
    fresh = again(tmp_path)
    assert {row.title: row for row in fresh.refresh().rows} == rows
    assert fresh.read == 0, "the index was asked"


def test_the_newest_run_comes_first(library: Library) -> None:
    assert [row.title for row in library.refresh().rows] == ["run-2", "run-1", "run-0"]


@pytest.mark.parametrize(
    "damage", ["garbage", "empty", "cut", "older", "other table", "a value is gone", "missing", "a folder"]
)
def test_an_unusable_index_is_rebuilt(library: Library, tmp_path: Path, damage: str) -> None:
    expected = library.refresh()
    index = tmp_path / "cache" / "runs.sqlite"
    content = index.read_bytes()
    index.unlink()
    match damage:
        case "garbage":
            index.write_bytes(b"no database at all" * 1000)
        case "empty":
            index.touch()
        case "cut":
            index.write_bytes(content[: len(content) // 2])
        case "older" | "other table":
            with sqlite3.connect(index) as connection:
                connection.execute("CREATE TABLE runs (path TEXT, something TEXT)")
                connection.execute(f"PRAGMA user_version = {0 if damage == 'older' else VERSION}")
            connection.close()
        case "a value is gone":
            index.write_bytes(content)
            with sqlite3.connect(index) as connection:
                connection.execute("UPDATE runs SET tags = NULL")
            connection.close()
        case "a folder":
            index.mkdir()
        case _:
            pass
    found = again(tmp_path)
    assert found.refresh().rows == expected.rows
    assert found.read == 3
    if damage != "a folder":
        found = again(tmp_path)
        assert found.refresh().rows == expected.rows
        after = again(tmp_path)
        assert after.refresh() == expected, "and the next start finds it whole, without complaint"
        assert after.read == 0


def test_a_locked_index_does_not_hold_anybody_up(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = library.refresh().rows
    monkeypatch.setattr("cnnplay.runs.index.PATIENCE", 0.01)
    other = sqlite3.connect(tmp_path / "cache" / "runs.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    found = again(tmp_path).refresh()
    assert found.rows == expected
    assert "locked" in found.trouble
    other.close()
    assert again(tmp_path).refresh() == Listing(expected)


def test_without_a_place_for_the_index_the_runs_are_listed_with_a_word(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "one")
    (tmp_path / "file").touch()
    found = Library(tmp_path / "runs", tmp_path / "file" / "runs.sqlite").refresh()
    assert len(found.rows) == 1
    assert "folders are read each time" in found.trouble


def test_a_full_disk_takes_no_run_away(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RunIndex, "_store", full)
    found = library.refresh()
    assert len(found.rows) == 3
    assert "disk is full" in found.trouble


WRITER = """
import sys
from pathlib import Path
from cnnplay.runs.library import Library
store, index, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for round in range(rounds):
    library = Library(store, index)
    assert len(library.refresh(rebuild=round % 3 == 0).rows) == 40
"""


def test_two_programs_share_an_index(tmp_path: Path) -> None:
    for number in range(40):
        make_run(tmp_path / "runs" / f"run-{number:02}", epochs=1, weights=False)
    index = tmp_path / "cache" / "runs.sqlite"
    command = [sys.executable, "-c", WRITER, str(tmp_path / "runs"), str(index), "12"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    found = Library(tmp_path / "runs", index)
    assert len(found.refresh().rows) == 40
    assert found.index.trouble == ""


def test_not_a_number_is_kept_as_that(tmp_path: Path) -> None:
    index = RunIndex(tmp_path / "runs.sqlite")
    index.store([Entry("s", RunRow(path="p", last={"loss": float("nan")}, best={"loss": float("inf")}))])
    row = index.load()["p"].row
    assert row.last["loss"] != row.last["loss"]
    assert row.best["loss"] == float("inf")


def test_a_folder_that_is_gone_leaves_the_list_and_the_index(library: Library, tmp_path: Path) -> None:
    library.refresh()
    folder = tmp_path / "runs" / "run-1"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert len(library.refresh().rows) == 2
    assert len(RunIndex(library.index.path).load()) == 2


def test_a_damaged_run_is_listed_with_what_is_wrong(library: Library, tmp_path: Path) -> None:
    set_record(tmp_path / "runs" / "run-0", network={"name": 3})
    rows = {row.title: row for row in library.refresh().rows}
    assert rows["run-0"].state == "unreadable"
    assert "run.json" in rows["run-0"].problem
    assert rows["run-1"].state == "done"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_in_place_of_a_runs_files_holds_no_list_up(library: Library, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "runs" / "run-0" / "about.json")
    rows = {row.title: row for row in library.refresh().rows}
    assert rows["run-0"].state == "done", "the run itself is whole"
    assert "about.json: expected a regular file" in rows["run-0"].problem
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.mkfifo(elsewhere / "run.json")
    with pytest.raises(RunError, match=r"run\.json: expected a regular file"):
        library.remember(elsewhere)


def test_a_link_in_the_store_is_no_run_of_it(library: Library, tmp_path: Path) -> None:
    make_run(tmp_path / "other" / "linked")
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "other" / "linked", target_is_directory=True)
    assert len(library.refresh().rows) == 3


# Elsewhere


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_list_of_runs_elsewhere_that_is_a_pipe_counts_as_empty(library: Library) -> None:
    library.store.mkdir(parents=True, exist_ok=True)
    os.mkfifo(library.store / "elsewhere.json")
    library.refresh()


def test_a_run_elsewhere_with_an_impossible_path_is_passed_over(library: Library, tmp_path: Path) -> None:
    library.store.mkdir(parents=True, exist_ok=True)
    (library.store / "elsewhere.json").write_text('{"version": 1, "folders": ["/a\\u0000b"]}')
    assert len(library.refresh().rows) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have text alone for names")
def test_a_folder_whose_name_is_no_text_hides_no_other(library: Library) -> None:
    shutil.copytree(library.store / "run-1", library.store / os.fsdecode(b"odd\xff"))
    listing = library.refresh()
    assert len(listing.rows) == 3
    assert "odd?: not listed" in listing.trouble
    assert len(library.refresh().rows) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("created", '"garbage"'),
        ("epochs", "9" * 400),
        ("filters", "9" * 400),
        ("height", "9" * 30),
        ("seed", "9" * 30),
    ],
)
def test_a_record_with_an_impossible_value_hides_no_other(library: Library, field: str, value: str) -> None:
    damaged = library.store / "run-1" / "run.json"
    text, count = re.subn(rf'("{field}": )("[^"]*"|[0-9]+)', rf"\g<1>{value}", damaged.read_text())
    assert count
    damaged.write_text(text)
    rows = {Path(row.path).name: row for row in library.refresh(rebuild=True).rows}
    assert {"run-0", "run-2"} <= rows.keys()
    if "run-1" in rows:
        assert rows["run-1"].problem
    with pytest.raises(RunError, match="run-1"):
        RunFolder.open(library.store / "run-1")


def test_a_run_elsewhere_is_remembered_and_forgotten(library: Library, tmp_path: Path) -> None:
    other = make_run(tmp_path / "far" / "away")
    library.remember(other)
    library.remember(other)
    assert [row.title for row in again(tmp_path).refresh().rows].count("away") == 1
    library.forget(other)
    assert len(again(tmp_path).refresh().rows) == 3
    assert other.exists()


def test_what_is_no_run_is_not_remembered(library: Library, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run\.json"):
        library.remember(tmp_path)
    assert run_store.elsewhere(library.store) == ()


def test_a_damaged_list_of_runs_elsewhere_counts_as_empty(library: Library, tmp_path: Path) -> None:
    (tmp_path / "runs" / run_store.ELSEWHERE).write_text("[[[")
    assert len(library.refresh().rows) == 3


# What a run does now


def test_a_run_without_an_end_is_on_while_its_lock_is_held(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "one", ended="")
    library = again(tmp_path)
    with WriterLock(folder) as presence:
        assert presence.held
        assert not WriterLock(folder).held, "one writer alone"
        assert library.refresh().rows[0].state == "running"
    old(folder)
    assert library.refresh().rows[0].state == "interrupted"


def test_without_a_lock_the_events_age_tells(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "one", ended="")
    library = again(tmp_path)
    assert library.refresh().rows[0].state == "running"
    old(folder)
    assert library.refresh().rows[0].state == "interrupted"


def test_the_lock_of_a_killed_program_holds_nobody(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "one", ended="")
    code = (
        "import os, sys; from pathlib import Path; from cnnplay.runs.writer_lock import WriterLock;"
        "WriterLock(Path(sys.argv[1])); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == 9
    assert (folder / "writer.lock").exists()
    assert again(tmp_path).refresh().rows[0].state == "interrupted"


def old(folder: Path) -> None:
    """As if nothing was written for an hour."""
    long_ago = time.time() - 3600
    os.utime(folder / "events.jsonl", (long_ago, long_ago))


@pytest.mark.parametrize("done", [4, 6, 8, None])
def test_repeated_epochs_replace_the_earlier_record(tmp_path: Path, done: int | None) -> None:
    """Two epochs of four steps; it resumes after the first, within the second, or before its validation."""
    folder = make_run(tmp_path / "runs" / "one", epochs=2, ended="", accuracy=0.9)
    config = again(tmp_path).refresh().rows[0]
    assert config.best["accuracy"] == 0.9
    from cnnplay.spec.settings import TrainConfig

    goes_on = started("one", TrainConfig(epochs=2), first_epoch=2)
    if done is not None:
        goes_on = started("one", TrainConfig(epochs=2), done=done, within=2)
    write(folder, [goes_on])
    (row,) = again(tmp_path).refresh().rows
    assert row.epochs_done == 1, "the second epoch is done anew"
    write(folder, [*epoch_events("one", 2, accuracy=0.7), finished("one", 2)])
    (row,) = again(tmp_path).refresh().rows
    assert (row.epochs_done, row.last["accuracy"], row.best["accuracy"], row.best_epoch) == (2, 0.7, 0.9, 1)
    assert row.state == "done"


def test_a_run_with_a_damaged_line_is_listed_with_what_is_left_of_it(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "one", epochs=3, accuracy=0.9)
    file = folder / "events.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:7], bytes(500), *lines[9:]]))
    (row,) = again(tmp_path).refresh().rows
    assert (row.state, row.epochs_done, row.best["accuracy"]) == ("done", 3, 0.9)
    assert row.problem == "events.jsonl, line 8: not an event"


def test_a_growing_run_is_read_on_from_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path / "runs" / "one", epochs=200, ended="")
    library = again(tmp_path)
    library.refresh()
    taken: list[int] = []
    whole: Callable[..., list[bytes]] = __import__("cnnplay.runs.tail", fromlist=["Tail"]).Tail.lines_since

    def counting(self: object, *arguments: object) -> list[bytes]:
        lines = whole(self, *arguments)
        taken.append(len(lines))
        return lines

    monkeypatch.setattr("cnnplay.runs.tail.Tail.lines_since", counting)
    write(folder, epoch_events("one", 201))
    row = library.look_again([folder])[str(folder)]
    assert (row.epochs_done, row.steps) == (201, 804)
    assert sum(taken) == 5


def test_a_thousand_runs_are_listed_in_well_under_a_second(tmp_path: Path) -> None:
    """With the index there: what every start but the first sees."""
    first = make_run(tmp_path / "runs" / "run-0000", epochs=1)
    record, told = (first / "run.json").read_bytes(), (first / "events.jsonl").read_bytes()
    for number in range(1, 1000):
        folder = tmp_path / "runs" / f"run-{number:04}"
        folder.mkdir()
        (folder / "run.json").write_bytes(record)
        (folder / "events.jsonl").write_bytes(told)
    assert len(again(tmp_path).refresh().rows) == 1000
    library = again(tmp_path)
    begun = time.perf_counter()
    assert len(library.refresh().rows) == 1000
    assert time.perf_counter() - begun < 1.0
    assert library.read == 0
