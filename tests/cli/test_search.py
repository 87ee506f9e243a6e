"""`cnnplay search`: what it prints, how it ends, and several processes over one storage."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from cnnplay.runs.folder import RunFolder
from cnnplay.search.errors import SearchFailure


class Command(Protocol):
    def __call__(self, *arguments: object) -> Any: ...


SPACE = {"vary": {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}, "conv-1.filters": [4, 8]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of few digits, two classes, and a space: trials take a tenth of a second."""
    from PIL import Image

    from cnnplay.data.catalog import load

    digits = load("mnist-sample")
    assert digits.array is not None
    place = tmp_path_factory.mktemp("search")
    for label in (0, 1):
        (place / "pictures" / str(label)).mkdir(parents=True)
        for index in [one for one in digits.train if digits.labels[one] == label][:40]:
            Image.fromarray(digits.array[index, :, :, 0]).save(
                place / "pictures" / str(label) / f"{index}.png"
            )
    (place / "space.json").write_text(json.dumps(SPACE))
    return place


def words(folder: Path, *more: object) -> list[str]:
    command = [
        "search",
        "tiny-cnn",
        "--data",
        f"folder:{folder / 'pictures'}",
        "--space",
        folder / "space.json",
    ]
    return [str(each) for each in (*command, "--threads", 1, "--device", "cpu", *more)]


def begun(folder: Path, *more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cnnplay", *words(folder, "--json", *more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    return (json.loads(line) for line in process.stdout)


def test_each_trial_is_a_line_and_the_last_names_the_best_run(cnnplay: Command, folder: Path) -> None:
    done = cnnplay(*words(folder, "--trials", 3, "--epochs", 1, "--study", "lines", "--json"))
    assert (done.status, done.err) == (0, "")
    trials = [line for line in done.lines if line["event"] == "trial"]
    assert [trial["number"] for trial in trials] == [0, 1, 2]
    for trial in trials:
        assert trial["state"] == "complete"
        assert set(trial["settings"]) == {"learning_rate", "conv-1.filters"}
        assert RunFolder.open(trial["run"]).has("best")
    last = done.lines[-1]
    assert (last["event"], last["trials"], last["study"]) == ("finished", 3, "lines")
    assert last["storage"].startswith("sqlite:///")
    assert last["best"]["value"] == max(trial["value"] for trial in trials)
    assert last["best"]["run"] in {trial["run"] for trial in trials}
    assert (
        cnnplay("evaluate", last["best"]["run"], "--json").json["metrics"]["accuracy"]
        == last["best"]["value"]
    )


def test_people_get_a_line_a_trial_and_what_was_best(cnnplay: Command, folder: Path) -> None:
    done = cnnplay(*words(folder, "--trials", 4, "--epochs", 1, "--study", "words", "--set", "optimizer=sgd"))
    assert done.status == 0
    assert "study words in sqlite:///" in done.out
    assert "trial   0  complete" in done.out
    assert "conv-1 filters" in done.out
    assert "best: trial" in done.out
    assert "\nrun: " in done.out
    assert "\x1b" not in done.out


def test_two_processes_share_the_trials_of_a_study(folder: Path, tmp_path: Path) -> None:
    shared = ("--trials", 6, "--epochs", 1, "--study", "two", "--storage", f"sqlite:///{tmp_path}/two.db")
    both = [begun(folder, *shared), begun(folder, *shared)]
    told = []
    for process in both:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        told.append([json.loads(line) for line in out.splitlines()])
    numbers = [line["number"] for lines in told for line in lines if line["event"] == "trial"]
    assert sorted(numbers) == [0, 1, 2, 3, 4, 5]
    assert all(lines[-1]["trials"] == 6 for lines in told)
    assert told[0][-1]["best"] == told[1][-1]["best"]


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
def test_ctrl_c_ends_it_cleanly_and_neither_that_nor_a_kill_loses_a_trial(
    cnnplay: Command, folder: Path, tmp_path: Path
) -> None:
    asked = ("--trials", 1, "--epochs", 60, "--study", "cut", "--storage", tmp_path / "cut.db")
    settings = []
    for end in (signal.SIGINT, signal.SIGKILL):
        with begun(folder, *asked) as process:
            told = events(process)
            settings.append(next(line for line in told if line["event"] == "began")["settings"])
            process.send_signal(end)
            rest = list(told)
            assert process.stderr is not None
            err = process.stderr.read()
        if end == signal.SIGINT:
            assert process.returncode == 130
            assert [line["state"] for line in rest if line["event"] == "trial"] == ["stopped"]
            assert (rest[-1]["event"], rest[-1]["reason"]) == ("finished", "stopped")
            assert err.startswith("cnnplay: interrupted after 0 trials; ")
            assert "--study cut" in err
    done = cnnplay(*words(folder, *asked, "--json"))
    assert done.status == 0
    assert any("its worker is gone" in line.get("message", "") for line in done.lines)
    (trial,) = [line for line in done.lines if line["event"] == "trial"]
    assert settings == [trial["settings"]] * 2
    assert done.lines[-1]["counts"] == {"complete": 1, "failed": 0, "pruned": 0, "lost": 1, "stopped": 1}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--trials", 0), "--trials must be 1 or more; got 0"),
        (("--trials", 1, "--sampler", "best"), "--sampler must be random, tpe or grid; got best"),
        (("--trials", 1, "--pruner", "some"), "--pruner must be none, median or halving; got some"),
        (("--trials", 1, "--space", "no.json"), "no.json: cannot be read (No such file or directory)"),
        (("--trials", 1, "--storage", "odd://x"), "--storage must be an Optuna storage URL"),
        (("--trials", 1, "--storage", "none/x.db"), "--storage must be in an existing folder; "),
        (("--trials", 1, "--set", "nothing=1"), "--set: unknown setting nothing"),
        (
            ("--trials", 1, "--set", "learning_rate=1"),
            "learning_rate is given twice, by --set learning_rate and",
        ),
        (
            ("--trials", 1, "--epochs", 2, "--set", "epochs=1"),
            "epochs is given twice, by --epochs and by --set",
        ),
    ],
)
def test_a_user_error_gives_one_line(
    cnnplay: Command, folder: Path, more: tuple[object, ...], message: str
) -> None:
    done = cnnplay(*words(folder, *more, "--json"))
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_an_error_in_the_space_names_file_and_field(cnnplay: Command, folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"vary": {"conv-7.filters": [1]}}')
    done = cnnplay(*words(folder, "--trials", 1), "--space", bad)
    assert done.status == 2
    assert "bad.json, vary.conv-7.filters: expected a layer of tiny-cnn, perhaps" in done.err
    bad.write_text('{"vary": {"lr": [0.1]}}')
    done = cnnplay(*words(folder, "--trials", 1), "--space", bad)
    assert "bad.json, vary.lr: expected a setting, perhaps learning_rate; found lr" in done.err


