"""Files of the version of November 2026 do all that they did: on the command line."""

import csv
import importlib.util
import itertools
import json
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from tests.cli.conftest import Command

from .conftest import HERE, Copied

SENTENCES = ("preprocessing_rule",)

EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
SUFFIXES = {
    "safetensors": "safetensors", "pt": "pt", "onnx": "onnx", "python": "py", "project": "cnnplay",
    "json": "json", "csv": "csv",
}  # fmt: skip
SOURCES = tuple(EXPECTED["summaries"])
TRAINED = tuple(EXPECTED["logits"])
CHOICES = [
    (field["name"], value)
    for field in EXPECTED["settings"]
    for value in (field["choices"] or ([False, True] if field["type"] == "flag" else []))
]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _holds(new: Any, old: Any, where: str = "") -> None:
    """Everything that the old version wrote is there with the same values; more may be there.

    A sentence for people may be worded anew: its numbers count.
    """
    if isinstance(old, dict):
        for key, value in old.items():
            assert key in new, f"{where}.{key}"
            _holds(new[key], value, f"{where}.{key}")
    elif isinstance(old, list):
        assert len(new) == len(old), where
        for index, (one, other) in enumerate(zip(new, old, strict=True)):
            _holds(one, other, f"{where}[{index}]")
    elif isinstance(old, float):
        assert new == pytest.approx(old, rel=1e-9), where
    elif where.rpartition(".")[2] in SENTENCES:
        assert _numbers(new) == _numbers(old), where
    else:
        assert new == old, where


def _numbers(sentence: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", sentence)


# Networks and settings


@pytest.mark.parametrize("source", SOURCES)
def test_every_layer_of_an_old_network_has_the_shape_and_the_costs_it_had(
    source: str, cnnplay: Command
) -> None:
    _holds(cnnplay("summary", HERE / source, "--json").json["layers"], EXPECTED["summaries"][source])


def test_every_setting_has_its_name_its_limits_its_choices_and_its_default(cnnplay: Command) -> None:
    there = {field["name"]: field for field in cnnplay("settings", "--json").json}
    for old in EXPECTED["settings"]:
        new = there[old["name"]]
        assert set(old["choices"]) <= set(new["choices"]), old["name"]
        _holds(new, {key: value for key, value in old.items() if key != "choices"}, old["name"])


def test_every_choice_that_an_old_run_can_have_made_is_read(cnnplay: Command, copied: Copied) -> None:
    path = copied("finished") / "run.json"
    record = json.loads(path.read_text())
    assert {name for name, _ in CHOICES} > {"schedule", "optimizer", "loss", "initialisation", "flip"}
    for name, value in CHOICES:
        path.write_text(json.dumps(record | {"config": record["config"] | {name: value}}))
        assert cnnplay("summary", path.parent, "--json").status == 0, (name, value)


def test_settings_are_given_in_the_old_spelling(cnnplay: Command, tmp_path: Path) -> None:
    for label, number in itertools.product("01", range(10)):
        (tmp_path / "pictures" / label).mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28), 20 * number).save(tmp_path / "pictures" / label / f"{number}.png")
    words = (f"folder:{tmp_path / 'pictures'}", *EXPECTED["interrupted_words"], "--out", tmp_path / "run")
    done = cnnplay("train", "tiny-cnn", "--data", *words)
    assert done.status == 0, done
    config = json.loads((tmp_path / "run" / "run.json").read_text())["config"]
    _holds(config, json.loads((HERE / "interrupted" / "run.json").read_text())["config"])


# Runs


@pytest.mark.parametrize("asked", EXPECTED["evaluations"], ids=lambda one: f"{one['run']}-{one['weights']}")
def test_an_old_runs_weights_are_as_good_as_they_were(
    asked: dict[str, Any], cnnplay: Command, copied: Copied
) -> None:
    words = ("--weights", asked["weights"], "--split", asked["split"])
    found = cnnplay("evaluate", copied(asked["run"]), *words, "--json").json
    assert found["pictures"] == asked["pictures"]
    assert found["metrics"]["loss"] == pytest.approx(asked["metrics"]["loss"], rel=1e-4)
    assert found["metrics"]["accuracy"] == pytest.approx(asked["metrics"]["accuracy"], abs=0.002)
    moved = np.abs(np.array(found["confusion"]) - np.array(asked["confusion"])).sum()
    assert moved <= 0.004 * asked["pictures"]


