"""Which images validate: their names decide."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.data.split import names_hash, split_by_name

NAMES = [f"{name}/{number:04}.png" for name in ("cat", "dog") for number in range(1000)]
LABELS = np.repeat([0, 1], 1000)


def validating(names: list[str], labels: np.ndarray) -> set[str]:
    return {names[index] for index in split_by_name(labels, names)[1]}


def test_every_class_gives_a_fifth() -> None:
    train, validation = split_by_name(LABELS, NAMES)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(2000))
    assert np.bincount(LABELS[validation]).tolist() == [200, 200]
    assert len(split_by_name(np.zeros(5, np.int64), [f"{n}.png" for n in range(5)])[1]) == 1


@given(st.sets(st.integers(0, 1999), min_size=1, max_size=100))
def test_images_that_go_move_no_more_than_those_at_the_border(gone: set[int]) -> None:
    some = [index for index in range(2000) if index not in gone]
    names = [NAMES[index] for index in some]
    now, before = validating(names, LABELS[some]), validating(NAMES, LABELS) & set(names)
    assert len(now ^ before) <= len(gone)


@given(st.permutations(range(40)))
def test_the_order_in_which_files_are_listed_does_not_matter(order: list[int]) -> None:
    names = [NAMES[index] for index in order]
    assert validating(names, LABELS[order]) == validating(NAMES[:40], LABELS[:40])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_a_class_of_two_or_more_has_one_in_each_part(classes: list[int]) -> None:
    labels = np.array(sorted(classes))
    train, validation = split_by_name(labels, [f"{index}.png" for index in range(len(labels))])
    for label, count in enumerate(np.bincount(labels)):
        assert np.count_nonzero(labels[train] == label) >= min(count, 1)
        assert np.count_nonzero(labels[validation] == label) >= min(count - 1, 1)


def test_one_image_more_moves_one_other_at_most() -> None:
    for count in range(3, 200):
        names = [f"cat/{number}.png" for number in range(count)]
        before, now = (validating(names[:n], np.zeros(n, np.int64)) for n in (count - 1, count))
        assert len((now ^ before) - {names[-1]}) <= 1


def test_an_umlaut_in_one_sign_or_in_two_is_the_same_name() -> None:
    spelt = [f"k\u00e4fer/{number}.png" for number in range(50)]
    parted = [name.replace("\u00e4", "a\u0308") for name in spelt]
    labels = np.zeros(50, np.int64)
    assert np.array_equal(split_by_name(labels, spelt)[1], split_by_name(labels, parted)[1])


def test_a_mark_is_the_same_for_the_same_images_alone() -> None:
    assert names_hash(["a/1.png", "b/2.png"]) == names_hash(["b/2.png", "a/1.png"])
    assert names_hash(["a/1.png", "b/2.png"]) != names_hash(["a/1.png"])
