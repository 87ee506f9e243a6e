"""A run's state on disk: it is restored exactly, damage is reported, and a full disk destroys nothing."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.modules.tensor_file import write_tensors
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import BatchNormalisation, Dense, Dropout, Flatten
from cnnplay.runs import checkpoint
from cnnplay.runs.folder import RunError, RunFolder
from cnnplay.runs.log import EventLog
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.tail import EVENTS
from cnnplay.runs.tensors import read_checked, write_checked
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.job import Job, Observation, Result, resumed_job
from cnnplay.training.loop import train
from cnnplay.training.state import RunState

NETWORK = Network(
    name="tiny",
    input=Input(1, 8, 8),
    task=Classification(10),
    stack=(
        Flatten(id="flatten-1"),
        Dense(id="dense-1", units=12),
        BatchNormalisation(id="batch-norm-1"),
        Dropout(id="dropout-1", p=0.2),
        Dense(id="dense-2", units=10),
    ),
)
CONFIG = TrainConfig(
    epochs=2, batch_size=1024, threads=1, device="cpu", averaging=1.0, schedule="cosine", shift=1
)


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load("mnist-sample")


def _train(job: Job, at: int) -> tuple[Result, RunState]:
    states: list[RunState] = []

    def observe(seen: Observation) -> None:
        if seen.step == at and not states:
            states.append(seen.state(None))

    return train(job, lambda event: None, observe), states[0]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_a_state_is_restored_from_its_file_and_resumes_bit_for_bit(
    optimizer: str, digits: ImageSet, tmp_path: Path
) -> None:
    config = TrainConfig(
        **{n: getattr(CONFIG, n) for n in CONFIG.__struct_fields__} | {"optimizer": optimizer}
    )
    whole, state = _train(Job("a", NETWORK, config, digits), 6)
    checkpoint.save(state, tmp_path / "c.safetensors")
    again = checkpoint.load(tmp_path / "c.safetensors", state.best)
    assert (again.config, again.place, again.metrics) == (state.config, state.place, state.metrics)
    assert (again.threads, again.channels_last) == (state.threads, state.channels_last)
    rest = train(resumed_job("b", NETWORK, digits, again), lambda event: None)
    assert all(torch.equal(whole.weights[key], rest.weights[key]) for key in whole.weights)
    assert whole.averaged is not None
    assert rest.averaged is not None
    assert all(torch.equal(t, rest.averaged.weights[key]) for key, t in whole.averaged.weights.items())


@pytest.fixture(scope="module")
def written(digits: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    _, state = _train(Job("a", NETWORK, CONFIG, digits), 5)
    path = tmp_path_factory.mktemp("state") / "c.safetensors"
    checkpoint.save(state, path)
    return path.read_bytes()


def test_a_loaded_state_shares_no_memory(written: bytes, tmp_path: Path) -> None:
    """A mapped file would change under the run, and on Windows could not be replaced by its next state."""
    path = tmp_path / "c.safetensors"
    path.write_bytes(written)
    state = checkpoint.load(path, None)
    before = {key: tensor.tolist() for key, tensor in state.weights.items()}
    with path.open("r+b") as file:
        file.write(bytes(len(written)))
    assert {key: tensor.tolist() for key, tensor in state.weights.items()} == before


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_checkpoint_is_a_run_error_or_is_still_whole(
    written: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    header = struct.unpack("<Q", written[:8])[0] + 8
    content = bytearray(written)
    for _ in range(data.draw(st.integers(1, 4))):
        end = data.draw(st.sampled_from([header, len(content)]))
        content[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    path = tmp_path_factory.mktemp("damaged") / "c.safetensors"
    path.write_bytes(written)
    whole = checkpoint.load(path, None)
    path.write_bytes(bytes(content[:cut]))
    said = ""
    try:
        state = checkpoint.load(path, None)
    except RunError as error:
        said, state = str(error), whole
    assert not said or str(path) in said
    assert (state.config, state.place, state.metrics) == (whole.config, whole.place, whole.metrics)
    assert state.weights.keys() == whole.weights.keys()
    assert all(torch.equal(tensor, whole.weights[key]) for key, tensor in state.weights.items())


def test_one_bit_anywhere_among_the_numbers_is_noticed(written: bytes, tmp_path: Path) -> None:
    header = struct.unpack("<Q", written[:8])[0] + 8
    path = tmp_path / "c.safetensors"
    for at in range(header, len(written), (len(written) - header) // 50):
        content = bytearray(written)
        content[at] ^= 1
        path.write_bytes(content)
        with pytest.raises(RunError, match="damaged since it was written: expected the checksum"):
            checkpoint.load(path, None)


def _altered(written: bytes, path: Path, change: dict[str, object]) -> None:
    """The same checkpoint, written by one who says other things of it."""
    path.write_bytes(written)
    about, tensors = read_checked(path, "a checkpoint")
    state = json.loads(about[checkpoint.STATE]) | change
    write_checked(tensors, path, {checkpoint.STATE: json.dumps(state)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 9}, "newer CNN Playground (version 9"),
        ({"parameters": 10**9}, "1,000,000,000 parameters"),
        ({"threads": 0}, "threads"),
        ({"first_epoch": 0}, "first_epoch"),
        ({"more": 1}, "more"),
    ],
)
def test_what_a_checkpoint_says_is_checked(
    written: bytes, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    _altered(written, tmp_path / "c.safetensors", change)
    with pytest.raises(RunError, match=r"c\.safetensors") as caught:
        checkpoint.load(tmp_path / "c.safetensors", None)
    assert words in str(caught.value)


def test_a_checksum_may_be_missing_of_an_earlier_format_alone(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    for version in (2, 3):
        _altered(written, path, {"version": version})
        about, tensors = read_checked(path, "a checkpoint")
        write_tensors(tensors, path, {checkpoint.STATE: about[checkpoint.STATE]})
        if version == 2:
            assert checkpoint.load(path, None).place.step == 5
        else:
            with pytest.raises(RunError, match="its checksum is missing"):
                checkpoint.load(path, None)


def _folder(path: Path) -> RunRecorder:
    return RunRecorder.create(path, network=NETWORK, config=CONFIG, data="mnist-sample")


def test_a_folder_left_mid_run_resumes_to_the_same_weights(digits: ImageSet, tmp_path: Path) -> None:
    """As after a kill: nothing was closed, a line is cut off, and a temporary file is left."""
    whole = train(Job("r", NETWORK, CONFIG, digits), lambda event: None)
    folder = _folder(tmp_path / "run")

    def observe(seen: Observation) -> None:
        if seen.step == 6:
            folder.finish_writing()
            raise KeyboardInterrupt
        folder.observe(seen)

    with pytest.raises(KeyboardInterrupt):
        train(Job("r", NETWORK, CONFIG, digits), folder.sink, observe)
    folder.close()
    with (folder.path / EVENTS).open("ab") as file:
        file.write(b'{"event":"step","run":"r","st')
    left = folder.path / ".checkpoint.safetensors.0123abcd.part"
    left.write_bytes(b"half")
    again = RunRecorder.reopen(folder.path)
    assert not left.exists()
    state = again.state()
    assert state.place.epoch == 2
    result = train(resumed_job("r", NETWORK, digits, state), again.sink, again.observe)
    again.close(result)
    assert all(torch.equal(whole.weights[key], result.weights[key]) for key in whole.weights)
    told = RunFolder.open(folder.path).events()
    assert [event.epoch for event in told if isinstance(event, events.EpochDone)] == [1, 2]
    assert _names(folder.path) == [
        "averaged.safetensors",
        "best.safetensors",
        "checkpoint.safetensors",
        "events.jsonl",
        "last.safetensors",
        "run.json",
    ]


def test_a_run_that_is_being_written_cannot_be_opened_for_writing(tmp_path: Path) -> None:
    first = _folder(tmp_path / "run")
    with pytest.raises(RunError, match="is being trained"):
        RunRecorder.reopen(tmp_path / "run")
    first.close()
    RunRecorder.reopen(tmp_path / "run").close()


def test_the_last_whole_checkpoint_stays_where_the_disk_fills_up(
    digits: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder(tmp_path / "run")
    heard: list[events.Event] = []

    def observe(seen: Observation) -> None:
        folder.observe(seen)
        folder.finish_writing()
        if seen.checkpoint is not None:
            monkeypatch.setattr("cnnplay.runs.checkpoint.write_checked", _half_a_file)

    def sink(event: events.Event) -> None:
        heard.append(event)
        folder.sink(event)

    config = msgspec.structs.replace(CONFIG, epochs=3)
    result = train(Job("r", NETWORK, config, digits), sink, observe)
    folder.close(result)
    assert result.reason == "done"
    assert "checkpoint.safetensors: cannot be written (No space left on device)" in folder.write_error
    assert sum("No space left" in e.message for e in heard if isinstance(e, events.Noted)) == 1
    assert RunFolder.open(folder.path).state().place.epoch == 2
    assert not [name for name in _names(folder.path) if name.endswith((".part", ".former"))]


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _half_a_file(tensors: object, path: Path, about: object) -> None:
    path.write_bytes(b"half")
    raise OSError(28, "No space left on device")


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A disk with room for so many bytes more."""
    room = [10**9]
    write = os.write

    def some(handle: int, content: bytes) -> int:
        if room[0] <= 0:
            raise OSError(28, "No space left on device")
        done = write(handle, bytes(content[: room[0]]))
        room[0] -= done
        return done

    monkeypatch.setattr("cnnplay.runs.log.os.write", some)

    def limit(size: int) -> None:
        room[0] = size

    return limit


