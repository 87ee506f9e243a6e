"""The filter of runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.runs.filter import parse
from cnnplay.runs.row import RunRow

ROWS = {
    "a": RunRow(
        path="/runs/a",
        name="LeNet-5",
        preset="lenet-5",
        data="mnist-sample",
        state="done",
        best={"accuracy": 0.964, "loss": 0.12},
        parameters=61_706,
        epochs_done=20,
        tags=("good", "lecture"),
        note="with Batch norm",
        bytes=3_000_000,
        config={"learning_rate": 0.001, "optimizer": "adam", "batch_size": 64, "epochs": 20, "seed": 0},
    ),
    "b": RunRow(
        path="/runs/b",
        name="tiny-cnn",
        data="folder:/pets",
        state="failed",
        parameters=5_000,
        config={"learning_rate": 0.1, "optimizer": "sgd", "batch_size": 16, "epochs": 3, "seed": 7},
    ),
    "c": RunRow(
        path="/runs/c",
        name="Good net",
        data="mnist",
        state="interrupted",
        best={"accuracy": 0.5},
        config={"learning_rate": 0.01, "optimizer": "adamw", "batch_size": 64},
    ),
}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", "abc"),
        ("lenet", "a"),
        ("LENET mnist", "a"),
        ("data:mnist", "ac"),
        ("data=mnist", "c"),
        ("name=lenet-5", "a"),
        ("name=lenet", ""),
        ("folder:a", "a"),
        ("data:mnist lr<0.01", "a"),
        ("lr<=0.01", "ac"),
        ("lr>0.01", "b"),
        ("lr=1e-3", "a"),
        ("lr:0.001", "a"),
        ("tag:good", "a"),
        ("tag:goo", ""),
        ("good", "ac"),
        ("-tag:good", "bc"),
        ("-failed", "ac"),
        ("state:failed", "b"),
        ("acc>95%", "a"),
        ("accuracy>=0.5", "ac"),
        ("-accuracy>=0.5", "b"),
        ("parameters>60k", "a"),
        ("params<60k", "b"),
        ("size>1MB", "a"),
        ("batch=64", "ac"),
        ("optimizer:adam", "ac"),
        ("optimizer=adam", "a"),
        ("opt:sgd", "b"),
        ("seed:7", "b"),
        ('"batch norm"', "a"),
        ('note:"batch norm"', "a"),
        ('network:"good net"', "c"),
        ('data:"folder:/pets"', "b"),
        ("epochs>=3", "a"),
    ],
)
def test_terms_select_runs(line: str, found: str) -> None:
    chosen = parse(line)
    assert "".join(key for key, row in ROWS.items() if chosen.takes(row)) == found
    assert chosen.problem == ""


OWN = (
    "name, data, state, note, device, run, created, accuracy, loss, epochs, steps, parameters, "
    "images_per_second, seconds, size, tags"
)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("lr<", ["learning_rate<", "value"]),
        ("lr<fast", ["learning_rate<", "number", "got fast"]),
        ("data<3", ["data is text", "data:3"]),
        ("tag:", ["tags:", "value"]),
        ("-opt:", ["optimizer:", "value"]),
        ("xyzzy:/pets", ["xyzzy", OWN, "settings"]),
        ("step:3", ["step", "did you mean steps?", OWN, "settings"]),
        ("leraning_rate<1", ["leraning_rate", "did you mean learning_rate?", OWN, "settings"]),
    ],
)
def test_a_term_that_cannot_be_understood_is_named_and_ignored(line: str, named: list[str]) -> None:
    found = parse(f"lenet {line}")
    assert all(part in found.problem for part in named), found.problem
    assert [key for key, row in ROWS.items() if found.takes(row)] == ["a"]


@given(st.text(max_size=60))
def test_no_line_fails(line: str) -> None:
    found = parse(line)
    for row in ROWS.values():
        found.takes(row)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12))
def test_a_hyphen_negates_a_term(word: str) -> None:
    plain, turned = parse(word), parse(f"-{word}")
    assert all(plain.takes(row) != turned.takes(row) for row in ROWS.values())
