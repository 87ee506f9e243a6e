"""How fast the engine trains on a GPU beside a plain loop with automatic mixed precision.

    python tests/benchmarks/bench_cuda.py [--device cuda:0] [--pairs 5] [--seconds 10] [--batch 128]
                                          [--size 32] [--size 224]

ResNet-18 on images of noise, 3 × 32 × 32 and 3 × 224 × 224 unless one is named; momentum. The plain loop
has the data set on the device as one tensor, channels_last, a fused optimizer and autocast to bfloat16; it
waits for the GPU once an epoch. They take turns. With `--device cpu` it only shows that it works.
"""

import argparse
import contextlib
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F

from cnnplay.data.images import ImageSet
from cnnplay.modules.build import build
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.shapes.adapt import adapt
from cnnplay.spec.events import Event, Planned, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job
from cnnplay.training.loop import train

PICTURES, CLASSES = 1024, 10
WARM_UP = 5.0
"""Seconds that are not counted."""


def noise(size: int) -> ImageSet:
    images = np.random.default_rng(0).integers(0, 256, (PICTURES + 16, size, size, 3), dtype=np.uint8)
    return ImageSet(
        key="noise",
        title="noise",
        classes=tuple("0123456789"),
        images=images,
        labels=np.arange(PICTURES + 16, dtype=np.int64) % CLASSES,
        train=np.arange(PICTURES),
        validation=np.arange(PICTURES, PICTURES + 16),
        shape=(3, size, size),
        channels=3,
    )


def engine_rate(network: Network, dataset: ImageSet, device: str, batch: int, seconds: float) -> float:
    """Images a second of the engine, validation of 16 images an epoch included."""
    control = Control()
    steps: list[tuple[float, int]] = []

    def sink(event: Event) -> None:
        if isinstance(event, Planned):
            print(f"  {event.reason}", flush=True)
        if isinstance(event, Stepped):
            steps.append((time.perf_counter(), event.images))
            if steps[-1][0] - steps[0][0] > WARM_UP + seconds:
                control.stop()

    config = TrainConfig(epochs=100_000, batch_size=batch, optimizer="momentum", device=device)
    result = train(Job("bench", network, config, dataset), sink, None, control)
    if result.failure is not None:
        raise SystemExit(result.failure.message)
    begun = steps[0][0] + WARM_UP
    counted = [(when, count) for when, count in steps if when >= begun]
    return sum(count for _, count in counted[1:]) / (counted[-1][0] - counted[0][0])


def plain_rate(network: Network, images: ImageSet, device: str, batch: int, seconds: float) -> float:
    """Images a second of the plain loop."""
    place = torch.device(device)
    module = build(network, device=place, seed=0).train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, fused=True)
    x = torch.from_numpy(images.array[:PICTURES]).to(place).permute(0, 3, 1, 2).float() / 255  # type: ignore[index]
    y = torch.from_numpy(images.labels[:PICTURES]).to(place)
    mixed = torch.autocast("cuda", torch.bfloat16) if place.type == "cuda" else contextlib.nullcontext()
    begun, first, counted = time.perf_counter(), 0.0, 0
    while True:
        for chosen in torch.randperm(PICTURES, device=place).split(batch):
            with mixed:
                loss = F.cross_entropy(module(x[chosen]), y[chosen])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        loss.item()  # once an epoch: else Python would run far ahead of the GPU
        now = time.perf_counter()
        counted += PICTURES if first else 0
        if not first and now - begun >= WARM_UP:
            first = now
        elif first and now - first >= seconds:
            return counted / (now - first)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--size", type=int, choices=(32, 224), action="append")
    asked = parser.parse_args()
    for size in asked.size or (32, 224):
        adapted = adapt(
            preset("resnet-18").network, (3, size, size), CLASSES, "stem" if size == 32 else "resize"
        )
        assert adapted.edited is not None
        network, images, ratios = adapted.edited.network, noise(size), []
        for number in range(asked.pairs):
            given = (network, images, asked.device, asked.batch, asked.seconds)
            engine, plain = engine_rate(*given), plain_rate(*given)
            ratios.append(engine / plain)
            print(f"{size}, pair {number + 1}: engine {engine:,.0f}, plain {plain:,.0f} images/s", flush=True)
        spread = f"from {min(ratios):.3f} to {max(ratios):.3f}"
        print(f"ResNet-18 at {size}: engine / plain: median {statistics.median(ratios):.3f}, {spread}")


if __name__ == "__main__":
    main()
