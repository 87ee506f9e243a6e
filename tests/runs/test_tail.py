"""Following a run's events while they are written: no line twice, none lost, half ones wait."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.runs.record import RunError
from cnnplay.runs.tail import Tail
from cnnplay.spec.events import Event, Stepped
from cnnplay.spec.json_values import json_values
from tests.runs_bench import epoch_events, make_run, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def lines(events: list[Event]) -> bytes:
    return b"".join(msgspec.json.encode(json_values(event)) + b"\n" for event in events)


def events_since(tail: Tail) -> list[Event]:
    return tail.decoded(tail.lines_since())


@given(cuts=st.lists(st.integers(min_value=0, max_value=2000), max_size=12))
def test_however_the_bytes_arrive_each_event_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    events = [*epoch_events("r", 1), *epoch_events("r", 2)]
    content = lines(events)
    folder = tmp_path_factory.mktemp("run")
    tail, seen = Tail(folder), []
    before = 0
    for cut in [*sorted(cuts), len(content)]:
        with (folder / "events.jsonl").open("ab") as file:
            file.write(content[before:cut])
        before = max(before, cut)
        seen += events_since(tail)
    assert seen == events


def test_a_line_without_its_end_waits_for_it(folder: Path) -> None:
    event = Stepped(run="r", step=1, epoch=1, loss=0.5, accuracy=0.5, images=16)
    content = lines([event])
    (folder / "events.jsonl").write_bytes(content[:20])
    tail = Tail(folder)
    assert events_since(tail) == []
    (folder / "events.jsonl").write_bytes(content)
    assert events_since(tail) == [event]
    assert events_since(tail) == []


def test_nothing_is_there_before_the_file_is(folder: Path) -> None:
    tail = Tail(folder)
    assert events_since(tail) == []
    write(folder, epoch_events("r", 1))
    assert len(events_since(tail)) == 5


def test_kinds_and_fields_that_are_not_known_are_read_over(folder: Path) -> None:
    event = epoch_events("r", 1)[0]
    known = msgspec.json.encode({**json_values(event), "temperature": 40})
    (folder / "events.jsonl").write_bytes(b'{"event":"heated","run":"r","by":3}\n' + known + b"\n")
    assert events_since(Tail(folder)) == [event]


@pytest.mark.parametrize(
    "line", [b"{}", b"nonsense", b'{"event":"step","run":"r"}', b"\xff\xfe", b'{"event":3}']
)
def test_a_line_that_is_no_event_is_named_and_left_out(folder: Path, line: bytes) -> None:
    told, tail = epoch_events("r", 1), Tail(folder)
    (folder / "events.jsonl").write_bytes(lines(told[:2]) + line + b"\n" + lines(told[2:]))
    assert events_since(tail) == told
    assert tail.damage == "events.jsonl, line 3: not an event"
    (folder / "events.jsonl").write_bytes(line + b"\n")
    tail = Tail(folder)
    assert events_since(tail) == []
    with pytest.raises(RunError, match=r"events\.jsonl, line 1: not an event"):
        events_since(tail)


def test_a_file_that_was_put_in_anothers_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", epochs=3)
    tail = Tail(folder)
    assert len(events_since(tail)) == 17
    (folder / "events.jsonl").unlink()
    write(folder, epoch_events("r", 1))
    assert len(events_since(tail)) == 5
    assert tail.restarted
    assert events_since(tail) == []
    assert not tail.restarted


def test_a_long_file_is_taken_in_parts(folder: Path) -> None:
    write(folder, [event for number in range(1, 40) for event in epoch_events("r", number)])
    tail, found = Tail(folder), 0
    while part := tail.lines_since(1000):
        found += len(part)
        assert sum(map(len, part)) <= 1000
    assert found == 39 * 5


def test_what_is_no_plain_file_is_refused(folder: Path) -> None:
    import os

    os.mkfifo(folder / "events.jsonl")
    with pytest.raises(RunError, match="regular file"):
        events_since(Tail(folder))


def test_a_line_longer_than_any_event_is_refused(folder: Path) -> None:
    write(folder, epoch_events("r", 1))
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b"x" * 2000)
    tail = Tail(folder)
    assert len(tail.decoded(tail.lines_since(1500))) == 5
    with pytest.raises(RunError, match="line 6: longer than any event"):
        tail.lines_since(1500)
