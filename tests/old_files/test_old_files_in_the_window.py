"""Files of the version of November 2026 do all that they did: in the window's models."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from cnnplay.ui.build.clipboard import from_text, to_text
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.runs.run_loader import read_run
from cnnplay.ui.shell.session import Session

from .conftest import HERE, Copied
from .long_run import write_long_run

WAIT = 60_000
TIMES = ("run", "seconds", "images_per_second")
"""What no two runs have alike."""
SENTENCES = ("reason",)
"""What is written for people, and may be worded anew."""


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    """A window's models. What they had to say in a box fails the test."""
    made, failures = Session(Preferences()), list[str]()
    made.failed.connect(failures.append)
    yield made
    made.shutdown()
    assert failures == []


def _saved(session: Session, path: Path) -> dict[str, Any]:
    """The history in the project that the window saves."""
    session.document.save(path)
    finish_jobs(session.document)
    return _history(path)


def _history(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("history.json"))
    return found


def _open(session: Session, path: Path) -> None:
    session.document.open(path)
    finish_jobs(session.document)


@pytest.mark.parametrize("name", ["trained", "edited"])
def test_an_old_project_opened_and_saved_again_has_the_same_history_and_weights(
    name: str, session: Session, tmp_path: Path
) -> None:
    old = HERE / f"{name}.cnnplay"
    _open(session, old)
    assert not session.document.dirty
    assert _saved(session, tmp_path / "again.cnnplay") == _history(old)
    with zipfile.ZipFile(tmp_path / "again.cnnplay") as new, zipfile.ZipFile(old) as before:
        for member in before.namelist():
            if member.endswith(".safetensors"):
                assert new.read(member) == before.read(member), member
        mine, its = (json.loads(one.read("project.json")) for one in (new, before))
    for key, value in its.items():
        assert key == "version" or mine[key] == value, key


def test_an_old_project_shows_its_network_its_settings_and_its_curve(session: Session) -> None:
    _open(session, HERE / "edited.cnnplay")
    config = session.settings.config
    assert (config.optimizer, config.schedule, config.loss) == ("adamw", "cosine", "squared-error")
    assert (config.averaging, config.class_balance, config.initialisation) == (0.7, "loss", "lecun")
    assert (config.shift, config.rotate, config.crop) == (1, 5.0, 0.05)
    assert session.run.weights_cache.trained is not None
    biases = [
        [node.bias for node in network.stack if node.id == "dense-1"]
        for network in (session.editor.network, session.run.weights_cache.trained.weights.network)
    ]
    assert biases == [[False], [True]], "edited since it was trained"
    history = session.run.history
    assert len(history) == 250
    assert [done.epoch for done in history.epochs] == [1, 2, 3, 4, 5]
    assert [(x, change.name, change.value) for x, change in history.changes] == [
        (1.2, "learning_rate", 0.002),
        (1.22, "rotate", 5.0),
    ]


def test_an_old_project_is_trained_on_and_its_history_goes_on_behind_the_old_one(
    session: Session, qtbot: QtBot, tmp_path: Path, exact: bool
) -> None:
    old = json.loads((HERE / "went-on.json").read_text())
    _open(session, HERE / "trained.cnnplay")
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    session.settings.set("epochs", 1)
    assert session.run.start()
    qtbot.waitUntil(lambda: session.run.state == "idle", timeout=WAIT)
    new = _saved(session, tmp_path / "on.cnnplay")
    told = [
        {key: value for key, value in event.items() if key not in (*TIMES, *SENTENCES)}
        for event in new["events"]
    ]
    assert told[0].pop("task") == "classification"  # newer than the old file
    assert told[7].pop("learning_rate") > 0  # newer too; the epochs that were read have none
    before = _history(HERE / "trained.cnnplay")["steps"]
    for name in ("step", "epoch", "loss", "accuracy", "images"):
        assert new["steps"][name][:250] == before[name], name
        if exact or name in ("step", "epoch", "images"):
            assert new["steps"][name] == old["steps"][name], name
    if exact:
        assert told == [
            {key: value for key, value in event.items() if key not in SENTENCES} for event in old["events"]
        ]
    assert new["at"] == old["at"]
    assert [event["event"] for event in told] == [event["event"] for event in old["events"]]
    ends = [[e["metrics"] for e in events if e["event"] == "epoch"] for events in (told, old["events"])]
    assert ends[0][:5] == ends[1][:5]
    assert ends[0][5] == pytest.approx(ends[1][5], abs=0.03)


@pytest.mark.parametrize("name", ["finished", "interrupted", "window-run", "long"])
def test_an_old_run_taken_into_the_editor_is_saved_with_the_same_history(
    name: str, session: Session, tmp_path: Path, expected: Any
) -> None:
    folder = tmp_path / name
    shutil.copytree(HERE / ("finished" if name == "long" else name), folder)
    if name == "long":
        write_long_run(folder)
    session.run_loader.load_into_editor(read_run(folder))
    history = _saved(session, tmp_path / "a.cnnplay")
    events = [event["event"] for event in history["events"]]
    old = expected["histories"][name]
    assert len(history["steps"]["step"]) == old["steps"]
    assert (events.count("epoch"), events.count("setting")) == (old["epochs"], old["changes"])
    text = json.dumps(history, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == old["sha256"]


def test_an_old_run_that_was_cut_off_goes_on_in_the_window_to_the_same_end(
    session: Session, qtbot: QtBot, copied: Copied, exact: bool
) -> None:
    session.resume(copied("interrupted"))
    finish_jobs(session.resumer)
    qtbot.waitUntil(lambda: session.run.active, timeout=WAIT)
    qtbot.waitUntil(lambda: session.run.state == "idle", timeout=WAIT)
    history, weights = session.run.history, session.run.weights_cache.weights
    assert [done.epoch for done in history.epochs] == [1, 2, 3, 4]
    assert len(history) == 100
    assert weights is not None
    old = load_file(HERE / "resumed" / "last.safetensors")
    assert weights.keys() == old.keys()
    for key, value in old.items():
        if exact:
            assert torch.equal(weights[key], value), key
        torch.testing.assert_close(weights[key], value, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt"])
def test_an_old_export_is_loaded_into_the_network_on_screen(
    name: str, session: Session, qtbot: QtBot
) -> None:
    session.data.choose("mnist-sample")
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=WAIT)
    session.editor.load_preset("tiny-cnn")
    session.importing.offered.connect(lambda read: session.importing.load(read, read.pairings["name"]))
    session.importing.read(HERE / "exports" / name)
    finish_jobs(session.importing)
    weights = session.run.weights_cache.weights
    assert weights is not None
    old = load_file(HERE / "finished" / "best.safetensors")
    assert all(torch.equal(weights[key], old[key]) for key in old)


def test_blocks_that_were_copied_are_pasted(session: Session) -> None:
    text = (HERE / "blocks.json").read_text(encoding="utf-8")
    blocks = from_text(text)
    assert [block.id for block in blocks] == [
        "conv-1", "batch-norm-1", "leaky-relu-1", "skip-1", "max-pool-1", "branches-1",
    ]  # fmt: skip
    assert json.loads(to_text(blocks)) == json.loads(text)
