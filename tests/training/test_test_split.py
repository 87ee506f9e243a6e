"""The test part is kept apart: no run and no usual evaluation touches it; it is evaluated on request."""

import numpy as np
import pytest

from cnnplay.data.images import ImageArray, ImageSet
from cnnplay.data.prepared import prepare
from cnnplay.network.presets import preset
from cnnplay.shapes.adapt import adapt
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.evaluate import evaluate
from cnnplay.training.job import Job
from cnnplay.training.loop import train

TRAIN, VALIDATION, TEST = np.arange(48), np.arange(48, 60), np.arange(60, 72)


class Watched:
    """Images of noise; `read` are those that were asked for."""

    def __init__(self) -> None:
        self._pixels = np.random.default_rng(0).integers(0, 256, (72, 8, 8, 1), np.uint8)
        self.read: set[int] = set()

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, index: int, /) -> ImageArray:
        self.read.add(int(index))
        image: ImageArray = self._pixels[index]
        return image


@pytest.fixture
def images() -> Watched:
    return Watched()


@pytest.fixture
def dataset(images: Watched) -> ImageSet:
    return ImageSet(
        key="noise",
        title="noise",
        classes=("even", "odd"),
        images=images,
        labels=np.arange(72) % 2,
        train=TRAIN,
        validation=VALIDATION,
        test=TEST,
        shape=(1, 8, 8),
        channels=1,
    )


def test_a_run_and_an_evaluation_leave_the_test_part_alone(dataset: ImageSet, images: Watched) -> None:
    network = adapt(preset("mlp").network, (1, 8, 8), 2, "stem").edited.network
    config = TrainConfig(epochs=2, batch_size=16, device="cpu", threads=1)
    heard: list[Event] = []
    result = train(Job("run", network, config, dataset), heard.append)
    assert result.reason == "done"
    for split in ("validation", "train"):
        evaluate(network, result.weights, dataset, split, facts=result.facts, device="cpu")  # type: ignore[arg-type]
    assert images.read == {*TRAIN, *VALIDATION}
    found = evaluate(network, result.weights, dataset, "test", facts=result.facts, device="cpu")
    assert np.array_equal(np.sort(found.details.indices), TEST)
    assert found.details.confusion.sum() == len(TEST)
    assert images.read == {*TRAIN, *VALIDATION, *TEST}


@pytest.mark.parametrize("memory", [10**9, 40_000, 0])
def test_the_test_part_comes_as_any_other_image_when_it_is_asked_for(
    dataset: ImageSet, images: Watched, memory: int
) -> None:
    whole = np.concatenate([images[index][None] for index in range(72)])
    rule = prepare(dataset, (1, 8, 8)).preprocessing
    images.read.clear()
    prepared = prepare(dataset, (1, 8, 8), memory=memory, preprocessing=rule)
    assert not images.read & {*TEST}
    for indices in (prepared.split("test"), prepared.split("all")):
        batches = list(prepared.batches(indices, [len(indices)]))
        expected = (
            whole[indices].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
            - np.float32(rule.mean[0])
        ) / np.float32(rule.std[0])
        assert np.allclose(batches[0].images.numpy(), expected, atol=1e-6)
        assert batches[0].indices.tolist() == indices.tolist()
    assert prepared.inputs(TEST[:2]).shape == (2, 1, 8, 8)
    assert prepared.inputs(TRAIN[:2]).shape == (2, 1, 8, 8)
