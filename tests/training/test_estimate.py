"""The estimate: what it counts, what fits, and what it advises."""

import msgspec
import pytest

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import prepare
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.estimate import Estimate, estimate, size_text, time_text

CONFIG = TrainConfig(batch_size=64, device="cpu", threads=1)


def of(key: str, images: ImageSet, config: TrainConfig = CONFIG, available: int = 2**34) -> Estimate:
    network = preset(key).network
    return estimate(network, infer(network), config, images, available=available, timed=False)


def test_vgg_counts_its_weights_gradients_and_moments(digits: ImageSet) -> None:
    small = msgspec.structs.replace(CONFIG, batch_size=1)
    adam, sgd = (
        of("vgg-16", digits, small),
        of("vgg-16", digits, msgspec.structs.replace(small, optimizer="sgd")),
    )
    assert adam.network_bytes - sgd.network_bytes == 2 * 4 * 138_357_544
    assert sgd.network_bytes > 2 * 4 * 138_357_544


def test_memory_grows_with_the_batch_by_its_maps(digits: ImageSet) -> None:
    one, two = (
        of("resnet-18", digits, msgspec.structs.replace(CONFIG, batch_size=size)).network_bytes
        for size in (8, 16)
    )
    assert two - one >= 8 * infer(preset("resnet-18").network).activation_bytes


def test_no_batch_is_estimated_that_is_larger_than_the_training_part(digits: ImageSet) -> None:
    whole, more = (
        of("lenet-5", digits, msgspec.structs.replace(CONFIG, batch_size=size)) for size in (4000, 60_000)
    )
    assert whole.network_bytes == more.network_bytes
    assert whole.summary == more.summary


@pytest.mark.parametrize("key", ["lenet-5", "alexnet", "vgg-16", "resnet-18"])
def test_the_largest_batch_fits_and_one_more_does_not(key: str, digits: ImageSet) -> None:
    available = 8 * 2**30
    largest = of(key, digits, available=available).largest_batch
    assert largest is not None
    if largest == 65_536:
        return
    for size, fits in ((largest, True), (largest + 1, False)):
        found = of(key, digits, msgspec.structs.replace(CONFIG, batch_size=size), available)
        assert found.fits is fits
        assert bool(found.advice) is not fits


def of_group(
    batch_size: int, distributed: DistributedContext | None, images: ImageSet, available: int | None = None
) -> Estimate:
    network, config = preset("lenet-5").network, msgspec.structs.replace(CONFIG, batch_size=batch_size)
    return estimate(
        network,
        infer(network),
        config,
        images,
        available=available,
        timed=available is None,
        distributed=distributed,
    )


def test_each_distributed_process_bears_its_share_of_a_batch_alone(digits: ImageSet) -> None:
    distributed, room = DistributedContext(3, 8, 3, 8), 2**34
    alone, shared = of_group(128, None, digits, room), of_group(1024, distributed, digits, room)
    assert shared.network_bytes == alone.network_bytes
    assert of_group(1025, distributed, digits, room).network_bytes > shared.network_bytes
    assert "a batch of 1024 needs about" in shared.summary
    assert "in each of 8 processes" in shared.summary


def test_the_largest_distributed_batch_is_what_all_share(digits: ImageSet) -> None:
    distributed, room = DistributedContext(0, 8, 0, 8), 60 * 2**20
    alone, shared = of_group(4000, None, digits, room), of_group(4000, distributed, digits, room)
    assert alone.largest_batch is not None
    assert (alone.fits, shared.largest_batch) == (False, 8 * alone.largest_batch)
    largest = shared.largest_batch
    assert largest is not None
    assert largest < 4000
    assert f"batch size of {largest} or less" in shared.advice
    assert [of_group(size, distributed, digits, room).fits for size in (largest, largest + 1)] == [
        True,
        False,
    ]


def test_the_processes_of_a_machine_share_its_memory_and_the_epoch(
    digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.training.estimate.free_bytes", lambda device: 2**34)
    steps = "cnnplay.training.estimate._step_seconds"
    monkeypatch.setattr(steps, lambda *given: (given[2].batch_size * 1.0, True))
    alone, shared = of_group(1024, None, digits), of_group(1024, DistributedContext(0, 8, 0, 4), digits)
    assert shared.available_bytes == alone.available_bytes // 4
    assert alone.seconds_per_epoch == pytest.approx(4000 + 1000 / 3)
    assert shared.seconds_per_epoch == pytest.approx(4000 / 8 + 1000 / 3)


def test_what_does_not_fit_is_answered_with_a_batch_that_does(digits: ImageSet) -> None:
    found = of("vgg-16", digits, available=6 * 10**9)
    assert not found.fits
    assert "6.0 GB" in found.summary
    assert f"batch size of {found.largest_batch} or less" in found.advice


def test_a_network_too_large_for_one_image_gets_other_advice(digits: ImageSet) -> None:
    found = of("vgg-16", digits, available=10**9)
    assert (found.fits, found.largest_batch) == (False, None)
    assert "Not even one image" in found.advice


def test_prepared_images_take_no_more_memory(digits: ImageSet) -> None:
    network = preset("lenet-5").network
    report = infer(network)
    without = estimate(network, report, CONFIG, digits, timed=False)
    prepared = prepare(digits, network.input.shape)
    with_ = estimate(network, report, CONFIG, digits, prepared=prepared, timed=False)
    assert without.data_bytes == 5000 * 32 * 32 * 4
    assert with_.data_bytes == 0


def test_time_grows_with_the_work(digits: ImageSet) -> None:
    times = []
    for key in ("lenet-5", "resnet-18", "vgg-16"):
        network = preset(key).network
        times.append(estimate(network, infer(network), CONFIG, digits).seconds_per_epoch)
    assert 0 < times[0] < times[1] < times[2]


def test_words_for_sizes_and_times() -> None:
    assert [size_text(n) for n in (5, 1_234_000, 999_000_000, 2_500_000_000)] == [
        "1 MB",
        "1 MB",
        "999 MB",
        "2.5 GB",
    ]
    assert [time_text(s) for s in (0.001, 0.43, 12.4, 600, 9000)] == [
        "10 ms",
        "430 ms",
        "12 s",
        "10 min",
        "2.5 h",
    ]
