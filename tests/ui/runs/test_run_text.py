"""Labels that distinguish runs, columns that sort, details and differences as text."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.network import edits
from cnnplay.network.presets import preset
from cnnplay.runs.difference import compare
from cnnplay.runs.record import RunRecord
from cnnplay.runs.row import RunRow
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.runs.run_columns import column_index, columns, sorts_before
from cnnplay.ui.runs.run_difference import difference_rows
from cnnplay.ui.runs.run_facts import facts
from cnnplay.ui.runs.run_labels import labels, setting_text, value_text


def row(name: str = "lenet-5", data: str = "mnist", number: int = 0, **settings: object) -> RunRow:
    return RunRow(
        path=f"/runs/{name}-{number}",
        name=name,
        data=data,
        created=f"2026-01-01T00:00:{number:02}+00:00",
        config=msgspec.to_builtins(TrainConfig(**settings)),  # type: ignore[arg-type]
    )


def test_a_single_run_is_called_after_its_network() -> None:
    assert labels([row()]) == ["lenet-5"]


def test_a_label_has_only_what_distinguishes_the_runs() -> None:
    assert labels([row(), row("tiny-cnn", learning_rate=0.1)]) == ["lenet-5", "tiny-cnn"]
    assert labels([row(), row(learning_rate=0.1)]) == ["lr 0.001", "lr 0.1"]
    assert labels([row(data="mnist"), row(data="cifar-10")]) == ["mnist", "cifar-10"]
    assert labels([row(), row(optimizer="sgd"), row(optimizer="sgd", batch_size=16)]) == [
        "batch 64, adam",
        "batch 64, sgd",
        "batch 16",
    ]


def test_epochs_and_seed_distinguish_runs_only_if_nothing_else_does() -> None:
    assert labels([row(epochs=3, seed=1, flip=True), row(epochs=5, seed=2)]) == ["flip on", "flip off"]
    assert labels([row(seed=1), row(seed=2)]) == ["seed 1", "seed 2"]


def test_runs_with_the_same_settings_are_labeled_by_their_start_time() -> None:
    first, second = labels([row(number=1), row(number=2)])
    assert first != second
    assert first.endswith(":01")


def test_copies_of_a_run_are_labeled_by_their_folders() -> None:
    copy = msgspec.structs.replace(row(number=1), path="/runs/copy")
    first, second = labels([row(number=1), copy])
    assert (first[-9:], second[-4:]) == ("lenet-5-1", "copy")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01, "0.01"),
        (1e-5, "1·10⁻⁵"),
        (64, "64"),
        (True, "on"),
        (None, "auto"),
        (0.0, "0"),
        (1000, "1,000"),
    ],
)
def test_values_as_people_write_them(value: object, text: str) -> None:
    assert value_text(value) == text


def test_a_choice_needs_no_name() -> None:
    assert setting_text("optimizer", "adam") == "adam"
    assert setting_text("learning_rate", 0.5) == "lr 0.5"


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), min_size=2, max_size=30), st.booleans())
def test_unknown_values_come_last_in_both_sort_directions(keys: list[float | None], descending: bool) -> None:
    """As Qt does it: a stable sort by `less`, with its arguments exchanged where it descends."""
    from functools import cmp_to_key

    def order(one: float | None, other: float | None) -> int:
        first, second = (other, one) if descending else (one, other)
        if sorts_before(first, second, descending):
            return -1
        first, second = second, first
        return 1 if sorts_before(first, second, descending) else 0

    found = sorted(keys, key=cmp_to_key(order))
    known = [key for key in found if key is not None and key == key]
    assert found[: len(known)] == known
    assert known == sorted(known, reverse=descending)


def test_every_column_has_a_text_and_a_sort_key_for_an_empty_row() -> None:
    bare = RunRow(path="/runs/x")
    for one in columns():
        assert isinstance(one.text(bare), str)
        one.sort(bare)
    assert columns()[column_index("accuracy")].text(bare) == "–"
    assert columns()[column_index("parameters")].text(RunRow(path="x", parameters=61_706)) == "61,706"


def test_details_show_the_settings_that_are_not_defaults() -> None:
    details = dict(facts(row(weight_decay=0.01, threads=3)))
    assert details["settings"] == "adam, lr 0.001, batch 64, seed 0, decay 0.01"
    assert "time" not in details


def record(network: object = None, **settings: object) -> RunRecord:
    return RunRecord(
        run="r",
        created="",
        network=network or preset("lenet-5").network,  # type: ignore[arg-type]
        config=TrainConfig(**settings),  # type: ignore[arg-type]
        data="mnist",
        environment={"torch": "2.13.0"},
    )


def test_the_difference_has_only_what_differs_under_its_heading() -> None:
    other = edits.replace_field(preset("lenet-5").network, "conv-1", "filters", 12).network
    found = difference_rows(compare(record(), record(other, learning_rate=0.1, flip=True)))
    assert [(one.name, one.first, one.second) for one in found] == [
        ("Settings", "", ""),
        ("learning rate", "0.001", "0.1"),
        ("flip", "off", "on"),
        ("Network", "", ""),
        ("conv-1: filters", "6", "12"),
    ]
    assert [one.heading for one in found] == [True, False, False, True, False]
    assert difference_rows(compare(record(), record())) == []
    assert difference_rows(compare(record(), record(epochs=7))) == [], (
        "the number of epochs belongs to the outcome"
    )
