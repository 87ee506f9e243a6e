"""Which pictures validate: their names decide."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.data.split import by_name

NAMES = [f"{name}/{number:04}.png" for name in ("cat", "dog") for number in range(1000)]
LABELS = np.repeat([0, 1], 1000)


def validating(names: list[str], labels: np.ndarray) -> set[str]:
    return {names[index] for index in by_name(labels, names)[1]}


def test_every_class_gives_about_a_fifth() -> None:
    train, validation = by_name(LABELS, NAMES)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(2000))
    counts = np.bincount(LABELS[validation])
    assert (abs(counts - 200) < 3 * np.sqrt(1000 * 0.2 * 0.8)).all(), counts


@given(st.sets(st.integers(0, 1999), max_size=1500))
def test_pictures_that_go_or_come_move_no_other(gone: set[int]) -> None:
    some = [index for index in range(2000) if index not in gone]
    names = [NAMES[index] for index in some]
    if min(np.bincount(LABELS[some], minlength=2)) < 100:
        return  # in a class this large the rule alone gives some to each part
    assert validating(names, LABELS[some]) == validating(NAMES, LABELS) & set(names)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_a_class_of_two_or_more_has_one_in_each_part(classes: list[int]) -> None:
    labels = np.array(sorted(classes))
    train, validation = by_name(labels, [f"{index}.png" for index in range(len(labels))])
    for label, count in enumerate(np.bincount(labels)):
        assert np.count_nonzero(labels[train] == label) >= min(count, 1)
        assert np.count_nonzero(labels[validation] == label) >= min(count - 1, 1)


def test_what_is_added_to_a_small_class_takes_no_picture_from_those_that_train() -> None:
    before: set[str] = set()
    for count in range(2, 200):
        names = [f"cat/{number}.png" for number in range(count)]
        train, _ = by_name(np.zeros(count, np.int64), names)
        assert before <= {names[index] for index in train} | validating(names[:-1], np.zeros(count - 1))
        before = {names[index] for index in train}


def test_an_umlaut_in_one_sign_or_in_two_is_the_same_name() -> None:
    spelt = [f"k\u00e4fer/{number}.png" for number in range(50)]
    parted = [name.replace("\u00e4", "a\u0308") for name in spelt]
    labels = np.zeros(50, np.int64)
    assert np.array_equal(by_name(labels, spelt)[1], by_name(labels, parted)[1])
