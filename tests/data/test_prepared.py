"""Batches: the same images whichever way they are kept, in an order that seed and epoch decide."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnplay.data import streaming
from cnnplay.data.catalog import load
from cnnplay.data.fitting import fit_rows, to_input
from cnnplay.data.folder import load_folder
from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.loading import LoadCancelled
from cnnplay.data.order import batch_sizes, shuffled
from cnnplay.data.prepared import Prepared, prepare, storage
from cnnplay.data.streaming import stream
from tests.data.conftest import MakeFolder, image

FLOATS, BYTES, STREAMED = 10**9, 4 * 10**7, 0
"""Free memory with which the digits are kept as floats, kept as bytes, and streamed."""


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load("mnist-sample")


@pytest.mark.parametrize(("memory", "resident", "floats"), [(FLOATS, 1, 1), (BYTES, 1, 0), (STREAMED, 0, 0)])
def test_memory_decides_how_images_are_kept(
    memory: int, resident: int, floats: int, digits: ImageSet
) -> None:
    prepared = prepare(digits, (1, 32, 32), memory=memory)
    assert (prepared.resident, prepared.floats) == (bool(resident), bool(floats))


def test_all_ways_give_the_same_batches_bit_for_bit(digits: ImageSet) -> None:
    rule = prepare(digits, (1, 32, 32)).preprocessing
    ways = [
        prepare(digits, (1, 32, 32), memory=memory, preprocessing=rule)
        for memory in (FLOATS, BYTES, STREAMED)
    ]
    for batches in zip(*(way.train_batches(3, 512, seed=5) for way in ways), strict=True):
        first = batches[0]
        for batch in batches[1:]:
            assert torch.equal(batch.images, first.images)
            assert torch.equal(batch.labels, first.labels)
            assert torch.equal(batch.indices, first.indices)


def test_a_batch_holds_what_the_single_image_rule_gives(digits: ImageSet) -> None:
    prepared = prepare(digits, (1, 32, 32))
    batch = next(iter(prepared.train_batches(1, 64, seed=0)))
    for row, index in enumerate(batch.indices.tolist()[:8]):
        expected = to_input(digits.image(index), prepared.preprocessing)[0]
        assert np.array_equal(batch.images[row].numpy(), expected)
        assert int(batch.labels[row]) == digits.labels[index]


def test_statistics_are_the_fitted_training_parts_alone(digits: ImageSet) -> None:
    rule = prepare(digits, (1, 32, 32)).preprocessing
    array = digits.array
    assert array is not None
    padded = np.pad(array[digits.train][..., 0], ((0, 0), (2, 2), (2, 2))) / 255
    assert rule.mean == pytest.approx((padded.mean(),), abs=1e-12)
    assert rule.std == pytest.approx((padded.std(),), abs=1e-12)


def test_training_batches_have_mean_zero_and_deviation_one(digits: ImageSet) -> None:
    prepared = prepare(digits, (1, 32, 32))
    everything = torch.cat([batch.images for batch in prepared.train_batches(1, 500, seed=0)])
    assert abs(everything.double().mean().item()) < 1e-5
    assert abs(everything.double().std(correction=0).item() - 1) < 1e-5


def test_an_epoch_shows_every_training_image_once(digits: ImageSet) -> None:
    prepared = prepare(digits, (1, 28, 28))
    seen = torch.cat([batch.indices for batch in prepared.train_batches(1, 64, seed=0)])
    assert np.array_equal(np.sort(seen.numpy()), np.sort(digits.train))


def test_seed_and_epoch_decide_the_order_and_the_global_dice_are_left_alone() -> None:
    before = torch.get_rng_state()
    assert np.array_equal(shuffled(100, 1, 2), shuffled(100, 1, 2))
    assert not np.array_equal(shuffled(100, 1, 2), shuffled(100, 1, 3))
    assert not np.array_equal(shuffled(100, 1, 2), shuffled(100, 2, 2))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(10, 5, [5, 5]), (11, 5, [5, 6]), (12, 5, [5, 5, 2]), (1, 5, [1]), (3, 1, [1, 1, 1]), (0, 4, [])],
)
def test_one_image_left_over_joins_the_batch_before(count: int, size: int, expected: list[int]) -> None:
    assert batch_sizes(count, size) == expected


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(13, 5, [5, 8]), (14, 5, [5, 5, 4]), (10, 5, [5, 5]), (3, 5, [3]), (9, 4, [4, 5])],
)
def test_too_few_to_be_shared_join_the_batch_before(count: int, size: int, expected: list[int]) -> None:
    """Two processes need four."""
    assert batch_sizes(count, size, min_batch=4) == expected


def test_validation_batches_are_never_merged() -> None:
    assert batch_sizes(11, 5, min_batch=1) == [5, 5, 1]


def test_images_lie_in_channels_last_order(make_folder: MakeFolder) -> None:
    prepared = prepare(load_folder(make_folder(count=10)), (3, 6, 8))
    batch = next(iter(prepared.train_batches(1, 4, seed=0)))
    assert batch.images.is_contiguous(memory_format=torch.channels_last)


def test_given_preprocessing_is_kept(digits: ImageSet) -> None:
    rule = prepare(digits, (1, 32, 32)).preprocessing
    other = prepare(digits, (1, 32, 32), preprocessing=rule, memory=BYTES)
    assert other.preprocessing is rule


def test_images_for_views_are_the_networks_input(digits: ImageSet) -> None:
    for memory in (FLOATS, BYTES, STREAMED):
        prepared = prepare(digits, (3, 30, 20), memory=memory)
        seen = prepared.inputs([4, 4000])
        assert seen.shape == (2, 3, 30, 20)
        expected = to_input(digits.image(4000), prepared.preprocessing)
        assert np.array_equal(seen[1:].numpy(), expected)


def lazy(make_folder: MakeFolder) -> tuple[ImageSet, Path]:
    root = make_folder(count=20)
    return load_folder(root, memory=0), root


@pytest.mark.parametrize("memory", [FLOATS, STREAMED])
def test_an_image_that_vanished_is_named_and_skipped(memory: int, make_folder: MakeFolder) -> None:
    images, root = lazy(make_folder)
    gone = int(images.train[0])
    class_name = images.classes[images.labels[gone]]
    sorted((root / class_name).iterdir())[gone % 20].unlink()
    prepared = prepare(images, (3, 6, 8), memory=memory)
    seen = torch.cat([batch.indices for batch in prepared.train_batches(1, 8, seed=0)]).tolist()
    assert gone not in seen
    assert len(seen) == len(images.train) - 1
    assert any("no such file" in problem for problem in prepared.problems)


def test_an_image_that_vanished_is_named_once_however_often_it_is_missed(make_folder: MakeFolder) -> None:
    images, root = lazy(make_folder)
    gone = int(images.train[0])
    sorted((root / images.classes[images.labels[gone]]).iterdir())[gone % 20].unlink()
    prepared = prepare(images, (3, 6, 8), memory=STREAMED)
    for epoch in (1, 2, 3):
        assert gone not in torch.cat([batch.indices for batch in prepared.train_batches(epoch, 8, seed=0)])
    assert len(prepared.problems) == 1


@pytest.mark.parametrize("memory", [FLOATS, BYTES])
def test_an_image_that_vanished_is_in_no_part(memory: int, make_folder: MakeFolder) -> None:
    images, root = lazy(make_folder)
    gone = int(images.train[0])
    sorted((root / images.classes[images.labels[gone]]).iterdir())[gone % 20].unlink()
    prepared = prepare(images, (3, 6, 8), memory=memory)
    assert sorted(set(range(len(images))) - set(prepared.split("all").tolist())) == [gone]
    assert gone not in prepared.split("train")


@pytest.mark.parametrize("memory", [FLOATS, STREAMED])
def test_images_that_all_vanished_are_said_with_a_message(memory: int, make_folder: MakeFolder) -> None:
    images, root = lazy(make_folder)
    for file in root.rglob("*.*"):
        file.unlink()
    with pytest.raises(DataError, match="none of the training images can be read"):
        prepare(images, (3, 6, 8), memory=memory)


def test_who_stops_in_the_middle_of_a_stream_leaves_no_thread_behind(make_folder: MakeFolder) -> None:
    images, _ = lazy(make_folder)
    prepared = prepare(images, (3, 6, 8), memory=STREAMED)
    batches = prepared.train_batches(1, 2, seed=0)
    next(batches)
    assert any(thread.name == "cnnplay-stream" for thread in threading.enumerate())
    batches.close()  # type: ignore[attr-defined]
    assert not any(thread.name == "cnnplay-stream" for thread in threading.enumerate())


def test_an_error_in_the_background_reaches_who_asked(digits: ImageSet) -> None:
    with pytest.raises(DataError, match="1 channel"):
        prepare(digits, (2, 32, 32), memory=FLOATS)


def test_preparing_can_be_cancelled_and_tells_its_progress(digits: ImageSet) -> None:
    reported: list[int] = []
    prepare(digits, (1, 28, 28), progress=lambda done, _: reported.append(done))
    assert reported[-1] == 5000
    with pytest.raises(LoadCancelled):
        prepare(digits, (1, 28, 28), cancelled=lambda: True)


def test_statistics_of_streamed_images_can_be_cancelled(make_folder: MakeFolder) -> None:
    images, _ = lazy(make_folder)
    with pytest.raises(LoadCancelled):
        prepare(images, (3, 6, 8), memory=STREAMED, cancelled=lambda: True)


def test_mixed_sizes_are_brought_to_the_networks(make_folder: MakeFolder) -> None:
    root = make_folder()
    image(5, size=(40, 3)).save(root / "cat" / "wide.png")
    prepared: Prepared = prepare(load_folder(root), (1, 16, 16))
    assert {tuple(batch.images.shape[1:]) for batch in prepared.train_batches(1, 4, seed=0)} == {(1, 16, 16)}


def test_reserved_memory_is_left_for_the_network(digits: ImageSet) -> None:
    assert prepare(digits, (1, 32, 32), memory=FLOATS).floats
    assert not prepare(digits, (1, 32, 32), memory=FLOATS, reserved=FLOATS - 10**6).resident


def test_storage_goes_from_floats_to_bytes_to_streaming_as_memory_shrinks() -> None:
    found = [storage(1000, (3, 10, 10), free) for free in (10**8, 10**7, 10**6, 10**5, 0)]
    assert found == sorted(found, key=["floats", "bytes", "streamed"].index)
    assert set(found) == {"floats", "bytes", "streamed"}


def test_large_images_in_memory_are_fitted_a_few_at_a_time(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = load_folder(make_folder(count=10))
    assert images.array is not None
    chunk = np.arange(len(images))[::-1].copy()
    whole = next(stream(images, (3, 4, 4), [chunk]))
    sizes: list[int] = []

    def watched(rows: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        sizes.append(len(rows))
        return fit_rows(rows, shape)

    monkeypatch.setattr(streaming, "fit_rows", watched)
    monkeypatch.setattr(streaming, "COPIED", 3 * images.array[0].nbytes)
    few = next(stream(images, (3, 4, 4), [chunk]))
    assert sizes == [3, 3, 3, 3, 3, 3, 2]
    assert np.array_equal(few.pixels, whole.pixels)
    assert np.array_equal(few.indices, chunk)
    assert next(stream(images, (3, 4, 4), [chunk[:0]])).pixels.shape == (0, 4, 4, 3)


def test_too_little_memory_for_images_does_not_blame_the_batch_size(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise MemoryError

    images = load_folder(make_folder())
    monkeypatch.setattr(streaming, "fit_rows", none_left)
    with pytest.raises(DataError, match="not enough memory to read the images"):
        prepare(images, (3, 4, 4))
