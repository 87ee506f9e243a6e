"""Each probe can be computed, and a run that is probed after every batch equals, bit for bit, the run that is
not.
"""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from cnnplay.data.images import ImageSet
from cnnplay.network.edits import insert
from cnnplay.network.network import Place
from cnnplay.network.nodes import BatchNormalisation, Dropout
from cnnplay.network.presets import preset
from cnnplay.probing.filters import filters
from cnnplay.probing.maps import capture_activations, predict
from cnnplay.probing.probes import PROBES
from cnnplay.shapes.adapt import adapt
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train

BASE = adapt(preset("tiny-cnn").network, (1, 8, 8), 2, "stem").edited.network
BASE = insert(BASE, Place("", 0, 1), BatchNormalisation()).network
NETWORK = insert(BASE, Place("", 0, len(BASE.stack) - 1), Dropout(p=0.5)).network
CONFIG = TrainConfig(epochs=1, batch_size=8, threads=1, device="cpu", seed=5)
IMAGES = np.random.default_rng(0).standard_normal((3, 1, 8, 8)).astype(np.float32)

CALLS: dict[str, Callable[[Observation], object]] = {
    "feature-maps": lambda seen: capture_activations(seen.module, IMAGES, ("conv-1",)),
    "filters": lambda seen: filters(seen.module, seen.module.network, "conv-1"),
    "prediction": lambda seen: predict(seen.module, IMAGES),
    "layer-time": lambda seen: PROBES["layer-time"].load()(seen.module.network, seen.config),
}
"""How each probe is called between two batches."""


def dataset() -> ImageSet:
    labels = np.arange(32, dtype=np.int64) % 2
    images = np.random.default_rng(1).integers(0, 256, (32, 8, 8, 1)).astype(np.uint8)
    parts = np.arange(24), np.arange(24, 32)
    return ImageSet(
        key="noise",
        title="noise",
        classes=("a", "b"),
        images=images,
        labels=labels,
        train=parts[0],
        validation=parts[1],
        shape=(1, 8, 8),
        channels=1,
    )


def trained(observe: Callable[[Observation], None] | None = None) -> Result:
    found = train(Job("run", NETWORK, CONFIG, dataset()), lambda _: None, observe)
    assert found.reason == "done"
    return found


@pytest.fixture(scope="module")
def plain() -> Result:
    return trained()


def test_every_probe_is_called_here() -> None:
    assert PROBES.keys() <= CALLS.keys()


def test_the_rows_import_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from cnnplay.probing.probes import PROBES;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'PySide6')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("key", CALLS)
def test_a_probed_run_equals_the_run_without_the_probe(key: str, plain: Result) -> None:
    results: list[object] = []
    probed = trained(lambda seen: results.append(CALLS[key](seen)))
    assert len(results) >= 3
    assert all(result is not None for result in results)
    assert probed.weights.keys() == plain.weights.keys()
    for name, tensor in plain.weights.items():
        assert torch.equal(probed.weights[name], tensor), name
    assert probed.metrics == plain.metrics