def test_a_storage_that_is_no_database_is_refused_and_left_alone(
    cnnplay: Command, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("# mine, and no database")
    for place, told in (("README.md", "file is not a database"), (".", "expected a regular file")):
        done = cnnplay(*words(folder, "--trials", 1, "--storage", tmp_path / place))
        assert (done.status, len(done.err.splitlines())) == (1, 1)
        assert told in done.err
        assert "--study" not in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["README.md"]


def test_how_to_resume_is_printed_only_if_a_study_was_started(
    cnnplay: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    asked = words(folder, "--trials", 1, "--epochs", 1, "--study", "mine", "--json")
    nowhere = cnnplay(*asked, "--storage", tmp_path / "file" / "x.db")
    assert "--study" not in nowhere.err

    def full(*_: object) -> None:
        raise SearchFailure("x: cannot be made (No space left on device)")

    monkeypatch.setattr("cnnplay.search.engine.run_trial", full)
    done = cnnplay(*asked, "--storage", tmp_path / "x.db")
    assert done.status == 1
    assert "No space left on device" in done.err
    assert done.err.endswith("--study mine\n")


def test_the_trials_own_seed_may_vary_beside_what_is_drawn(
    cnnplay: Command, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "seeds.json").write_text('{"vary": {"seed": [1, 2]}}')
    asked = words(folder, "--trials", 1, "--epochs", 1, "--seed", 3, "--study", "seeds")
    assert cnnplay(*asked, "--space", tmp_path / "seeds.json").status == 0


def test_without_optuna_it_says_how_to_get_it(
    cnnplay: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.spec.extras.find_spec", lambda name: None)
    told = cnnplay(*words(folder, "--trials", 1)).complains()
    assert "pip install '.[search]'" in told
