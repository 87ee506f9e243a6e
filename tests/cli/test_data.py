"""`cnnplay data fetch`, and what other commands say of a data set that is not here yet."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cnnplay.cli.errors import INTERRUPTED
from cnnplay.data import sources as table
from cnnplay.data.sources import Source
from tests.cli.conftest import Command
from tests.mirror import NAMES, Mirror, digits, mirror


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of a small `mnist`, which is the only data set that is fetched."""
    with mirror() as made:
        source, made.files = digits(made.address)
        sources: tuple[Source, ...] = (source,)
        monkeypatch.setattr(table, "_table", lambda: sources)
        yield made


def test_a_data_set_is_fetched_and_listed_as_here(cnnplay: Command, near: Mirror) -> None:
    assert cnnplay("data", "list", "--json").json[1]["available"] is False
    done = cnnplay("data", "fetch", "mnist")
    assert done.status == 0
    assert done.err == ""
    assert done.out.splitlines()[-2] == "mnist is downloaded: 32 train / 8 validation / 10 test (held out)"
    assert cnnplay("data", "list", "--json").json[1]["available"] is True
    assert "already" in cnnplay("data", "fetch", "mnist").out


def test_json_is_one_object_and_says_whether_anything_was_fetched(cnnplay: Command, near: Mirror) -> None:
    found = cnnplay("data", "fetch", "mnist", "--json").json
    expected = {"key": "mnist", "classes": 2, "size": 50, "test": 10, "available": True, "fetched": True}
    assert expected.items() <= found.items()
    assert cnnplay("data", "--json", "fetch", "mnist").json["fetched"] is False


def test_an_unknown_key_is_a_mistake_that_names_the_keys(cnnplay: Command, near: Mirror) -> None:
    assert "expected one of mnist; svhn" in cnnplay("data", "fetch", "svhn").complains()


def test_a_failing_network_is_not_a_user_error(cnnplay: Command, near: Mirror) -> None:
    near.files = {}
    done = cnnplay("data", "fetch", "mnist", "--json")
    assert done.status == 1
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert f"{NAMES[0]} of MNIST: expected" in line
    assert "404" in line


def test_an_interrupted_download_says_that_the_next_one_resumes(cnnplay: Command, near: Mirror) -> None:
    near.plan[NAMES[0]] = ["stall"]

    def interrupt() -> None:
        near.stalled.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    done = cnnplay("data", "fetch", "mnist")
    helper.join()
    assert done.status == INTERRUPTED
    assert "the next fetch resumes" in done.err
    assert cnnplay("data", "fetch", "mnist").status == 0


def test_training_on_what_is_not_here_says_the_command_that_fetches(
    cnnplay: Command, near: Mirror, tmp_path: Path
) -> None:
    train = ("train", "tiny-cnn", "--data", "mnist", "--epochs", "1", "--out", tmp_path / "run")
    assert "`cnnplay data fetch mnist`" in cnnplay(*train).complains()
    assert near.asked == []
    assert not (tmp_path / "run").exists()


def test_the_test_split_is_evaluated_on_request(cnnplay: Command, near: Mirror, tmp_path: Path) -> None:
    cnnplay("data", "fetch", "mnist")
    run = tmp_path / "run"
    done = cnnplay("train", "tiny-cnn", "--data", "mnist", "--epochs", "1", "--out", run, "--json")
    assert done.status == 0, done
    started = next(line for line in done.lines if line["event"] == "started")
    assert (started["train_size"], started["validation_size"]) == (32, 8)
    for split, count in (("test", 10), ("validation", 8), ("all", 50)):
        found = cnnplay("evaluate", run, "--split", split, "--json").json
        assert found["pictures"] == count
        assert found["split"] == split
    assert cnnplay("evaluate", run, "--json").json["pictures"] == 8


def test_a_folder_is_described(cnnplay: Command, tmp_path: Path) -> None:
    for part in ("train", "val"):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(3):
                Image.new("RGB", (6, 4), (50 * label, 9 * number, len(part))).save(
                    tmp_path / part / name / f"{number}.png"
                )
    (tmp_path / "train" / "cat" / "bad.png").write_bytes(b"")
    (tmp_path / "train" / "cat" / "notes.txt").touch()
    found = cnnplay("data", "describe", f"folder:{tmp_path}", "--json").json
    assert found["classes"] == ["cat", "dog"]
    assert found["parts"] == {"train": 6, "validation": 6, "test": 0}
    assert found["counts"] == {"cat": 6, "dog": 6}
    assert (found["size"], found["channels"], found["scale"]) == ([4, 6], 3, [0.0, 255.0])
    assert [(one["count"], len(one["examples"])) for one in found["left_out"]] == [(1, 1), (1, 1)]
    assert "bad.png" in found["left_out"][0]["examples"][0]
    text = cnnplay("data", "describe", f"folder:{tmp_path}").out
    assert "2 classes (cat, dog); 6 training, 6 validation images; RGB, 4 × 6" in text
    assert "bad.png" in text


def test_a_folder_needs_no_prefix_and_a_data_set_of_that_key_comes_first(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "mnist-sample"):
        for label in ("cat", "dog"):
            (tmp_path / name / label).mkdir(parents=True)
            for index in range(5):
                Image.new("L", (8, 8), 40 * index).save(tmp_path / name / label / f"{index}.png")
    long = cnnplay("data", "describe", f"folder:{tmp_path / 'photos'}", "--json").json
    assert long["classes"] == ["cat", "dog"]
    for named in ("photos", tmp_path / "photos"):
        short = cnnplay("data", "describe", named, "--json").json
        assert short["classes"] == long["classes"]
        assert short["parts"] == long["parts"]
    assert cnnplay("data", "describe", "mnist-sample", "--json").json["classes"] == list("0123456789")


def test_a_published_data_set_is_described(cnnplay: Command) -> None:
    found = cnnplay("data", "describe", "mnist-sample", "--json").json
    assert found["parts"] == {"train": 4000, "validation": 1000, "test": 0}
    assert set(found["counts"].values()) == {500}
    assert found["size"] == [28, 28]
    assert found["left_out"] == []
    assert "unknown data set" in cnnplay("data", "describe", "nothing").complains()
    assert "found no folder there" in cnnplay("data", "describe", "./nothing").complains()
