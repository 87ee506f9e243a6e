"""How near the estimate comes to what a run then takes: memory and time, for some classics.

    python tests/benchmarks/bench_forecast.py [KEY ...]

Each network is trained for some steps in a process of its own; its peak memory, less what the process had
before, and the median of its steps (without the first epoch's) stand beside the estimate.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STEPS = 3
"""An epoch's."""
EPOCHS, MORE_EPOCHS, LONG = 4, 40, 5e9
"""Fewer epochs for networks of more operations a step."""


@dataclass(frozen=True)
class Case:
    key: str
    size: tuple[int, int, int]
    batch: int
    fit: str = "stem"
    optimizer: str = "adam"


CASES = (
    Case("lenet-5", (1, 32, 32), 64),
    Case("tiny-cnn", (3, 32, 32), 64),
    Case("mini-resnet", (3, 32, 32), 64),
    Case("mlp", (1, 28, 28), 64),
    Case("resnet-18", (3, 32, 32), 64),
    Case("resnet-34", (3, 32, 32), 32),
    Case("vgg-16", (3, 32, 32), 64),
    Case("alexnet", (3, 227, 227), 16, "resize"),
    Case("resnet-18", (3, 224, 224), 8, "resize", "momentum"),
    Case("vgg-16", (3, 224, 224), 4, "resize", "sgd"),
)


def run(case: Case, threads: int) -> dict[str, float]:
    """In the child: what was estimated and what was taken."""
    import numpy as np

    from cnnplay.data.images import ImageSet
    from cnnplay.network.presets import preset
    from cnnplay.shapes.adapt import adapt
    from cnnplay.shapes.infer import infer
    from cnnplay.spec.events import Event, Stepped
    from cnnplay.spec.settings import TrainConfig
    from cnnplay.training.estimate import estimate
    from cnnplay.training.job import Job
    from cnnplay.training.loop import train
    from cnnplay.training.warm import warm_up

    warm_up()
    count = case.batch * STEPS + 4
    generator = np.random.default_rng(0)
    channels, height, width = case.size
    labels = np.arange(count, dtype=np.int64) % 10
    images = ImageSet(
        key="noise", title="Noise", classes=tuple("0123456789"), labels=labels, shape=case.size,
        channels=channels, train=np.arange(count - 4), validation=np.arange(count - 4, count),
        images=generator.integers(0, 256, (count, height, width, channels), dtype=np.uint8),
    )  # fmt: skip
    network = adapt(preset(case.key).network, case.size, 10, case.fit).edited.network
    report = infer(network)
    epochs = EPOCHS if report.multiply_adds * case.batch > LONG else MORE_EPOCHS
    config = TrainConfig(
        epochs=epochs, batch_size=case.batch, optimizer=case.optimizer, device="cpu", threads=threads
    )  # type: ignore[arg-type]
    estimated = estimate(network, report, config, images, timed=False)
    before = _bytes("VmRSS")
    times: list[tuple[int, float]] = []

    def sink(event: Event) -> None:
        if isinstance(event, Stepped):
            times.append((event.epoch, time.perf_counter()))

    result = train(Job("bench", network, config, images), sink)
    if result.failure is not None:
        sys.exit(result.failure.message + result.failure.details)
    taken = _bytes("VmHWM") - before
    # Only now: the layers that are tried leave memory behind, which the run would take.
    timed = estimate(network, report, config, images)
    steps = (len(images.train) + len(images.validation) / 3) / case.batch  # as the estimate counts an epoch
    return {
        "estimated_mb": estimated.bytes / 1e6,
        "taken_mb": taken / 1e6,
        "estimated_s": timed.seconds_per_epoch / steps,
        "taken_s": statistics.median(
            after - before
            for (epoch, before), (same, after) in itertools.pairwise(times)
            if 1 < epoch == same
        ),
    }


def _bytes(name: str) -> int:
    """What the system says of this process: its memory now (VmRSS), its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("keys", nargs="*")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case is not None:
        print(json.dumps(run(CASES[asked.case], asked.threads)))
        return
    for number, case in enumerate(CASES):
        if asked.keys and case.key not in asked.keys:
            continue
        command = [sys.executable, __file__, "--case", str(number), "--threads", str(asked.threads)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{case.key}: failed\n{done.stderr}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        name = f"{case.key} {'×'.join(map(str, case.size))} batch {case.batch} {case.optimizer}"
        print(
            f"{name:42} estimated memory {found['estimated_mb']:7,.0f} MB, took {found['taken_mb']:7,.0f} "
            f"({found['estimated_mb'] / found['taken_mb'] - 1:+.0%}); "
            f"estimated step {found['estimated_s']:.3f} s, "
            f"took {found['taken_s']:.3f} ({found['estimated_s'] / found['taken_s'] - 1:+.0%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
