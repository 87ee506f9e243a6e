"""A run's folder: complete after any kill, clear errors for anything else."""

import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
import torch

from cnnplay.data.catalog import load
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Dense, Flatten
from cnnplay.runs.folder import RunError, RunFolder, RunWriteError
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.writer import Writer
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train

NETWORK = Network(
    name="One layer",
    input=Input(1, 8, 8),
    task=Classification(10),
    stack=(Flatten(id="flatten-1"), Dense(id="dense-1", units=10)),
)
CONFIG = TrainConfig(epochs=2, batch_size=500, threads=1, device="cpu")


Kept: TypeAlias = tuple[RunRecorder, Result, list[events.Event]]


@pytest.fixture
def folder(tmp_path: Path) -> RunRecorder:
    return RunRecorder.create(tmp_path / "run", network=NETWORK, config=CONFIG, data="mnist-sample")


@pytest.fixture
def trained(folder: RunRecorder) -> Kept:
    seen: list[events.Event] = []

    def sink(event: events.Event) -> None:
        seen.append(event)
        folder.sink(event)

    job = Job(folder.record.run, NETWORK, CONFIG, load("mnist-sample"))
    result = train(job, sink, folder.observe)
    folder.close(result)
    return folder, result, seen


def test_a_run_is_read_back_as_it_was(trained: Kept) -> None:
    folder, result, seen = trained
    again = RunFolder.open(folder.path)
    assert again.network == NETWORK
    assert again.record.config == CONFIG
    assert again.facts == result.facts
    assert again.events() == tuple(seen)
    assert (again.last_epoch, again.best_epoch) == (2, result.best_epoch)
    assert "torch" in again.record.environment


def test_best_and_last_weights_are_kept(trained: Kept) -> None:
    folder, result, _ = trained
    assert result.best is not None
    for which, expected in (("last", result.weights), ("best", result.best.weights)):
        found = RunFolder.open(folder.path).weights(which)  # type: ignore[arg-type]
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in found)


