"""Exporting: which weights there are, and files that hold just those."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from cnnplay.network import edits, nodes
from cnnplay.network.network import Place
from cnnplay.network.presets import preset
from cnnplay.spec.events import EpochDone
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.train.trained import Trained
from tests.ui.conftest import Quiet


def epoch(number: int, accuracy: float) -> EpochDone:
    return EpochDone(
        run="r",
        epoch=number,
        step=number,
        metrics={"validation_accuracy": accuracy},
        seconds=1.0,
        images_per_second=1.0,
        best=True,
    )


def with_two(quiet: Quiet) -> Trained:
    """A training whose best weights are other ones than its last, with a history."""
    trained = quiet.adopt()
    best = {name: torch.zeros_like(tensor) for name, tensor in trained.weights.last.items()}
    weights = replace(trained.weights, best=best, best_epoch=1, last_epoch=2)
    two = Trained(weights, (epoch(1, 0.5), epoch(2, 0.4)))
    quiet.session.run.adopt(two)
    return two


def test_untrained_weights_are_offered_as_what_they_are_and_drawn_by_the_seed(
    quiet: Quiet, tmp_path: Path
) -> None:
    exporting = quiet.session.exporting
    quiet.session.editor.load_preset("tiny-cnn")
    quiet.session.settings.set("seed", 7)
    quiet.session.settings.set("initialisation", "he")
    (choice,) = exporting.choices()
    assert choice.which == "fresh"
    assert "seed 7" in choice.label
    exporting.export("safetensors", tmp_path / "a.safetensors", "fresh")
    finish_jobs(exporting)
    assert "random, not trained" in quiet.messages[-1]
    from cnnplay.modules.build import build

    drawn = build(preset("tiny-cnn").network, seed=7, initialisation="he").state_dict()
    written = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(written[name], drawn[name]) for name in drawn)


def test_best_and_last_are_two_files(quiet: Quiet, tmp_path: Path) -> None:
    trained = with_two(quiet)
    exporting = quiet.session.exporting
    assert [choice.label for choice in exporting.choices()] == ["best: epoch 1", "last: epoch 2"]
    for which in ("best", "last"):
        exporting.export("safetensors", tmp_path / f"{which}.safetensors", which)  # type: ignore[arg-type]
    finish_jobs(exporting)
    assert not any(tensor.any() for tensor in load_file(tmp_path / "best.safetensors").values())
    last = load_file(tmp_path / "last.safetensors")
    assert all(torch.equal(last[name], trained.weights.last[name]) for name in last)


def test_averaged_weights_go_out_from_a_run_and_from_its_saved_project(
    quiet: Quiet, tmp_path: Path, qtbot: QtBot
) -> None:
    session = quiet.session
    session.editor.load_preset("tiny-cnn")
    session.settings.replace(TrainConfig(epochs=2, averaging=1.0, device="cpu"))
    with qtbot.waitSignal(session.run.recorder.epoch_done, timeout=60_000):
        session.run.start()
    qtbot.waitUntil(lambda: not session.run.active, timeout=60_000)
    written = []
    for name in ("run", "project"):
        assert [choice.which for choice in session.exporting.choices()] == ["best", "last", "averaged"]
        session.exporting.export("safetensors", tmp_path / f"{name}.safetensors", "averaged")
        finish_jobs(session.exporting)
        written.append(load_file(tmp_path / f"{name}.safetensors"))
        with qtbot.waitSignal(session.document.saved, timeout=60_000):
            session.document.save(tmp_path / "a.cnnplay")
        with qtbot.waitSignal(session.document.opened, timeout=60_000):
            session.document.open(tmp_path / "a.cnnplay")
    first, second = written
    assert all(torch.equal(first[key], second[key]) for key in first)
    trained = session.run.weights_cache.trained
    assert trained is not None
    assert any(not torch.equal(first[key], trained.weights.last[key]) for key in first)


def test_weights_from_a_file_are_not_said_to_be_of_an_epoch(quiet: Quiet) -> None:
    weights = replace(quiet.adopt().weights, best=None, best_epoch=None, last_epoch=0)
    quiet.session.run.adopt(Trained(weights))
    assert [choice.label for choice in quiet.session.exporting.choices()] == ["loaded from a file"]


def test_an_edited_network_exports_the_one_that_its_weights_belong_to_and_says_so(
    quiet: Quiet, tmp_path: Path
) -> None:
    trained = with_two(quiet)
    exporting = quiet.session.exporting
    assert exporting.network_note() == ""
    quiet.session.editor.set_fields(("dense-1",), "units", 11)
    assert "before the last edits" in exporting.network_note()
    exporting.export("pt", tmp_path / "a.pt", "last")
    finish_jobs(exporting)
    written = torch.load(tmp_path / "a.pt", weights_only=True)
    assert written["dense-1.weight"].shape == trained.weights.last["dense-1.weight"].shape


def test_the_history_is_that_of_the_network_that_undo_brought_back(quiet: Quiet, tmp_path: Path) -> None:
    session, exporting = quiet.session, quiet.session.exporting
    assert exporting.disabled_reason("csv")
    with_two(quiet)
    assert exporting.disabled_reason("csv") == ""
    session.editor.load_preset("mlp")
    assert "no finished epoch" in exporting.disabled_reason("csv")
    session.editor.undo()
    exporting.export("csv", tmp_path / "a.csv", "last")
    finish_jobs(exporting)
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["epoch"], row["validation_accuracy"]) for row in rows] == [("1", "0.5"), ("2", "0.4")]


def test_what_the_disk_refuses_is_said_in_one_line(quiet: Quiet, tmp_path: Path, qtbot: QtBot) -> None:
    quiet.adopt()
    exporting = quiet.session.exporting
    with qtbot.waitSignal(exporting.failed):
        exporting.export("safetensors", tmp_path / "nowhere" / "a.safetensors", "last")
    words = quiet.failures.pop()
    assert "nowhere" in words
    assert "\n" not in words


def test_an_edit_that_changes_no_weight_goes_out_with_the_weights_and_says_so(
    quiet: Quiet, tmp_path: Path
) -> None:
    session, exporting = quiet.session, quiet.session.exporting
    trained = with_two(quiet)
    assert session.editor.report.valid
    session.editor.apply(edits.remove(session.editor.network, ["relu-1"]))
    session.editor.apply(edits.insert(session.editor.network, Place("", 0, 1), nodes.Tanh()))
    assert session.run.weights_cache.trained_for_editor is trained
    assert "edited after training" in exporting.network_note()
    exporting.export("python", tmp_path / "mine.py", "last")
    finish_jobs(exporting)
    code = (tmp_path / "mine.py").read_text()
    assert "Tanh()" in code
    assert code.count("ReLU()") == 2


def test_a_format_that_needs_a_package_says_which(quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting = quiet.session.exporting
    assert exporting.disabled_reason("pt") == ""
    monkeypatch.setattr("cnnplay.spec.extras.find_spec", lambda name: None)
    assert "onnx" in exporting.disabled_reason("onnx")
    assert exporting.disabled_reason("pt") == ""
