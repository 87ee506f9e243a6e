"""Compares the memory estimate with a real run in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Flatten, LocalResponseNormalisation, MaxPooling, ReLU

STATUS = Path("/proc/self/status")
END = (MaxPooling(id="max-pool-1", kernel_size=(8, 8), stride=(8, 8)), Flatten(id="flatten-1"))

# In each of them one part of the sum is nearly all of it.
STACKS = {
    "weights": (Flatten(id="flatten-1"), Dense(id="dense-1", units=10_000), Dense(id="dense-2", units=2)),
    "maps": (
        *(Convolution(id=f"conv-{n}", filters=24, kernel_size=(3, 3)) for n in range(6)),
        *END,
        Dense(id="dense-1", units=2),
    ),
    "normalised maps": (
        Convolution(id="conv-1", filters=32, kernel_size=(3, 3)),
        *(LocalResponseNormalisation(id=f"lrn-{n}") for n in range(2)),
        ReLU(id="relu-1"),
        *END,
        Dense(id="dense-1", units=2),
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell a process's peak")
@pytest.mark.parametrize(
    ("key", "optimizer"),
    [("weights", "sgd"), ("weights", "adam"), ("maps", "sgd"), ("normalised maps", "sgd")],
)
def test_the_estimate_is_near_the_memory_that_a_run_takes(key: str, optimizer: str) -> None:
    done = subprocess.run(
        [sys.executable, __file__, key, optimizer],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    estimated, taken = json.loads(done.stdout)
    assert taken > 100e6, "a small run would tell nothing"
    assert 1 / 1.5 < estimated / taken < 1.5, f"{estimated / 1e6:.0f} MB estimated, {taken / 1e6:.0f} taken"


def _kilobytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


def _child(key: str, optimizer: str) -> tuple[int, int]:
    """Bytes estimated, and the peak of a run of few steps above what the process had before."""
    import numpy as np

    from cnnplay.data.images import ImageSet
    from cnnplay.shapes.infer import infer
    from cnnplay.spec.settings import TrainConfig
    from cnnplay.training.estimate import estimate
    from cnnplay.training.job import Job
    from cnnplay.training.loop import train
    from cnnplay.training.warm import warm_up

    shape, batch = (1, 32, 32), 16 if key == "weights" else 128
    count = batch + 4
    images = ImageSet(
        key="noise", title="noise", classes=("a", "b"), labels=np.arange(count, dtype=np.int64) % 2,
        shape=shape, channels=1, train=np.arange(count - 4), validation=np.arange(count - 4, count),
        images=np.random.default_rng(0).integers(0, 256, (count, 32, 32, 1), dtype=np.uint8),
    )  # fmt: skip
    network = Network(name=key, input=Input(*shape), task=Classification(2), stack=STACKS[key])
    config = TrainConfig(epochs=3, batch_size=batch, optimizer=optimizer, device="cpu", threads=1)  # type: ignore[arg-type]
    warm_up()
    estimated = estimate(network, infer(network), config, images, timed=False)
    before = _kilobytes("VmRSS")
    result = train(Job("run", network, config, images), lambda event: None)
    assert result.failure is None, result.failure
    return estimated.bytes, (_kilobytes("VmHWM") - before) * 1024


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1], sys.argv[2])))
