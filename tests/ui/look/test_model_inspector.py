"""Probes and evaluation outside a run."""

import numpy as np

from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Flatten, GlobalAveragePooling
from cnnplay.ui.data.preprocessing_cache import PreprocessingCache
from cnnplay.ui.look.model_inspector import ModelInspector, ProbeTarget

SIDE = 1024


def test_an_evaluation_of_large_images_uses_small_batches_and_can_be_canceled_between_them() -> None:
    """Otherwise a new run, or closing the window, would wait for all 64 images of a batch."""
    noise = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 1), dtype=np.uint8)
    images = ImageSet(
        key="noise", title="noise", classes=("a", "b"), images=noise, labels=np.arange(5) % 2,
        train=np.arange(1), validation=np.arange(1, 5), shape=(1, SIDE, SIDE), channels=1,
    )  # fmt: skip
    # 8 channels of a megapixel are 32 MiB per image: with the pooled ones, three fit into 128 MiB.
    layers = (
        Convolution(id="conv", filters=8), GlobalAveragePooling(id="pool"),
        Flatten(id="row"), Dense(id="out", units=2),
    )  # fmt: skip
    network = Network(name="large", input=Input(1, SIDE, SIDE), task=Classification(2), stack=layers)
    target = ProbeTarget(network, {}, 0, None, images)
    inspector, calls = ModelInspector(PreprocessingCache()), list[tuple[int, int]]()

    def proceed(done: int, total: int) -> bool:
        calls.append((done, total))
        return len(calls) != 4

    result = inspector.evaluate(target, proceed)
    assert calls == [(0, 4), (3, 4)]
    assert result is not None
    assert result.indices.tolist() == [1, 2, 3, 4]
    calls[:] = [(0, 0), (0, 0)]
    assert inspector.evaluate(target, proceed) is None
    assert calls[2:] == [(0, 4), (3, 4)]
