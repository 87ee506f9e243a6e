"""`cnnplay runs`."""

import os
import shutil
from pathlib import Path

import pytest

from cnnplay.runs import run_store
from tests.cli.conftest import Command
from tests.runs_bench import make_run, set_record


@pytest.fixture
def store() -> Path:
    store = run_store.store_folder()
    make_run(store / "one", created="2026-01-01T00:00:00+00:00")
    make_run(store / "two", created="2026-01-02T00:00:00+00:00", epochs=3, learning_rate=0.5, data="mnist")
    return store


def test_the_newest_stands_first_with_its_numbers_at_the_right(cnnplay: Command, store: Path) -> None:
    done = cnnplay("runs")
    assert done.status == 0
    head, first, second, closing = done.out.splitlines()
    assert head.split()[:4] == ["run", "network", "data", "state"]
    assert first.split()[:6] == ["two", "tiny-cnn", "mnist", "done", "3/3", "83.3"]
    assert second.startswith("one ")
    assert closing.startswith("2 runs; ")
    assert str(store) in closing


def test_json_holds_all_that_is_known(cnnplay: Command, store: Path) -> None:
    found = cnnplay("runs", "--json").json
    assert found["store"] == str(store)
    assert [Path(row["path"]).name for row in found["runs"]] == ["two", "one"]
    assert found["runs"][0]["config"]["learning_rate"] == 0.5


def test_terms_filter_and_a_wrong_one_is_a_user_error(cnnplay: Command, store: Path) -> None:
    assert len(cnnplay("runs", "lr>0.1", "--json").json["runs"]) == 1
    assert len(cnnplay("runs", "network:tiny cnn", "--json").json["runs"]) == 0
    assert "no runs match" in cnnplay("runs", "resnet").out
    assert "number; got fast" in cnnplay("runs", "lr<fast").complains()
    assert "acuracy; did you mean accuracy?" in cnnplay("runs", "acuracy>1").complains()


def test_a_word_that_a_hyphen_turns_round_is_no_option(cnnplay: Command, store: Path) -> None:
    for arguments in (("-data:mnist-sample", "--json"), ("--json", "--", "-data:mnist-sample")):
        found = cnnplay("runs", *arguments).json["runs"]
        assert [Path(row["path"]).name for row in found] == ["two"]
    assert cnnplay("runs", "-done", "-lr>0.1", "--json").json["runs"] == []
    assert "No such option: --rebild" in cnnplay("runs", "--rebild").complains()
    assert "--rebuild" in cnnplay("runs", "-h").out


def test_rebuild_reads_every_folder_again(cnnplay: Command, store: Path) -> None:
    cnnplay("runs")
    run_store.index_path().write_bytes(b"nonsense" * 999)
    assert len(cnnplay("runs", "--json").json["runs"]) == 2
    set_record(store / "one", data="other")
    assert len(cnnplay("runs", "data:other", "--rebuild", "--json").json["runs"]) == 1


def test_without_any_it_says_how_to_make_one(cnnplay: Command) -> None:
    done = cnnplay("runs")
    assert done.status == 0
    assert f"no runs in {run_store.store_folder()} yet; start one: cnnplay train" in done.out


def test_a_run_that_was_made_elsewhere_is_listed_too(cnnplay: Command, store: Path, tmp_path: Path) -> None:
    made = cnnplay("train", "mlp", "--data", "mnist-sample", "--epochs", "1", "--out", tmp_path / "mine")
    assert made.status == 0
    rows = cnnplay("runs", "--json").json["runs"]
    assert [Path(row["path"]) for row in rows] == [tmp_path / "mine", store / "two", store / "one"]
    shutil.copytree(tmp_path / "mine", tmp_path / "copy")
    assert cnnplay("resume", tmp_path / "copy", "--epochs", "2").status == 0
    rows = cnnplay("runs", "--json").json["runs"]
    assert {Path(row["path"]) for row in rows} >= {tmp_path / "mine", tmp_path / "copy"}


def test_a_run_of_the_store_is_known_by_its_name(
    cnnplay: Command, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"{store / 'one'}{os.sep}" in cnnplay("resume", "one", "--epochs", "3").complains()
    assert "tiny-cnn" in cnnplay("summary", "one").out
    (tmp_path / "one").mkdir()
    assert "one: not a run" in cnnplay("summary", "one").complains(), "what lies there comes first"
