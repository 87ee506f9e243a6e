"""`cnnplay resume`: a killed run ends with the weights of one that was not killed."""

import json
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from cnnplay.cli import main
from cnnplay.data import folder, folder_tree
from cnnplay.data.catalog import load
from cnnplay.runs.checkpoint import save
from cnnplay.runs.effective_events import effective_events
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.tensors import write_checked
from cnnplay.spec.events import EpochDone, Finished, SettingChanged, Started, Stepped
from cnnplay.training.job import Observation
from tests.cli.conftest import Command, Done

PROGRAM = [sys.executable, "-m", "cnnplay"]
QUICK = ["train", "tiny-cnn", "--data", "mnist-sample", "--threads", "1", "--json"]
EVERYTHING = [
    "schedule=cosine", "warmup=0.5", "averaging=0.5", "label_smoothing=0.1", "gradient_clipping=1",
    "shift=2", "rotate=10", "crop=0.1", "erase=0.2", "mixup=0.2", "class_balance=sampling",
]  # fmt: skip


def _with_dropout(path: Path, cnnplay: Command) -> Path:
    """mini-resnet with dropout before its last layer, as a project."""
    assert cnnplay("export", "mini-resnet", "--format", "json", "-o", path).status == 0
    project = json.loads(path.read_text())
    project["network"]["stack"].insert(-1, {"kind": "dropout", "id": "dropout-1", "p": 0.3})
    path.write_text(json.dumps(project))
    made = path.with_suffix(".cnnplay")
    with zipfile.ZipFile(made, "w") as archive:
        archive.write(path, "project.json")
    return made


def _folder(path: Path, each: int) -> str:
    """So many digits of each class, as a folder of images."""
    digits = load("mnist-sample")
    for label in range(10):
        (path / str(label)).mkdir(parents=True)
        for index in np.flatnonzero(digits.labels == label)[:each]:
            Image.fromarray(digits.image(int(index))[..., 0]).save(path / str(label) / f"{index}.png")
    return f"folder:{path}"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill of POSIX")
