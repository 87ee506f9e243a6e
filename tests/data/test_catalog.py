"""The embedded digits and the catalogue's keys."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from cnnplay.data.catalog import DataError, catalog, load


def test_the_sample_holds_five_thousand_digits_in_ten_even_classes() -> None:
    images = load("mnist-sample")
    assert len(images) == 5000
    assert images.classes == tuple("0123456789")
    assert images.counts() == (500,) * 10
    assert images.shape == (1, 28, 28)
    assert images.image(0).shape == (28, 28, 1)


def test_the_samples_split_is_the_first_400_and_the_last_100_of_each_class() -> None:
    images = load("mnist-sample")
    for label in range(10):
        members = np.flatnonzero(images.labels == label)
        assert np.array_equal(np.intersect1d(images.train, members), members[:400])
        assert np.array_equal(np.intersect1d(images.validation, members), members[400:])


def test_the_sample_is_the_file_whose_provenance_is_shipped_beside_it() -> None:
    folder = files("cnnplay.resources") / "data"
    assert "mnist-5k.npz" in (folder / "PROVENANCE.md").read_text(encoding="utf-8")
    with (folder / "mnist-5k.npz").open("rb") as file, np.load(file) as stored:
        assert np.array_equal(stored["images"][777], load("mnist-sample").image(777)[:, :, 0])


def test_the_catalogs_entries_say_what_loading_gives() -> None:
    for info in (info for info in catalog() if info.available):
        images = load(info.key)
        assert (info.size, info.classes) == (len(images), len(images.classes))
        assert info.size == info.train + info.validation + info.test


@pytest.mark.parametrize("key", ["mnist-5k", "", "folder:", "folder:/no/such/place"])
def test_a_key_that_names_nothing_gives_an_error(key: str) -> None:
    with pytest.raises(DataError) as caught:
        load(key)
    assert str(caught.value)


def test_a_folder_is_loaded_by_its_key(make_folder: Callable[..., Path]) -> None:
    root = make_folder()
    images = load(f"folder:{root}")
    assert images.classes == ("cat", "dog")
    assert load(images.key).key == images.key


def test_a_part_that_does_not_exist_gives_an_error() -> None:
    with pytest.raises(DataError, match="no test split"):
        load("mnist-sample").indices("test")
