"""What is kept of a fetched data set, its parts, and the table of sources."""

from pathlib import Path

import numpy as np
import pytest

from cnnplay.data import sources as table
from cnnplay.data.catalog import DataError, NotDownloaded, catalog, download, load
from cnnplay.data.images import ImageSet
from cnnplay.data.sources import Source, megabytes, sources
from cnnplay.data.split import split_last_of_each_class
from cnnplay.data.store import DATA_FILE, cache_folder, data_folder, is_downloaded, load_downloaded, save
from tests.mirror import digits


@pytest.fixture
def kept() -> Source:
    """A data set in the cache: image i is full of i, and its class is i's last bit."""
    source, _ = digits("")
    numbers = np.arange(50, dtype=np.uint8)
    data_folder(source).mkdir(parents=True)
    save(source, np.broadcast_to(numbers[:, None, None, None], (50, 28, 28, 1)).copy(), numbers % 2)
    return source


def test_the_parts_are_apart_even_and_always_the_same(kept: Source) -> None:
    images = load_downloaded(kept)
    parts = (images.train, images.validation, images.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(50))
    assert np.array_equal(images.test, np.arange(40, 50))
    assert np.array_equal(images.validation, np.arange(32, 40))  # the last fifth of both classes
    for part in parts:
        assert len(set(np.bincount(images.labels[part]))) == 1
    assert np.array_equal(load_downloaded(kept).train, images.train)


def test_of_each_class_the_last_fifth_validates() -> None:
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    train, validation = split_last_of_each_class(labels)
    assert validation.tolist() == [9, 13, 14]
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(15))


def test_mnists_own_class_counts_give_twelve_thousand_to_validate() -> None:
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # as published
    labels = np.repeat(np.arange(10), counts)
    train, validation = split_last_of_each_class(labels)
    assert (len(train), len(validation)) == (48_000, 12_000)


def test_images_come_back_as_they_were(kept: Source) -> None:
    images = load_downloaded(kept)
    assert isinstance(images, ImageSet)
    assert images.array is not None
    assert images.image(37).tolist() == np.full((28, 28, 1), 37).tolist()


@pytest.mark.parametrize("damage", ["cut", "text", "other shape", "labels"])
def test_a_damaged_cache_gives_words_and_the_way_out(kept: Source, damage: str) -> None:
    path = data_folder(kept) / DATA_FILE
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:-10])
    elif damage == "text":
        path.write_bytes(b"x" * len(content))
    elif damage == "other shape":
        save(kept, np.zeros((51, 28, 28, 1), np.uint8), np.zeros(51, np.uint8))
    else:
        save(kept, load_downloaded(kept).array, np.full(50, 7, np.uint8))
    with pytest.raises(DataError, match=r"expected .*found") as caught:
        load_downloaded(kept)
    assert str(path) in str(caught.value)


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_folders: Path) -> None:
    assert own_folders in cache_folder().parents
    monkeypatch.setenv("CNNPLAY_CACHE", str(tmp_path / "shared"))
    assert cache_folder() == tmp_path / "shared"


def test_what_was_not_downloaded_says_how_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotDownloaded, match=r"`cnnplay data fetch cifar-10` \(170 MB\)"):
        load("cifar-10")


@pytest.mark.parametrize("key", ["mnist-sample", "folder:/x", "", "svhn"])
def test_what_cannot_be_downloaded_says_what_can(key: str) -> None:
    with pytest.raises(DataError, match="expected one of mnist, fashion-mnist, kmnist, cifar-10, cifar-100"):
        download(key)


def test_the_table_is_sound() -> None:
    assert [source.key for source in sources()] == [
        "mnist",
        "fashion-mnist",
        "kmnist",
        "cifar-10",
        "cifar-100",
    ]
    for source in sources():
        assert len(set(source.classes)) == len(source.classes) == (100 if source.key == "cifar-100" else 10)
        assert len(source.mirrors) >= 2
        assert all(address.startswith("http") and address.endswith("/") for address in source.mirrors)
        assert all(len(file.sha256) == 64 and file.size > 4000 for file in source.files)
        assert len(source.files) == (1 if source.format == "cifar" else 4)
        if source.format == "cifar":
            assert sum(member.images for member in source.members) == source.size


def test_the_catalog_counts_every_part(kept: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {info.key: info for info in catalog()}
    assert before["mnist"].train == 48_000
    assert before["cifar-100"].validation == 10_000
    assert before["kmnist"].test == 10_000
    monkeypatch.setattr(table, "_table", lambda: (kept,))
    info = next(info for info in catalog() if info.key == "mnist")
    images = load("mnist")
    assert info.available
    assert is_downloaded(kept)
    assert (info.train, info.validation, info.test) == (
        len(images.train),
        len(images.validation),
        len(images.test),
    )


def test_sizes_are_reported_as_browsers_do() -> None:
    assert megabytes(11_594_722) == "11.6 MB"
    assert megabytes(170_052_171) == "170 MB"