def test_no_weights_on_the_disk_are_ahead_of_the_checkpoint(
    folder: RunRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second epoch comes while the writer rests: after a kill the first is what the run goes on from."""
    resting = [False]
    monkeypatch.setattr(Writer, "resting", property(lambda writer: resting[0]))

    def observe(seen: Observation) -> None:
        folder.observe(seen)
        if seen.checkpoint is not None:
            folder.finish_writing()
            resting[0] = True

    result = train(Job(folder.record.run, NETWORK, CONFIG, load("mnist-sample")), folder.sink, observe)
    killed = RunFolder.open(folder.path)
    assert result.best_epoch == 2
    assert (killed.last_epoch, killed.best_epoch, killed.state().last_epoch) == (1, 1, 1)
    folder.close()
    assert (killed.last_epoch, killed.best_epoch) == (2, 2)


def test_a_mean_whose_window_moved_on_is_taken_away(folder: RunRecorder) -> None:
    """Of 4 epochs the last two are averaged; when they become 8 after the third, the last four are."""
    control, there = Control(), list[bool]()

    def observe(seen: Observation) -> None:
        folder.observe(seen)
        if seen.checkpoint is not None:
            folder.finish_writing()
            there.append(folder.has("averaged"))
            if seen.epoch == 3:
                control.change("epochs", 8)

    config = msgspec.structs.replace(CONFIG, epochs=4, averaging=0.5)
    job = Job(folder.record.run, NETWORK, config, load("mnist-sample"))
    train(job, folder.sink, observe, control)
    folder.close()
    assert there == [False, False, True, False, True, True, True, True]


def test_every_event_is_one_line_of_json_that_names_itself(
    trained: Kept,
) -> None:
    lines = (trained[0].path / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["event"] == "started"
    assert json.loads(lines[-1])["event"] == "finished"


def test_a_truncated_last_line_is_ignored(trained: Kept) -> None:
    folder, _, seen = trained
    file = folder.path / "events.jsonl"
    whole = file.read_bytes()
    for cut in range(1, 60):
        file.write_bytes(whole[:-cut])
        assert RunFolder.open(folder.path).events() == tuple(seen[:-1])


def test_damage_before_the_last_line_is_reported_and_skipped(trained: Kept) -> None:
    folder, _, seen = trained
    file = folder.path / "events.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    zeros = bytes(len(b"".join(lines[4:8])))  # a block that the disk lost, with the ends of lines
    file.write_bytes(b"".join([lines[0], b'{"event": "nonsense"\n', *lines[2:4], zeros, *lines[8:]]))
    assert folder.events() == (seen[0], *seen[2:4], *seen[9:])
    assert folder.damage == "events.jsonl, line 2: not an event (and 1 more)"


def test_events_of_a_newer_program_are_skipped(trained: Kept) -> None:
    folder, _, seen = trained
    file = folder.path / "events.jsonl"
    file.write_bytes(b'{"event":"heated","run":"r","by":3}\n' + file.read_bytes())
    assert folder.events() == tuple(seen)
    assert folder.outcome().ended == "done"


def test_what_the_events_come_to_takes_no_memory_for_each_of_them(
    trained: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.runs.regular_file.available_bytes", lambda: 1)
    with pytest.raises(RunError, match="bytes of memory"):
        trained[0].events()
    assert trained[0].outcome().ended == "done"


def test_events_other_than_steps_reach_the_disk_at_once(folder: RunRecorder) -> None:
    folder.sink(events.Noted(run="r", message="here"))
    assert RunFolder.open(folder.path).events() == (events.Noted(run="r", message="here"),)
    folder.close()


def test_numbers_that_are_not_finite_are_read_back(folder: RunRecorder) -> None:
    metrics = {"train_loss": math.inf, "validation_loss": -math.inf, "validation_accuracy": 0.5}
    done = events.EpochDone(
        run="r", epoch=1, step=2, metrics=metrics, seconds=1.0, images_per_second=2.0, best=False
    )
    folder.sink(done)
    folder.sink(events.Stepped(run="r", step=3, epoch=2, loss=math.nan, accuracy=0.0, images=4))
    folder.close()
    epoch, step = RunFolder.open(folder.path).events()
    assert epoch == done
    assert isinstance(step, events.Stepped)
    assert math.isnan(step.loss)
    for line in (folder.path / "events.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))


def test_events_larger_than_the_memory_are_refused_and_take_none(folder: RunRecorder) -> None:
    with (folder.path / "events.jsonl").open("wb") as file:
        file.truncate(2**42)  # a hole: it takes no room on the disk
    with pytest.raises(RunError, match=r"events\.jsonl: .* bytes of memory; .* free"):
        folder.events()


def test_a_run_that_cannot_be_made_leaves_its_place_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cnnplay.runs.recorder.write_bytes", full)
        with pytest.raises(RunWriteError, match="cannot be made"):
            RunRecorder.create(tmp_path / "run", network=NETWORK, config=CONFIG, data="mnist-sample")
    assert not (tmp_path / "run").exists()
    RunRecorder.create(tmp_path / "run", network=NETWORK, config=CONFIG, data="mnist-sample")


def test_others_may_read_the_weights_whom_the_system_lets_read_files(
    trained: Kept,
) -> None:
    modes = {file.name: file.stat().st_mode for file in trained[0].path.iterdir()}
    assert len(set(modes.values())) == 1, modes


def test_an_endlessly_nested_event_is_an_error(folder: RunRecorder) -> None:
    (folder.path / "events.jsonl").write_bytes(b'{"event":"note","more":' + b"[" * 100_000 + b"\n")
    with pytest.raises(RunError, match=r"events\.jsonl, line 1"):
        folder.events()


def test_weights_of_a_run_without_any_are_an_error(folder: RunRecorder) -> None:
    with pytest.raises(RunError, match="not saved weights yet"):
        folder.weights()


def test_the_best_weights_of_a_run_without_validation_are_the_last(
    trained: Kept,
) -> None:
    folder, result, _ = trained
    (folder.path / "best.safetensors").unlink()
    assert torch.equal(folder.weights("best")["dense-1.bias"], result.weights["dense-1.bias"])


@pytest.mark.parametrize("step", [1, 64])
def test_truncated_weights_are_an_error(step: int, trained: Kept) -> None:
    file = trained[0].path / "last.safetensors"
    whole = file.read_bytes()
    for length in range(0, len(whole), max(step, len(whole) // 40)):
        file.write_bytes(whole[:length])
        with pytest.raises(RunError, match=r"last\.safetensors"):
            trained[0].weights("last")


def test_which_epochs_are_kept_is_what_the_weights_say_and_not_the_events(
    trained: Kept,
) -> None:
    folder, result, _ = trained
    file = folder.path / "events.jsonl"
    first = next(line for line in file.read_bytes().splitlines(keepends=True) if b'"epoch":1,' in line)
    file.write_bytes(first)  # a kill came before the events of the second epoch were written
    again = RunFolder.open(folder.path)
    assert (again.last_epoch, again.best_epoch) == (2, result.best_epoch)
    (folder.path / "best.safetensors").unlink()
    assert again.best_epoch is None
    (folder.path / "last.safetensors").write_bytes(b"damaged")
    assert again.last_epoch == 0


def test_weights_of_a_runs_beginning_are_known_as_such(folder: RunRecorder) -> None:
    control = Control()

    def stop(event: events.Event) -> None:
        folder.sink(event)
        if isinstance(event, events.Started):
            control.stop()

    result = train(Job("run", NETWORK, CONFIG, load("mnist-sample")), stop, folder.observe, control)
    folder.close(result)
    again = RunFolder.open(folder.path)
    assert not again.learned("last")
    assert not again.has("best")
    assert not again.learned("best"), "the last weights stand for them"


def test_weights_that_were_learned_are_known_as_such(
    trained: Kept,
) -> None:
    assert trained[0].learned("last")
    assert trained[0].learned("best")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
@pytest.mark.parametrize("name", ["run.json", "events.jsonl", "best.safetensors", "last.safetensors"])
def test_pipes_and_devices_in_place_of_a_runs_files_are_refused(name: str, trained: Kept) -> None:
    path = trained[0].path / name

    def read() -> None:
        folder = RunFolder.open(trained[0].path)
        folder.events()
        for which in ("best", "last"):
            folder.weights(which)  # type: ignore[arg-type]
        assert folder.best_epoch
        assert folder.last_epoch

    read()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunError, match=f"{name}: expected a regular file"):
        read()
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(RunError, match=f"{name}: expected a regular file"):
        read()


def test_a_record_that_is_larger_than_any_is_not_read_whole(folder: RunRecorder) -> None:
    os.truncate(folder.path / "run.json", 2**40)  # a hole: it takes no room on the disk
    with pytest.raises(RunError, match=r"run\.json: larger than any"):
        RunFolder.open(folder.path)


def test_weights_larger_than_the_memory_are_refused(
    trained: Kept,
) -> None:
    os.truncate(trained[0].path / "last.safetensors", 2**42)
    with pytest.raises(RunError, match=r"last\.safetensors: .* bytes of memory; .* free"):
        trained[0].weights("last")


def test_a_file_name_that_is_not_text_can_be_reported(folder: RunRecorder) -> None:
    folder.sink(events.Noted(run="r", message="\udcff.png: damaged"))
    assert folder.events() == (events.Noted(run="r", message="?.png: damaged"),)
    folder.close()


def test_no_temporary_file_is_left(
    trained: Kept,
) -> None:
    names = sorted(file.name for file in trained[0].path.iterdir())
    assert names == [
        "best.safetensors",
        "checkpoint.safetensors",
        "events.jsonl",
        "last.safetensors",
        "run.json",
    ]


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(RunError, match="already exists"):
        RunRecorder.create(tmp_path, network=NETWORK, config=CONFIG, data="mnist-sample")


def test_an_empty_folder_is_taken_by_one_alone_and_stays_when_nothing_comes_of_it(tmp_path: Path) -> None:
    run = RunRecorder.create(tmp_path, network=NETWORK, config=CONFIG, data="mnist-sample")
    with pytest.raises(RunError, match="already exists"):
        RunRecorder.create(tmp_path, network=NETWORK, config=CONFIG, data="mnist-sample")
    assert run.record == RunFolder.open(tmp_path).record
    run.close()
    run.discard()
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_find_the_same_empty_folder_the_second_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.runs.recorder.is_free", lambda folder: True)
    run = RunRecorder.create(tmp_path, network=NETWORK, config=CONFIG, data="mnist-sample")
    for _ in range(2):  # while the first writes, and then
        with pytest.raises(RunError, match="already exists"):
            RunRecorder.create(tmp_path, network=NETWORK, config=CONFIG, data="fashion-mnist")
        run.close()
    assert RunFolder.open(tmp_path).record.data == "mnist-sample"


def test_a_place_that_cannot_be_is_a_mistake_and_not_the_disks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "run", tmp_path / ("x" * 300)):
        with pytest.raises(RunError, match="cannot be made") as caught:
            RunRecorder.create(place, network=NETWORK, config=CONFIG, data="mnist-sample")
        assert not isinstance(caught.value, RunWriteError)


def test_without_a_path_a_new_folder_is_named_after_the_network() -> None:
    made = [RunRecorder.create(None, network=NETWORK, config=CONFIG, data="x").path for _ in range(3)]
    assert len(set(made)) == 3
    assert all(path.is_dir() and path.name.startswith("one-layer-") for path in made)


def change(**fields: object) -> Callable[[dict[str, object]], bytes]:
    return lambda record: json.dumps({**record, **fields}).encode()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (change(format="something else"), "its format is"),
        (change(version=99), "newer CNN Playground"),
        (change(network=5), "network"),
        (change(pruned=True), "unknown field `pruned`"),
        (change(version=99, pruned=True), "newer CNN Playground"),
        (change(config={"epochs": "many"}), "epochs"),
        (lambda record: b"", "not a run"),
        (lambda record: b"\xff\xfe", "not a run"),
        (lambda record: b"[" * 100_000, "not a run"),
    ],
)
def test_an_invalid_record_is_an_error_that_names_the_file(
    spoil: Callable[[dict[str, object]], bytes], words: str, folder: RunRecorder
) -> None:
    file = folder.path / "run.json"
    file.write_bytes(spoil(json.loads(file.read_bytes())))
    with pytest.raises(RunError, match=words) as caught:
        RunFolder.open(folder.path)
    assert "run.json" in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("classes", ("a", "b"), "expected 10 names"),
        (
            "preprocessing",
            {"input": (3, 8, 8), "mean": (0.5,), "std": (1.0,)},
            r"input: expected \(1, 8, 8\)",
        ),
        (
            "preprocessing",
            {"input": (1, 8, 8), "mean": (0.5, 0.5), "std": (1.0,)},
            "mean: expected 1 numbers",
        ),
        (
            "preprocessing",
            {"input": (1, 8, 8), "mean": (0.5,), "std": (0.0,)},
            "std: expected numbers above 0",
        ),
    ],
)
def test_facts_that_cannot_belong_to_the_network_are_an_error(
    field: str, value: object, words: str, folder: RunRecorder
) -> None:
    facts = {
        "key": "mnist-sample",
        "classes": tuple("0123456789"),
        "preprocessing": {"input": (1, 8, 8), "mean": (0.5,), "std": (1.0,)},
    }
    file = folder.path / "run.json"
    record = json.loads(file.read_bytes())
    file.write_text(json.dumps({**record, "facts": facts}))
    assert RunFolder.open(folder.path).facts is not None
    file.write_text(json.dumps({**record, "facts": {**facts, field: value}}))
    with pytest.raises(RunError, match=words):
        RunFolder.open(folder.path)


def test_a_record_truncated_at_every_64th_byte_is_an_error(folder: RunRecorder) -> None:
    file = folder.path / "run.json"
    whole = file.read_bytes()
    for length in range(0, len(whole) - 2, 64):
        file.write_bytes(whole[:length])
        with pytest.raises(RunError, match=r"run\.json"):
            RunFolder.open(folder.path)


def test_what_is_not_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such folder"):
        RunFolder.open(tmp_path / "none")
    with pytest.raises(RunError, match=r"no run\.json in it"):
        RunFolder.open(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="not a run"):
        RunFolder.open(tmp_path / "file")


def test_training_continues_with_a_note_if_the_folder_vanishes(folder: RunRecorder) -> None:
    seen: list[events.Event] = []
    shutil.rmtree(folder.path)

    def sink(event: events.Event) -> None:
        seen.append(event)
        folder.sink(event)

    result = train(Job("run", NETWORK, CONFIG, load("mnist-sample")), sink, folder.observe)
    folder.close(result)
    assert result.reason == "done"
    assert "cannot be written" in folder.write_error
    assert any(isinstance(event, events.Noted) and "cannot be written" in event.message for event in seen)


def test_a_folder_without_weights_can_be_taken_away(folder: RunRecorder) -> None:
    folder.sink(events.Noted(run="r", message="refused"))
    folder.close()
    folder.discard()
    assert not folder.path.exists()


def test_a_folder_with_anything_else_in_it_stays(
    trained: Kept,
) -> None:
    folder = trained[0]
    before = sorted(folder.path.iterdir())
    folder.discard()
    assert sorted(folder.path.iterdir()) == before


def test_a_record_of_the_first_version_is_read(folder: RunRecorder) -> None:
    file = folder.path / "run.json"
    record = json.loads(file.read_bytes())
    del record["mark"]
    file.write_text(json.dumps({**record, "version": 1}))
    assert RunFolder.open(folder.path).record.mark == ""


def test_records_survive_the_format(folder: RunRecorder) -> None:
    about = RunFolder.open(folder.path).record
    assert msgspec.structs.asdict(about) == msgspec.structs.asdict(folder.record)