def test_a_run_that_was_killed_in_its_third_epoch_is_resumed_to_the_same_end(
    cnnplay: Command, copied: Copied, exact: bool
) -> None:
    run = copied("interrupted")
    done = cnnplay("resume", run, "--json")
    assert done.status == 0
    assert done.lines[-1]["event"] == "finished"
    notes = " | ".join(one["message"] for one in done.lines if one["event"] == "note")
    assert "epoch 3" in notes
    assert "step 63" in notes
    steps = [[one["step"], one["loss"]] for one in done.lines if one["event"] == "step"]
    epochs = [one for one in done.lines if one["event"] == "epoch"]
    old = EXPECTED["resumed"]
    assert [step for step, _ in steps] == [step for step, _ in old["steps"]]
    if exact:
        assert steps == old["steps"]
        _holds(epochs, old["epochs"])
    for one, other in zip(epochs, old["epochs"], strict=True):
        assert (one["epoch"], one["step"], one["best"]) == (other["epoch"], other["step"], other["best"])
        assert one["metrics"].keys() >= other["metrics"].keys()
        for name, value in other["metrics"].items():
            assert one["metrics"][name] == pytest.approx(value, abs=0.03), name
    for which in ("last", "best", "averaged"):
        _same_weights(run / f"{which}.safetensors", HERE / "resumed" / f"{which}.safetensors", exact)
    events = [one for one in _lines(run / "events.jsonl") if one["event"] == "step"]
    assert [one["step"] for one in events] == list(range(1, 101))


def _same_weights(one: Path, other: Path, exact: bool) -> None:
    new, old = load_file(one), load_file(other)
    assert new.keys() == old.keys()
    for key in old:
        if exact:
            assert torch.equal(new[key], old[key]), (one.name, key)
        torch.testing.assert_close(new[key], old[key], rtol=0.05, atol=0.05)


def test_old_runs_are_listed_with_all_that_was_told_of_them(cnnplay: Command, store: Path) -> None:
    rows = {Path(row["path"]).name: row for row in cnnplay("runs", "--json").json["runs"]}
    _holds(rows, EXPECTED["runs"]["rows"])


def test_words_that_picked_runs_pick_the_same(cnnplay: Command, store: Path) -> None:
    for words, names in EXPECTED["runs"]["filters"].items():
        rows = cnnplay("runs", "--json", "--", *words.split()).json["runs"]
        assert [Path(row["path"]).name for row in rows] == names, words


# Exports


@pytest.mark.parametrize("source", SOURCES)
def test_an_old_file_is_exported_in_every_format(source: str, cnnplay: Command, tmp_path: Path) -> None:
    for key, suffix in SUFFIXES.items():
        path = tmp_path / f"{key}.{suffix}"
        done = cnnplay("export", HERE / source, "--format", key, "-o", path)
        assert (done.status, done.err) == (0, ""), key
        assert path.exists(), key


