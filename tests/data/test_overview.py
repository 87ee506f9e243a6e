"""The data set at a glance, against numpy over all images at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnplay.data.catalog import load
from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.overview import SIDE, overview


def noise(count: int = 60, shape: tuple[int, int, int] = (3, 6, 5)) -> ImageSet:
    rng = np.random.default_rng(2)
    labels = np.arange(count) % 3
    return ImageSet(
        key="noise",
        title="noise",
        classes=("a", "b", "c", "none"),
        images=rng.integers(0, 256, (count, *shape[1:], shape[0]), np.uint8),
        labels=labels,
        train=np.arange(0, 30),
        validation=np.arange(30, 40),
        test=np.arange(40, count),
        shape=shape,
        channels=shape[0],
    )


def test_means_and_statistics_are_the_training_parts() -> None:
    dataset = noise()
    found = overview(dataset)
    assert dataset.array is not None
    learned = dataset.array[dataset.train]
    assert np.array_equal(found.means[0], np.rint(learned.mean(axis=0)).astype(np.uint8))
    for label in range(3):
        inside = learned[dataset.labels[dataset.train] == label]
        assert np.array_equal(found.means[1 + label], np.rint(inside.mean(axis=0)).astype(np.uint8))
    assert not found.means[4].any()  # a class without images
    assert np.allclose(found.mean, (learned / 255).mean(axis=(0, 1, 2)))
    assert np.allclose(found.std, (learned / 255).std(axis=(0, 1, 2)))
    assert found.used == 30


def test_every_part_is_counted_by_class() -> None:
    images = noise()
    found = overview(images)
    for name in ("train", "validation", "test"):
        expected = np.bincount(images.labels[getattr(images, name)], minlength=4)
        assert found.counts[name] == tuple(expected)


def test_the_sample_has_the_published_mean_of_mnist_nearly() -> None:
    found = overview(load("mnist-sample"))
    assert found.mean[0] == pytest.approx(0.1307, abs=0.003)  # of all 60,000, as everybody writes
    assert found.std[0] == pytest.approx(0.3081, abs=0.003)


def test_large_images_are_shrunk_and_a_sample_of_them_used() -> None:
    images = noise(1600, (1, 80, 40))
    images.train = np.arange(1500)
    found = overview(images)
    assert found.means.shape == (5, SIDE, SIDE // 2, 1)
    assert found.used == 1024


def test_a_folder_of_mixed_sizes_has_an_overview(make_folder: Callable[..., Path]) -> None:
    from PIL import Image

    root = make_folder(("cat", "dog"), 5)
    Image.new("RGB", (90, 30), (10, 200, 30)).save(root / "dog" / "wide.png")
    found = overview(load(f"folder:{root}"))
    assert found.means.shape == (3, SIDE, SIDE, 3)
    assert sum(sum(counts) for counts in found.counts.values()) == 11


def test_it_can_be_given_up() -> None:
    def stop(done: int, whole: int) -> None:
        raise DataError(f"{done} of {whole}")

    with pytest.raises(DataError, match="30 of 30"):
        overview(noise(), stop)