@pytest.mark.parametrize("kind", ["lenet-5", "mini-resnet"])
def test_killed_in_the_third_of_four_epochs_and_resumed_equals_never_killed(
    kind: str, cnnplay: Command, tmp_path: Path
) -> None:
    network = "lenet-5" if kind == "lenet-5" else str(_with_dropout(tmp_path / "net.json", cnnplay))
    more = [] if kind == "lenet-5" else [part for pair in EVERYTHING for part in ("--set", pair)]
    data = _folder(tmp_path / "digits", 30 if kind == "mini-resnet" else 100)
    train = ["train", network, "--data", data, "--epochs", "4", "--threads", "1", "--json", *more]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert cnnplay(*train, "--out", whole).status == 0
    with subprocess.Popen([*PROGRAM, *train, "--out", str(cut)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "step" and event["epoch"] == 3:
                break
        process.send_signal(signal.SIGKILL)
    done = cnnplay("resume", cut, "--json")
    assert done.status == 0
    assert done.lines[-1]["event"] == "finished"
    assert done.lines[-1]["epochs"] == 4
    one, two = RunFolder.open(whole), RunFolder.open(cut)
    for which in ("last", "best", *(["averaged"] if more else [])):
        its, mine = one.weights(which), two.weights(which)  # type: ignore[arg-type]
        assert all(torch.equal(its[key], mine[key]) for key in its), which
    told = effective_events(two.events())
    assert [event.epoch for event in told if isinstance(event, EpochDone)] == [1, 2, 3, 4]
    steps = [event.step for event in told if isinstance(event, Stepped)]
    assert steps == list(range(1, steps[-1] + 1))
    assert [e.loss for e in one.events() if isinstance(e, Stepped)] == [
        e.loss for e in told if isinstance(e, Stepped)
    ]


def test_a_run_that_is_done_has_nothing_left_unless_more_is_asked_for(
    cnnplay: Command, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    assert "after 1 epoch; --epochs" in cnnplay("resume", run).complains()
    assert "--epochs must be 1 or more; got 0" in cnnplay("resume", run, "--epochs", "0").complains()
    many = cnnplay("resume", run, "--epochs", "100001").complains()
    assert "--epochs must be at most 100,000; got 100,001" in many
    done = cnnplay("resume", run, "--epochs", "2", "--json")
    assert [line["epoch"] for line in done.lines if line["event"] == "epoch"] == [2]
    folder = RunFolder.open(run)
    assert isinstance(folder.events()[-1], Finished)
    assert [event.done for event in folder.events() if isinstance(event, Started)] == [None, 63]


def test_a_run_that_stopped_early_is_over_unless_more_is_asked_for(cnnplay: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    worse = ["--optimizer", "sgd", "--lr", "0.5", "--weight-decay", "0", "--set", "early_stopping=1"]
    done = cnnplay(*QUICK, "--epochs", "30", *worse, "--set", "checkpoint_every=0", "--out", run)
    assert done.lines[-1]["reason"] == "early"
    epochs = done.lines[-1]["epochs"]
    said = cnnplay("resume", run).complains()
    assert f"after {epochs} epochs: it stopped early" in said
    assert "--epochs N" in said
    assert "nothing left to train" in cnnplay("resume", run, "--epochs", epochs).complains()
    more = cnnplay("resume", run, "--epochs", epochs + 1, "--json")
    assert [line["epoch"] for line in more.lines if line["event"] == "epoch"] == [epochs + 1]


def test_a_run_whose_end_was_printed_but_not_saved_can_be_resumed(cnnplay: Command, tmp_path: Path) -> None:
    """As a kill leaves it between the last event and the last checkpoint."""
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    state = RunFolder.open(run).state()
    assert cnnplay("resume", run, "--epochs", "2").status == 0
    earlier = replace(state, config=msgspec.structs.replace(state.config, epochs=2))
    save(earlier, run / "checkpoint.safetensors")
    done = cnnplay("resume", run, "--json")
    assert [line["epoch"] for line in done.lines if line["event"] == "epoch"] == [2]


def test_a_newer_programs_events_are_read_over_and_damaged_ones_said(
    cnnplay: Command, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    events = run / "events.jsonl"
    events.write_bytes(b'{"event":"heated","run":"r"}\n' + events.read_bytes())
    assert "after 1 epoch; --epochs" in cnnplay("resume", run).complains()
    events.write_bytes(b"nonsense\n" + events.read_bytes())
    assert "after 1 epoch; --epochs" in cnnplay("resume", run).complains()
    assert cnnplay("resume", run, "--epochs", "2").status == 0, "damaged events keep nobody from training"
    history = cnnplay("export", run, "--format", "csv", "-o", tmp_path / "history.csv")
    assert history.status == 0
    assert "events.jsonl, line 1: not an event" in history.err
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that did two of three epochs, and has no checkpoint. For copies."""
    run = tmp_path_factory.mktemp("two") / "run"
    assert main([*QUICK, "--epochs", "2", "--out", str(run)], lambda path: 1, lambda folder, seed: 1) == 0
    (run / "checkpoint.safetensors").unlink()
    _as_if_cut(run, 3)
    return run


@pytest.fixture
def cut(two: Path, tmp_path: Path) -> Path:
    """A copy of that run."""
    return Path(shutil.copytree(two, tmp_path / "cut"))


def _as_if_cut(run: Path, epochs: int) -> None:
    """So many epochs were asked for, and nothing tells of an end."""
    record = json.loads((run / "run.json").read_text())
    record["config"]["epochs"] = epochs
    (run / "run.json").write_text(json.dumps(record))
    kept = []
    for line in (run / "events.jsonl").read_text().splitlines(keepends=True):
        event = json.loads(line)
        if event["event"] == "started":
            event["config"]["epochs"] = epochs
            line = json.dumps(event) + "\n"
        if event["event"] != "finished":
            kept.append(line)
    (run / "events.jsonl").write_text("".join(kept))


def _epochs(done: Done) -> list[int]:
    assert done.status == 0, done
    return [line["epoch"] for line in done.lines if line["event"] == "epoch"]


def _notes(done: Done) -> str:
    return " | ".join(line["message"] for line in done.lines if line["event"] == "note")


def _flip(path: Path, place: float = 0.999) -> None:
    """One bit of a file, as a disk loses it."""
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x40
    path.write_bytes(content)


def test_a_run_without_a_checkpoint_resumes_from_its_weights(cnnplay: Command, cut: Path) -> None:
    before = RunFolder.open(cut)
    best = before.best()
    assert best is not None
    changed = SettingChanged(run="r", step=126, name="learning_rate", value=1e-9)
    with (cut / "events.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(changed) + b"\n")
    done = cnnplay("resume", cut, "--json")
    assert "resumes in epoch 3 with the weights saved after 2 epochs" in _notes(done)
    assert "missing or damaged" not in _notes(done)
    assert _epochs(done) == [3]
    folder = RunFolder.open(cut)
    told = effective_events(folder.events())
    assert [event.epoch for event in told if isinstance(event, EpochDone)] == [1, 2, 3]
    assert [event.step for event in told if isinstance(event, Stepped)] == list(range(1, 3 * 63 + 1))
    first = next(event for event in told if isinstance(event, Stepped) and event.step == 127)
    assert first.loss < 1.0, "it does not begin with fresh weights"
    started = [event for event in told if isinstance(event, Started)][-1]
    assert started.config.learning_rate == 1e-9, "what was changed during the run holds"
    assert folder.state().place.epoch == 4
    after = folder.best()
    assert after is not None
    assert after.metrics["accuracy"] >= best.metrics["accuracy"]


def test_the_best_weights_are_not_replaced_by_worse_ones(cnnplay: Command, cut: Path) -> None:
    weights, about = RunFolder.open(cut).weights("best"), {"epoch": "1", "accuracy": "1.0", "loss": "0.0"}
    write_checked(weights, cut / "best.safetensors", about)
    assert _epochs(cnnplay("resume", cut, "--json")) == [3]
    assert RunFolder.open(cut).best_epoch == 1


def test_unreadable_best_weights_are_reported(cnnplay: Command, cut: Path) -> None:
    _flip(cut / "best.safetensors")
    done = cnnplay("resume", cut, "--json")
    assert "best epoch so far are missing or damaged" in _notes(done)
    assert RunFolder.open(cut).best_epoch == 3


def test_the_number_of_epochs_of_a_run_without_a_checkpoint(cnnplay: Command, cut: Path) -> None:
    assert "--epochs must be 3 or more; got 0" in cnnplay("resume", cut, "--epochs", "0").complains()
    assert "nothing left to train after 2 epochs; " in cnnplay("resume", cut, "--epochs", "2").complains()
    more = SettingChanged(run="r", step=126, name="epochs", value=4)
    with (cut / "events.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(more) + b"\n")
    assert _epochs(cnnplay("resume", cut, "--json")) == [3, 4]
    (cut / "checkpoint.safetensors").unlink()
    assert "nothing left to train after 4 epochs; " in cnnplay("resume", cut).complains()
    assert _epochs(cnnplay("resume", cut, "--epochs", "5", "--json")) == [5]


def test_a_run_that_stopped_early_is_over_even_without_its_checkpoint(cnnplay: Command, cut: Path) -> None:
    end = Finished(run="r", epochs=2, reason="early", metrics={}, images_per_second=1.0, seconds=1.0)
    with (cut / "events.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(end) + b"\n")
    assert "after 2 epochs: it stopped early" in cnnplay("resume", cut).complains()


def test_without_events_a_run_resumes_with_its_first_settings(cnnplay: Command, cut: Path) -> None:
    (cut / "events.jsonl").unlink()
    assert _epochs(cnnplay("resume", cut, "--json")) == [3]


def test_the_best_weights_alone_are_enough_to_resume(cnnplay: Command, cut: Path) -> None:
    (cut / "last.safetensors").unlink()
    best = RunFolder.open(cut).best_epoch
    assert best is not None
    assert _epochs(cnnplay("resume", cut, "--json")) == list(range(best + 1, 4))


@pytest.mark.parametrize("which", ["last", "best"])
def test_nothing_is_trained_on_from_weights_that_are_none_of_the_runs(
    cnnplay: Command, cut: Path, which: str
) -> None:
    write_checked({"foo": torch.zeros(3)}, cut / "last.safetensors", {"epoch": "2"})
    if which == "best":
        shutil.move(cut / "last.safetensors", cut / "best.safetensors")
    assert f"its {which} weights belong to another network" in cnnplay("resume", cut).complains()


def test_weights_of_a_type_that_no_network_has_are_not_trained_on(cnnplay: Command, cut: Path) -> None:
    weights = {key: tensor.to(torch.complex64) for key, tensor in RunFolder.open(cut).weights("last").items()}
    write_checked(weights, cut / "last.safetensors", {"epoch": "2"})
    words = cnnplay("resume", cut).complains()
    assert "last weights: " in words
    assert "expected a supported type" in words


def test_damaged_weights_are_not_replaced_by_starting_over(cnnplay: Command, cut: Path) -> None:
    best = RunFolder.open(cut).best_epoch
    assert best is not None
    for which in ("last", "best"):
        file = cut / f"{which}.safetensors"
        file.write_bytes(b"damaged" + file.read_bytes())
    assert "last.safetensors: cannot be read as weights" in cnnplay("resume", cut).complains()
    file.write_bytes(file.read_bytes()[len(b"damaged") :])
    done = cnnplay("resume", cut, "--json")
    assert "last.safetensors: cannot be read as weights" in _notes(done), "it goes on from the best ones"
    assert _epochs(done) == list(range(best + 1, 4))


def test_weights_that_do_not_say_their_epoch_are_not_overwritten(cnnplay: Command, cut: Path) -> None:
    write_checked(RunFolder.open(cut).weights("last"), cut / "last.safetensors", {"by": "hand"})
    assert "do not say their epoch" in cnnplay("resume", cut).complains()
    write_checked(RunFolder.open(cut).weights("last"), cut / "last.safetensors", {"epoch": "0"})
    assert _epochs(cnnplay("resume", cut, "--json")) == [1, 2, 3], "stopped in its first epoch"


def test_a_resume_that_fails_before_its_first_step_leaves_the_weights(cnnplay: Command, cut: Path) -> None:
    kept = {file.name: file.read_bytes() for file in cut.glob("*.safetensors")}
    record = cut / "run.json"
    settings = json.loads(record.read_text())
    settings["config"]["device"] = "nowhere"
    record.write_text(json.dumps(settings))
    (cut / "events.jsonl").unlink()
    done = cnnplay("resume", cut)
    assert done.status != 0
    assert "first weights" not in done.err
    assert {file.name: file.read_bytes() for file in cut.glob("*.safetensors")} == kept
    settings["config"]["device"] = "cpu"
    record.write_text(json.dumps(settings))
    assert _epochs(cnnplay("resume", cut, "--json")) == [3]


def test_a_run_without_a_complete_epoch_starts_over(cnnplay: Command, cut: Path) -> None:
    for name in ("last", "best"):
        (cut / f"{name}.safetensors").unlink()
    whole = (cut / "events.jsonl").read_text().splitlines(keepends=True)
    (cut / "events.jsonl").write_text("".join(whole[:20]))  # as if killed in its first epoch
    assert "has learned nothing yet" in cnnplay("resume", cut, "--epochs", "4").complains()
    done = cnnplay("resume", cut)
    assert done.status == 0
    assert "neither a checkpoint nor an epoch's weights were saved" in done.out
    for name in ("checkpoint", "last", "best"):
        (cut / f"{name}.safetensors").unlink()
    assert "neither a checkpoint nor weights to resume from" in cnnplay("resume", cut).complains()


def test_events_that_end_before_the_checkpoint_are_reported(cnnplay: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "2", "--out", run).status == 0
    whole = (run / "events.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in whole if '"note"' not in line][:41]
    (run / "events.jsonl").write_text("".join(kept))
    steps = sum('"step"' in line and '"event":"step"' in line for line in kept)
    notes = _notes(cnnplay("resume", run, "--epochs", "3", "--json"))
    assert f"its events end after step {steps}: " in notes


def test_a_damaged_checkpoint_gives_one_line(cnnplay: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    (run / "checkpoint.safetensors").write_bytes(b"nonsense")
    words = cnnplay("resume", run).complains()
    assert "checkpoint.safetensors: cannot be read as a checkpoint" in words
    assert words.endswith(
        "without that file, `cnnplay resume` continues from the weights saved after 1 epoch"
    )
    (run / "checkpoint.safetensors").unlink()
    assert _epochs(cnnplay("resume", run, "--epochs", "2", "--json")) == [2], "the way that was told"


@pytest.mark.parametrize("place", [0.3, 0.6, 0.999])
def test_bytes_that_were_overwritten_in_a_checkpoint_are_noticed(
    cnnplay: Command, tmp_path: Path, place: float
) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    best = (run / "best.safetensors").read_bytes()
    for name in ("checkpoint.safetensors", "last.safetensors"):
        _flip(run / name, place)
    words = cnnplay("resume", run, "--epochs", "2").complains()
    assert "checkpoint.safetensors: damaged since it was written: expected the checksum " in words
    assert "without that file, `cnnplay resume`" in words, "the best weights are whole"
    export = ("export", run, "-o", tmp_path / "a.st", "--format", "safetensors", "--weights")
    assert "last.safetensors: damaged since it was written" in cnnplay(*export, "last").complains()
    assert (run / "best.safetensors").read_bytes() == best
    assert cnnplay(*export, "best").status == 0


def test_a_run_that_cannot_be_written_does_not_go_on(cnnplay: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    (run / "events.jsonl").unlink()
    (run / "events.jsonl").mkdir()
    done = cnnplay("resume", run, "--epochs", "2")
    assert done.status == 1
    assert "cannot be written (Is a directory)" in done.err
    assert "epoch" not in done.out


def test_the_best_epoch_is_reported_if_it_was_before_the_resume(cnnplay: Command, tmp_path: Path) -> None:
    """Nothing is learned at such a rate: no later epoch is better than the first."""
    run = tmp_path / "run"
    still = ("--optimizer", "sgd", "--lr", "1e-12")
    assert cnnplay(*QUICK, *still, "--epochs", "1", "--out", run).status == 0
    words = cnnplay("resume", run, "--epochs", "2").out.splitlines()
    assert "in epoch 1)" in next(line for line in words if line.startswith("done"))


def test_averaged_weights_are_evaluated_and_exported_if_there_are_any(
    cnnplay: Command, tmp_path: Path
) -> None:
    run, plain = tmp_path / "run", tmp_path / "plain"
    assert cnnplay(*QUICK, "--epochs", "2", "--set", "averaging=1", "--out", run).status == 0
    assert cnnplay(*QUICK, "--epochs", "1", "--out", plain).status == 0
    epochs = [event for event in RunFolder.open(run).events() if isinstance(event, EpochDone)]
    found = cnnplay("evaluate", run, "--weights", "averaged", "--json").json
    assert found["metrics"]["accuracy"] == epochs[-1].metrics["averaged_accuracy"]
    assert found["metrics"]["loss"] == pytest.approx(epochs[-1].metrics["averaged_loss"], rel=1e-5)
    assert "no averaged weights" in cnnplay("evaluate", plain, "--weights", "averaged").complains()
    averaged = ("--format", "pt", "--weights", "averaged", "-o")
    assert cnnplay("export", run, *averaged, tmp_path / "a.pt").status == 0
    project = tmp_path / "a.cnnplay"
    assert cnnplay("export", run, "--format", "project", "-o", project).status == 0
    assert cnnplay("export", project, *averaged, tmp_path / "b.pt").status == 0
    first, second = (torch.load(tmp_path / name, weights_only=True) for name in ("a.pt", "b.pt"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    kept = RunFolder.open(run).weights("averaged")
    assert all(torch.equal(first[key], kept[key]) for key in kept)
    assert cnnplay("export", plain, "--format", "project", "-o", project).status == 0
    refused = cnnplay("export", project, *averaged, tmp_path / "c.pt")
    assert "the project has no averaged weights" in refused.complains()


def test_settings_are_given_by_name(cnnplay: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    pairs = ["--set", "schedule=one-cycle", "--set", "flip=yes", "--set", "label-smoothing=0.1"]
    assert cnnplay(*QUICK, "--epochs", "1", *pairs, "--out", run).status == 0
    config = RunFolder.open(run).record.config
    assert (config.schedule, config.flip, config.label_smoothing) == ("one-cycle", True, 0.1)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("schedule", "--set must be NAME=VALUE; got schedule"),
        ("speed=3", "--set: unknown setting speed; did you mean seed?"),
        ("shift=a", "--set: shift must be a whole number; got a"),
        ("flip=maybe", "--set: flip must be true or false; got maybe"),
        ("schedule=slow", "schedule must be constant or step or cosine or one-cycle; got slow"),
        ("mixup=-1", "mixup must be 0 or more; got -1"),
    ],
)
def test_an_invalid_setting_is_named(pair: str, words: str, cnnplay: Command, tmp_path: Path) -> None:
    said = cnnplay(*QUICK, "--epochs", "1", "--set", pair, "--out", tmp_path / "run").complains()
    assert words in said
    assert not (tmp_path / "run").exists()


def _cut_in_its_second_epoch(cnnplay: Command, tmp_path: Path) -> tuple[Path, Path]:
    """(run, pictures): a run of two epochs on a folder of pictures that did one."""
    run, pictures = tmp_path / "run", tmp_path / "digits"
    train = ["train", "tiny-cnn", "--threads", "1", "--epochs", "1", "--json", "--out", run]
    assert cnnplay(*train, "--data", _folder(pictures, 20)).status == 0
    state = RunFolder.open(run).state()
    cut = replace(state, config=msgspec.structs.replace(state.config, epochs=2))
    save(cut, run / "checkpoint.safetensors")
    events = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    (run / "events.jsonl").write_bytes(b"".join(line for line in events if b'"finished"' not in line))
    return run, pictures


def test_images_that_changed_under_their_names_are_reported(cnnplay: Command, tmp_path: Path) -> None:
    run, pictures = _cut_in_its_second_epoch(cnnplay, tmp_path)
    one = next((pictures / "3").iterdir())
    Image.fromarray(255 - np.asarray(Image.open(one))).save(one)
    notes = [line["message"] for line in cnnplay("resume", run, "--json").lines if line["event"] == "note"]
    assert any("images of digits were changed" in note for note in notes), notes
    again = cnnplay("resume", run, "--epochs", "3", "--json")
    assert not [line for line in again.lines if "were changed" in line.get("message", "")], "known by now"


def test_missing_files_of_a_run_are_reported_and_it_resumes(cnnplay: Command, tmp_path: Path) -> None:
    run, _ = _cut_in_its_second_epoch(cnnplay, tmp_path)
    (run / "best.safetensors").unlink()
    (run / "events.jsonl").unlink()
    done = cnnplay("resume", run, "--json")
    notes = " ".join(line["message"] for line in done.lines if line["event"] == "note")
    assert done.status == 0
    assert "best epoch so far are missing or damaged" in notes
    assert "its events are missing" in notes
    assert RunFolder.open(run).best_epoch == 2


def test_a_complete_run_resumes_without_such_notes(cnnplay: Command, tmp_path: Path) -> None:
    run, _ = _cut_in_its_second_epoch(cnnplay, tmp_path)
    done = cnnplay("resume", run, "--json")
    assert not [line for line in done.lines if "missing" in line.get("message", "")]
    assert not [line for line in done.lines if "were changed" in line.get("message", "")]


def test_a_run_of_an_earlier_version_resumes_with_its_own_order_of_classes(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Class 10 came before class 2, and each file of more than 8 bits had its own white."""
    for label, name in enumerate(("1", "2", "10")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(5):
            values = np.linspace(0, (200, 20_000, 60_000)[label] + number, 64, dtype=np.float32).reshape(8, 8)
            Image.fromarray(values).save(tmp_path / "images" / name / f"{number}.tiff")
    data = ("--data", f"folder:{tmp_path / 'images'}", "--threads", "1")
    with monkeypatch.context() as earlier:
        earlier.setattr(folder_tree, "natural_key", lambda name: name)
        earlier.setattr(folder, "common_white", lambda _: None)
        trained = cnnplay("train", "tiny-cnn", *data, "--epochs", "2", "--out", tmp_path / "run")
        assert trained.status == 0, trained
        before = cnnplay("evaluate", tmp_path / "run", "--split", "all", "--json").json
    assert RunFolder.open(tmp_path / "run").facts.classes == ("1", "10", "2")
    assert cnnplay("evaluate", tmp_path / "run", "--split", "all", "--json").json == before
    done = cnnplay("resume", tmp_path / "run", "--epochs", "3")
    assert done.status == 0, done
    assert RunFolder.open(tmp_path / "run").facts.classes == ("1", "10", "2")


def test_a_run_that_stopped_early_trains_on_with_new_patience_or_without(
    cnnplay: Command, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    still = ("--optimizer", "sgd", "--lr", "1e-12", "--set", "early_stopping=2")
    assert cnnplay(*QUICK, *still, "--epochs", "30", "--out", run).lines[-1]["reason"] == "early"
    done = RunFolder.open(run).last_epoch
    assert _epochs(cnnplay("resume", run, "--epochs", "30", "--json")) == [done + 1, done + 2]
    more = ("--set", "early_stopping=0", "--epochs", done + 5)
    assert _epochs(cnnplay("resume", run, *more, "--json")) == [done + 3, done + 4, done + 5]
    assert RunFolder.open(run).state().config.early_stopping == 0


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("batch_size=8", "batch_size cannot change within a run"),
        ("epochs=9", "--epochs"),
        ("early_stopping=-1", "early_stopping must be 0 or more; got -1"),
        ("early_stop=1", "unknown setting early_stop; did you mean early_stopping?"),
    ],
)
def test_a_setting_that_cannot_change_within_a_run_is_refused(
    cnnplay: Command, tmp_path: Path, pair: str, words: str
) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    assert words in cnnplay("resume", run, "--epochs", "2", "--set", pair).complains()
    assert RunFolder.open(run).last_epoch == 1


def test_a_resumed_run_whose_network_breaks_a_limit_is_the_users_mistake(
    cnnplay: Command, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert cnnplay(*QUICK, "--epochs", "1", "--out", run).status == 0
    record = json.loads((run / "run.json").read_text())
    layer = next(node for node in record["network"]["stack"] if node["id"].startswith("conv"))
    layer["stride"] = [0, 0]
    (run / "run.json").write_text(json.dumps(record))
    words = cnnplay("resume", run, "--epochs", "2").complains()
    assert "stride" in words
    assert layer["id"] in words


def test_a_run_whose_description_is_deleted_meanwhile_ends_with_words(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, observe = tmp_path / "run", RunRecorder.observe

    def deleting(recorder: RunRecorder, seen: Observation) -> None:
        observe(recorder, seen)
        (run / "run.json").unlink(missing_ok=True)

    monkeypatch.setattr(RunRecorder, "observe", deleting)
    done = cnnplay(*QUICK, "--epochs", "1", "--out", run)
    assert done.status == 1
    assert "run.json: was deleted" in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1