@pytest.mark.parametrize("source", TRAINED)
def test_an_exported_module_answers_as_the_old_one_did(source: str, cnnplay: Command, tmp_path: Path) -> None:
    for name in ("old.py", "old.onnx"):
        words = ("--format", {"py": "python"}.get(name[4:], name[4:]), "-o", tmp_path / name)
        assert cnnplay("export", HERE / source, *words).status == 0
    x = torch.linspace(-1, 1, 2 * 784).reshape(2, 1, 28, 28)
    session = onnxruntime.InferenceSession(tmp_path / "old.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    spec = importlib.util.spec_from_file_location("old", tmp_path / "old.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        answered = module.load_model().eval()(x).numpy()
    for logits in (found, answered):
        np.testing.assert_allclose(logits, EXPECTED["logits"][source], rtol=1e-3, atol=1e-4)


def test_exports_hold_what_old_exports_hold(cnnplay: Command, tmp_path: Path) -> None:
    for name in ("weights.safetensors", "weights.pt", "history.csv", "project.json"):
        words = ("--format", name.rpartition(".")[2], "-o", tmp_path / name)
        assert cnnplay("export", HERE / "finished", *words).status == 0
    old = HERE / "exports"
    _same_weights(tmp_path / "weights.safetensors", old / "weights.safetensors", exact=True)
    with (
        safe_open(tmp_path / "weights.safetensors", "pt") as mine,
        safe_open(old / "weights.safetensors", "pt") as its,
    ):
        _holds(mine.metadata(), its.metadata())
    one, other = (torch.load(folder / "weights.pt", weights_only=True) for folder in (tmp_path, old))
    assert list(one) == list(other)
    assert all(torch.equal(one[key], other[key]) for key in other)
    _holds(
        json.loads((tmp_path / "weights.json").read_text()), json.loads((old / "weights.json").read_text())
    )
    _holds(_table(tmp_path / "history.csv"), _table(old / "history.csv"))
    mine, its = (json.loads((folder / "project.json").read_text()) for folder in (tmp_path, old))
    assert mine["version"] >= its["version"]
    # What is null in the old file, as it equals the network and the settings themselves, is written out.
    written_out = {"trained_network": its["network"], "trained_config": its["config"]}
    _holds(mine, its | written_out | {"version": mine["version"]})


def test_tables_of_runs_have_the_columns_that_they_had(tmp_path: Path) -> None:
    from cnnplay.export.runs import runs_csv

    runs_csv([HERE / "finished", HERE / "interrupted"], tmp_path)
    for name in ("runs-table.csv", "runs-epochs.csv", "runs-steps.csv"):
        _holds(_table(tmp_path / name), _table(HERE / "exports" / name), name)


def test_weights_that_were_exported_are_read(tmp_path: Path) -> None:
    from cnnplay.project.weights_file import facts_of, read

    old = load_file(HERE / "finished" / "best.safetensors")
    for name in ("weights.safetensors", "weights.pt"):
        weights = read(HERE / "exports" / name)
        assert all(torch.equal(weights[key], old[key]) for key in old), name
        facts = facts_of(HERE / "exports" / name)
        assert facts.classes == tuple("0123456789"), name
        assert facts.preprocessing is not None, name


@pytest.mark.parametrize("name", ["trained", "edited"])
def test_a_project_that_is_opened_and_written_again_is_the_same(
    name: str, cnnplay: Command, tmp_path: Path
) -> None:
    path = tmp_path / "again.cnnplay"
    assert cnnplay("export", HERE / f"{name}.cnnplay", "--format", "project", "-o", path).status == 0
    with zipfile.ZipFile(path) as new, zipfile.ZipFile(HERE / f"{name}.cnnplay") as old:
        for member in old.namelist():
            if member == "project.json":
                mine, its = (json.loads(one.read(member)) for one in (new, old))
                _holds(mine, its | {"version": mine["version"]})
            else:
                assert new.read(member) == old.read(member), member


# Search


@pytest.fixture
def study(copied: Copied, own_folders: Path) -> Path:
    """The old study, and its best trial's run in the user's own store."""
    storage = copied("studies.sqlite3")
    (run,) = (HERE / "trials").iterdir()
    target = own_folders / "data" / "cnnplay" / "runs" / run.name
    shutil.copytree(run, target)
    base = sqlite3.connect(storage)
    found = base.execute(
        "update trial_user_attributes set value_json = ? where key = 'run' and value_json like ?",
        (json.dumps(str(target)), f"%{run.name}%"),
    )
    assert found.rowcount == 1
    base.commit()
    base.close()
    return storage


def test_an_old_study_is_listed_and_opened(study: Path, cnnplay: Command) -> None:
    from cnnplay.search.storage import url_of
    from cnnplay.search.studies import list_studies, open_study

    (found,) = list_studies(url_of(str(study)))
    best = max(row["value"] for row in EXPECTED["study"]["rows"])
    assert (found.name, found.network, found.data) == ("old", "tiny-cnn", "mnist-sample")
    assert (found.trials, found.best) == (4, best)
    rows = open_study("old", url_of(str(study))).rows
    for row, old in zip(rows, EXPECTED["study"]["rows"], strict=True):
        _holds({key: getattr(row, key) for key in old}, old)
    (run,) = [row.run for row in rows if row.value == best]
    judged = cnnplay("evaluate", run, "--json").json["metrics"]["accuracy"]
    assert judged == pytest.approx(best, abs=0.002)


def test_an_old_study_goes_on_with_the_old_space_and_draws_what_it_would_have_drawn(
    study: Path, cnnplay: Command
) -> None:
    words = ("--space", HERE / "space.json", *EXPECTED["search_words"], "--trials", 5, "--storage", study)
    done = cnnplay("search", "tiny-cnn", "--data", "mnist-sample", *words, "--json")
    assert done.status == 0, done
    (trial,) = [line for line in done.lines if line["event"] == "trial"]
    old = EXPECTED["study"]["next"]
    for key in ("number", "state", "settings"):
        _holds(trial[key], old[key], key)
    assert trial["value"] == pytest.approx(old["value"], abs=0.05)
    last = done.lines[-1]
    assert (last["event"], last["trials"], last["best"]["number"]) == ("finished", 5, 3)
