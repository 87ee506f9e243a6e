"""`train`, `evaluate` and `export`: the same numbers everywhere, and an end that is always clean."""

import contextlib
import csv
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from cnnplay.cli.output import Column, print_json, table
from cnnplay.cli.train_report import TextReporter
from cnnplay.data.catalog import load as load_data
from cnnplay.project.store import load
from cnnplay.runs.folder import RunFolder
from cnnplay.spec.events import EpochDone, Finished, Noted, Stepped


class Command(Protocol):
    def __call__(self, *arguments: object) -> Any: ...


TRAIN = ("train", "tiny-cnn", "--data", "mnist-sample", "--threads", "1", "--seed", "3")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run, made once by the real command."""
    path = tmp_path_factory.mktemp("runs") / "short"
    done = subprocess.run(
        [sys.executable, "-m", "cnnplay", *TRAIN, "--epochs", "2", "--json", "--out", str(path)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    (path.parent / "lines.jsonl").write_bytes(done.stdout)
    return path


@pytest.fixture
def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.parent / "lines.jsonl").read_text().splitlines()]


def test_every_event_is_a_line_and_the_last_is_finished(lines: list[dict[str, Any]], run: Path) -> None:
    assert [line["event"] for line in lines if line["event"] != "step"][-3:] == ["epoch", "epoch", "finished"]
    assert [line["epoch"] for line in lines if line["event"] == "epoch"] == [1, 2]
    last = lines[-1]
    assert last["event"] == "finished"
    assert last["epochs"] == 2
    assert {"train_loss", "validation_loss", "validation_accuracy"} <= set(last["metrics"])
    assert last["images_per_second"] > 0
    assert all(line["run"] == str(run) for line in lines)
    assert sum(line["event"] == "step" for line in lines) == 2 * 63


def test_the_folder_holds_the_same_events_and_weights(lines: list[dict[str, Any]], run: Path) -> None:
    folder = RunFolder.open(run)
    events = folder.events()
    assert len(events) == len(lines)
    done = [event for event in events if isinstance(event, EpochDone)]
    assert [event.metrics for event in done] == [
        line["metrics"] for line in lines if line["event"] == "epoch"
    ]
    assert isinstance(events[-1], Finished)
    assert folder.weights("best").keys() == folder.weights("last").keys()


def test_evaluating_the_last_weights_gives_what_finished_reported(
    cnnplay: Command, run: Path, lines: list[dict[str, Any]]
) -> None:
    found = cnnplay("evaluate", run, "--weights", "last", "--json").json
    assert found["metrics"]["accuracy"] == pytest.approx(lines[-1]["metrics"]["validation_accuracy"])
    assert found["metrics"]["loss"] == pytest.approx(lines[-1]["metrics"]["validation_loss"], rel=1e-4)
    confusion = np.array(found["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum(axis=1).tolist() == [100] * 10  # a row is a true class, and each has 100 pictures
    assert confusion.trace() / confusion.sum() == pytest.approx(found["metrics"]["accuracy"])


def test_without_the_best_weights_the_last_are_evaluated_and_named_so(
    cnnplay: Command, run: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "best.safetensors").unlink()
    done = cnnplay("evaluate", copy, "--json")
    assert done.json["weights"] == "last"
    assert "the weights of the best epoch, " in done.err
    done = cnnplay("export", copy, "--format", "pt", "-o", tmp_path / "a.pt")
    assert "are missing; using the last ones" in done.err
    assert cnnplay("evaluate", copy, "--weights", "last").err == ""


def test_the_estimate_is_printed_before_training(lines: list[dict[str, Any]]) -> None:
    notes = [line["message"] for line in lines if line["event"] == "note"]
    assert any(note.startswith("estimate: ") and "epoch" in note for note in notes)
    assert lines.index(next(line for line in lines if line["event"] == "note")) < lines.index(
        next(line for line in lines if line["event"] == "step")
    )


def test_a_setting_without_effect_is_reported(cnnplay: Command, tmp_path: Path) -> None:
    more = ("--optimizer", "sgd", "--momentum", "0.8", "--set", "step_every=2", "--json")
    done = cnnplay(*TRAIN, "--epochs", "1", *more, "--out", tmp_path / "run")
    notes = [line["message"] for line in done.lines if line["event"] == "note"]
    assert any("momentum is not used by sgd" in note and "nesterov or rmsprop" in note for note in notes)
    assert any("is not used by a constant schedule" in note for note in notes)
    done = cnnplay(*TRAIN, "--epochs", "1", "--optimizer", "momentum", "--momentum", "0.8", "--json")
    assert not [line for line in done.lines if "is not used" in line.get("message", "")]


def test_another_split_is_evaluated_on_request(cnnplay: Command, run: Path) -> None:
    assert np.sum(cnnplay("evaluate", run, "--split", "train", "--json").json["confusion"]) == 4000
    assert "has no test " in cnnplay("evaluate", run, "--split", "test").complains()
    assert "--split must be" in cnnplay("evaluate", run, "--split", "some").complains()


def test_people_get_a_line_an_epoch_and_a_matrix(cnnplay: Command, tmp_path: Path) -> None:
    done = cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / "run")
    assert done.status == 0
    assert done.err == ""
    assert "epoch 1/1  train loss" in done.out
    assert f"run: {tmp_path / 'run'}" in done.out
    assert "\x1b" not in done.out
    assert "true class" in cnnplay("evaluate", tmp_path / "run").out


@pytest.mark.parametrize(
    ("format_key", "beside"),
    [("safetensors", 0), ("pt", 1), ("python", 1), ("project", 0), ("json", 0), ("csv", 0)],
)
def test_a_run_is_exported_with_its_trained_weights(
    cnnplay: Command, run: Path, tmp_path: Path, format_key: str, beside: int
) -> None:
    path = tmp_path / ("out.py" if format_key == "python" else f"out.{format_key}")
    found = cnnplay("export", run, "--format", format_key, "-o", path, "--json").json
    assert {"path", "format", "bytes", "trained"} <= set(found)
    assert found["path"] == str(path)
    assert found["bytes"] == path.stat().st_size
    assert found["trained"] is (format_key != "json")  # which holds no weights
    assert len(found["also"]) == beside == len(list(tmp_path.iterdir())) - 1


def test_a_run_as_json_is_said_to_be_without_weights(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    told = cnnplay("export", run, "--format", "json", "-o", tmp_path / "a.json").out
    assert "network and settings, without weights and history" in told
    assert "weights" not in json.loads((tmp_path / "a.json").read_text())


def test_the_history_tells_the_learning_rate_of_each_epoch(cnnplay: Command, tmp_path: Path) -> None:
    """A step schedule halves it every epoch."""
    settings = ("--set", "schedule=step", "--set", "step_every=1", "--set", "step_factor=0.5", "--lr", "0.01")
    assert cnnplay(*TRAIN, "--epochs", "3", *settings, "--out", tmp_path / "run").status == 0
    assert cnnplay("export", tmp_path / "run", "--format", "csv", "-o", tmp_path / "h.csv").status == 0
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as file:
        rates = [float(row["learning_rate"]) for row in csv.DictReader(file)]
    assert rates == pytest.approx([0.01, 0.005, 0.0025])


def test_a_file_of_facts_beside_weights_is_not_replaced(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    assert cnnplay("export", run, "--format", "pt", "-o", tmp_path / "m.pt").status == 0
    facts = (tmp_path / "m.json").read_bytes()
    told = cnnplay("export", run, "--format", "json", "-o", tmp_path / "m.json").complains()
    assert "m.json: expected another name" in told
    assert (tmp_path / "m.json").read_bytes() == facts


def test_a_presets_weights_are_random_and_follow_the_seed(cnnplay: Command, tmp_path: Path) -> None:
    command = ("export", "tiny-cnn", "--format", "safetensors", "-o")
    assert "random weights (seed 7)" in cnnplay(*command, tmp_path / "a", "--seed", "7").out
    assert cnnplay(*command, tmp_path / "b", "--seed", "7", "--json").json["trained"] is False
    assert cnnplay(*command, tmp_path / "c", "--seed", "8").status == 0
    first, same, other = (load_file(tmp_path / name) for name in "abc")
    assert all(bool((first[key] == same[key]).all()) for key in first)
    assert not all(bool((first[key] == other[key]).all()) for key in first)


def test_a_run_is_a_network_too(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    assert cnnplay("summary", run, "--json").json["parameters"] == 4150
    project = tmp_path / "run.cnnplay"
    cnnplay("export", run, "--format", "project", "-o", project)
    weights = tmp_path / "from-project"
    found = cnnplay("export", project, "--format", "safetensors", "-o", weights, "--json").json
    assert found["trained"] is True


@pytest.mark.parametrize("form", ["project", "json", "csv"])
def test_a_run_whose_events_are_lost_is_not_exported(
    form: str, cnnplay: Command, run: Path, tmp_path: Path
) -> None:
    damaged = shutil.copytree(run, tmp_path / "damaged")
    (damaged / "events.jsonl").unlink()
    words = cnnplay("export", damaged, "--format", form, "-o", tmp_path / "out").complains()
    assert "events.jsonl: cannot be read" in words
    assert not (tmp_path / "out").exists()


def test_a_run_that_cannot_begin_leaves_its_place_free(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr("cnnplay.training.estimate.free_bytes", lambda device: 32 * 2**20)
    refused = cnnplay(*TRAIN, "--epochs", "1", "--batch-size", "4096", "--out", out)
    assert refused.status == 1
    assert "Use a batch size of" in refused.err
    assert not out.exists()


def test_a_disk_that_refuses_is_status_1(cnnplay: Command, run: Path) -> None:
    done = cnnplay("export", run, "--format", "csv", "-o", "/proc/history.csv")
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)


@pytest.fixture
def mixed_folder(tmp_path: Path) -> Path:
    """Two classes, RGB images of different sizes, one of them damaged."""
    rng = np.random.default_rng(0)
    for label, name in enumerate(("cats", "dogs")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for index in range(12):
            size = (20 + index, 24, 3)
            pixels = (rng.random(size) * 80 + 120 * label).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{index}.png")
    (tmp_path / "pets" / "cats" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "pets"


def test_a_folder_of_mixed_sizes_trains_under_both_rules(
    cnnplay: Command, mixed_folder: Path, tmp_path: Path
) -> None:
    command = ("train", "tiny-cnn", "--data", f"folder:{mixed_folder}", "--epochs", "1", "--threads", "1")
    resized = cnnplay(*command, "--out", tmp_path / "resized", "--json")
    notes = [line["message"] for line in resized.lines if line["event"] == "note"]
    assert any("10 becomes 2" in note for note in notes), notes
    assert any("broken.png" in note for note in notes)
    assert any("lose their color" in note for note in notes), notes
    assert any("--fit stem would fit it to the images: 3 × 24 × 24" in note for note in notes), notes
    suggested = cnnplay(*command, "--fit", "stem", "--out", tmp_path / "suggested", "--json")
    assert RunFolder.open(tmp_path / "suggested").network.input.shape == (3, 24, 24), suggested
    assert any("usually 26 × 24" in line.get("message", "") for line in suggested.lines)
    stem = cnnplay(*command, "--fit", "stem", "--size", "24,20", "--out", tmp_path / "stem", "--json")
    assert stem.lines[-1]["event"] == "finished", stem
    folder = RunFolder.open(tmp_path / "stem")
    assert folder.network.input.shape == (3, 24, 20)
    assert any(isinstance(event, Noted) and "3 × 24 × 20" in event.message for event in folder.events())
    evaluated = cnnplay("evaluate", tmp_path / "stem", "--data", "mnist-sample")
    assert "the network has 2 classes" in evaluated.complains()


@pytest.fixture
def pets(cnnplay: Command, mixed_folder: Path, tmp_path: Path) -> Path:
    """A run on that folder."""
    command = ("train", "tiny-cnn", "--data", f"folder:{mixed_folder}", "--epochs", "1", "--threads", "1")
    assert cnnplay(*command, "--out", tmp_path / "run").status == 0
    return tmp_path / "run"


def test_a_run_is_not_evaluated_on_other_classes_than_it_learned(
    cnnplay: Command, pets: Path, mixed_folder: Path
) -> None:
    assert cnnplay("evaluate", pets, "--json").json["classes"] == ["cats", "dogs"]
    (mixed_folder / "dogs").rename(mixed_folder / "apes")
    words = cnnplay("evaluate", pets).complains()
    assert "classes, cats, dogs; found apes, cats" in words


def test_images_left_out_of_an_evaluation_are_reported(cnnplay: Command, pets: Path) -> None:
    (problem,) = cnnplay("evaluate", pets, "--json").json["problems"]
    assert "broken.png" in problem
    (line,) = [line for line in cnnplay("evaluate", pets).out.splitlines() if line.startswith("left out: ")]
    assert "broken.png" in line


def test_added_images_move_none_of_another_class_and_the_change_is_reported(
    cnnplay: Command, pets: Path, mixed_folder: Path
) -> None:
    untouched = cnnplay("evaluate", pets, "--split", "train", "--json")
    assert untouched.err == ""
    before = untouched.json
    grey = Image.new("RGB", (24, 20), (90, 90, 91))
    for number in range(10):
        grey.save(mixed_folder / "cats" / f"0-{number}.png")
    done = cnnplay("evaluate", pets, "--split", "train", "--json")
    assert "pets has changed since the run" in done.err
    after = done.json
    assert after["confusion"][1] == before["confusion"][1]
    assert after["pictures"] <= before["pictures"] + 10


def test_a_name_of_a_class_cannot_steer_the_terminal(
    cnnplay: Command, mixed_folder: Path, pets: Path
) -> None:
    record = pets / "run.json"
    record.write_text(record.read_text().replace('"cats"', '"c\\u001b[31mats"'))
    (mixed_folder / "cats").rename(mixed_folder / "c\x1b[31mats")
    out = cnnplay("evaluate", pets).out
    assert "c [31mats" in out
    assert "\x1b" not in out


def test_a_terminals_table_takes_headings_as_they_are() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with contextlib.redirect_stdout(Terminal()) as terminal:
        table((Column("a\x1b[31m"), Column("[bold]b")), [("\x1b[0mc", "d")])
    assert "\x1b[31m" not in terminal.getvalue()
    assert "\x1b[0mc" not in terminal.getvalue()
    assert "[bold]b" in terminal.getvalue()


def test_more_threads_than_cores_are_reduced_with_a_note(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    done = cnnplay("train", "tiny-cnn", "--data", "mnist-sample", "--threads", "256", "--epochs", "1",
                   "--out", tmp_path / "run")  # fmt: skip
    assert done.status == 0
    assert "threads: 256 reduced to 1" in done.out
    assert RunFolder.open(tmp_path / "run").record.config.threads == 1


def test_a_run_is_not_exported_over_what_is_read(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    before = {file.name: file.read_bytes() for file in copy.iterdir()}
    (tmp_path / "link").symlink_to(copy)
    for place in (copy / "run.json", copy / "history.csv", tmp_path / "link" / "run.json"):
        for form in ("json", "csv", "pt"):
            words = cnnplay("export", copy, "--format", form, "-o", place).complains()
            assert "outside the run's own folder" in words
    assert {file.name: file.read_bytes() for file in copy.iterdir()} == before
    project = tmp_path / "e.cnnplay"
    cnnplay("export", run, "--format", "project", "-o", project)
    content = project.read_bytes()
    (tmp_path / "other.cnnplay").symlink_to(project)
    for form in ("csv", "project", "safetensors"):
        for place in (project, tmp_path / "other.cnnplay"):
            words = cnnplay("export", project, "--format", form, "-o", place).complains()
            assert "a file other than NETWORK" in words
    assert project.read_bytes() == content


def test_weights_are_named_what_they_are(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    command = ("--format", "safetensors", "-o", tmp_path / "a")
    assert "trained weights (best)" in cnnplay("export", copy, *command).out
    (copy / "best.safetensors").unlink()
    assert "trained weights (last)" in cnnplay("export", copy, *command).out
    project = tmp_path / "e.cnnplay"
    cnnplay("export", copy, "--format", "project", "-o", project)
    trained = load(project).trained
    assert trained is not None
    assert trained.best is None
    assert "trained weights (last)" in cnnplay("export", project, *command).out
    weights = load_file(copy / "last.safetensors")
    save_file(weights, copy / "last.safetensors", metadata={"epoch": "0", "learned": "false"})
    assert cnnplay("export", copy, *command, "--json").json["trained"] is False
    assert "has learned nothing yet" in cnnplay("export", copy, *command).out
    assert cnnplay("export", copy, "--format", "project", "-o", project, "--json").json["trained"] is False


def test_weights_that_are_no_numbers_are_warned_of(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    weights = load_file(copy / "best.safetensors")
    next(iter(weights.values()))[:] = float("nan")
    save_file(weights, copy / "best.safetensors")
    for arguments in (("evaluate", copy), ("export", copy, "--format", "pt", "-o", tmp_path / "a.pt")):
        done = cnnplay(*arguments)
        assert done.status == 0
        (line,) = done.err.splitlines()
        assert line.startswith("cnnplay: warning: ")
        assert "not finite" in line


def test_weights_of_a_type_that_no_network_has_are_refused(
    cnnplay: Command, run: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    weights = {key: t.to(torch.float8_e4m3fn) for key, t in load_file(copy / "best.safetensors").items()}
    save_file(weights, copy / "best.safetensors")
    for arguments in (("evaluate", copy), ("export", copy, "--format", "pt", "-o", tmp_path / "a.pt")):
        assert "expected a supported type" in cnnplay(*arguments).complains()


def test_a_name_that_is_no_text_is_a_mistake_in_json_too(cnnplay: Command) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print_json({"\udcff": ["a\udcff", 1]})
    assert json.loads(out.getvalue()) == {"?": ["a?", 1]}


def test_a_loss_that_is_no_number_is_status_1_with_advice(cnnplay: Command, tmp_path: Path) -> None:
    done = cnnplay(
        *TRAIN, "--epochs", "3", "--optimizer", "sgd", "--lr", "999", "--out", tmp_path / "run", "--json"
    )
    assert done.status == 1
    (line,) = done.err.splitlines()
    assert "Try a learning rate of" in line
    assert f"Saved in {tmp_path / 'run'}: " in line
    assert done.lines[-1]["event"] == "failed"
    assert RunFolder.open(tmp_path / "run").weights("last")


def test_the_averaged_weights_are_evaluated_too(cnnplay: Command, tmp_path: Path) -> None:
    more = ("--epochs", "2", "--set", "averaging=0.5", "--out", tmp_path / "run")
    first, second = [line for line in cnnplay(*TRAIN, *more).out.splitlines() if line.startswith("epoch ")]
    metrics = [
        event.metrics for event in RunFolder.open(tmp_path / "run").events() if isinstance(event, EpochDone)
    ]
    assert "averaged" not in first
    assert f"averaged {metrics[1]['averaged_accuracy'] * 100:.1f} %" in second


def test_a_run_stopped_within_an_epoch_says_which_epoch_its_metrics_are_from() -> None:
    report, said = TextReporter(), list[str]()
    report._say = said.append  # type: ignore[method-assign]
    report.best = 2, {"accuracy": 0.7}
    report.event(Stepped(run="r", step=130, epoch=3, loss=0.5, accuracy=0.5, images=64))
    metrics = {"validation_accuracy": 0.8}
    ending = Finished(run="r", epochs=2, reason="stopped", metrics=metrics, images_per_second=1, seconds=4)
    report.event(ending)
    assert said[0].endswith("validation accuracy 80.0 % within epoch 3 (best 70.0 % in epoch 2)")
    report.event(msgspec.structs.replace(ending, epochs=3))
    assert said[1].endswith("validation accuracy 80.0 % (best 70.0 % in epoch 2)")


def test_without_out_the_run_is_in_the_users_data(cnnplay: Command, own_folders: Path) -> None:
    done = cnnplay(*TRAIN, "--epochs", "1", "--json")
    assert Path(done.lines[-1]["run"]).parent == own_folders / "data" / "cnnplay" / "runs"


def test_the_same_seed_and_threads_give_the_same_weights(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    cnnplay(*TRAIN, "--epochs", "2", "--out", tmp_path / "again")
    first, second = RunFolder.open(run).weights("last"), RunFolder.open(tmp_path / "again").weights("last")
    assert all(bool((first[key] == second[key]).all()) for key in first)


def _started(path: Path, epochs: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cnnplay", *TRAIN, "--epochs", str(epochs), "--json", "--out", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _events(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    return (json.loads(line) for line in process.stdout)


def test_ctrl_c_ends_it_with_weights_and_status_130(cnnplay: Command, tmp_path: Path) -> None:
    path = tmp_path / "run"
    with _started(path, 1000) as process:
        for event in _events(process):
            if event["event"] == "epoch":
                process.send_signal(signal.SIGINT)
                break
        rest = list(_events(process))
        assert process.stderr is not None
        words = process.stderr.read().decode()
    assert process.returncode == 130
    assert rest[-1]["event"] == "finished"
    assert rest[-1]["reason"] == "stopped"
    assert len(words.splitlines()) == 1
    assert str(path) in words
    assert cnnplay("evaluate", path, "--weights", "last", "--json").json["metrics"]["accuracy"] > 0.1
    assert isinstance(RunFolder.open(path).events()[-1], Finished)


def test_a_reader_that_goes_away_ends_the_run_quietly(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with _started(path, 1000) as process:
        next(event for event in _events(process) if event["event"] == "epoch")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert RunFolder.open(path).weights("last")


def test_an_evaluation_of_inverted_digits_warns(cnnplay: Command, run: Path, tmp_path: Path) -> None:
    digits = load_data("mnist-sample")
    for label in range(10):
        (tmp_path / str(label)).mkdir()
        for number in range(4):
            inverted = 255 - digits.image(500 * label + number)[:, :, 0]
            Image.fromarray(inverted).save(tmp_path / str(label) / f"{number}.png")
    done = cnnplay("evaluate", run, "--data", f"folder:{tmp_path}", "--split", "all", "--json")
    assert done.status == 0, done
    assert "mostly bright, but the network was trained on mostly dark images" in done.err
    assert cnnplay("evaluate", run, "--json").err == ""