def _steps(path: Path) -> list[int]:
    return [json.loads(line)["step"] for line in path.read_bytes().splitlines()]


def _paused(step: int) -> events.Paused:
    return events.Paused(run="r", step=step)


def test_events_that_the_disk_did_not_take_come_when_it_has_room_again(
    tmp_path: Path, limited: Callable[[int], None]
) -> None:
    log = EventLog(tmp_path / EVENTS)
    log.append(_paused(1))
    limited(20)
    for step in (2, 3):
        with pytest.raises(OSError, match="No space"):
            log.append(_paused(step))
    assert _steps(tmp_path / EVENTS) == [1], "no part of a line stays"
    limited(10**9)
    log.append(_paused(4))
    log.close()
    assert _steps(tmp_path / EVENTS) == [1, 2, 3, 4]


def test_while_the_disk_is_full_steps_are_given_up_and_epochs_are_not(
    tmp_path: Path, limited: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.runs.log.ROOM", 1000)
    log = EventLog(tmp_path / EVENTS)
    limited(0)
    for number in range(1, 200):
        one = (
            _paused(number)
            if number % 50 == 0
            else events.Stepped(run="r", step=number, epoch=1, loss=1.0, accuracy=0.5, images=8)
        )
        try:
            log.append(one)
        except OSError:
            continue
    limited(10**9)
    log.close()
    found = _steps(tmp_path / EVENTS)
    assert {50, 100, 150} <= set(found)
    assert len(found) < 60
    assert found == sorted(found)
