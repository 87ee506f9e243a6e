"""Prints the sum of the layers' measured times beside a whole step, timed forward and backward in one piece.

    python tests/benchmarks/bench_layers.py [--batch-size N] [PRESET ...]

The layers are timed alone and warm; a whole step moves all maps through the caches. Nothing is asserted.
"""

import argparse
import time
from statistics import median

import torch

from cnnplay.modules.build import build
from cnnplay.network.presets import preset
from cnnplay.probing.layer_profile import profile_layers
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import resolve, synchronize
from cnnplay.training.rng import preserved_torch_state
from cnnplay.training.task import PLAIN_LOSS
from cnnplay.training.tasks import training_task

STEPS = 9


def whole_step(key: str, batch_size: int, threads: int, device: torch.device) -> float:
    """The median seconds of a step without the optimizer's update."""
    network = preset(key).network
    module = build(network, device=device, seed=0)
    module.to(memory_format=torch.channels_last)
    images = torch.randn((batch_size, *network.input.shape), device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch_size, device=device) % network.task.classes
    loss, times = training_task(network.task).loss, []
    with preserved_torch_state():
        torch.set_num_threads(threads)
        for _ in range(STEPS):
            module.zero_grad()
            synchronize(device)
            start = time.perf_counter()
            loss(module(images), labels, PLAIN_LOSS).backward()
            synchronize(device)
            times.append(time.perf_counter() - start)
    return median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", default="auto")
    parser.add_argument("presets", nargs="*", default=["lenet-5", "mini-resnet", "mlp"])
    given = parser.parse_args()
    for key in given.presets:
        config = TrainConfig(batch_size=given.batch_size, device=given.device, precision="float32")
        start = time.perf_counter()
        found = profile_layers(preset(key).network, config)
        took = time.perf_counter() - start
        assert found is not None
        whole = whole_step(key, given.batch_size, found.threads, resolve(given.device))
        parts = found.total.both + found.other.both
        print(
            f"{key}: layers {1e3 * found.total.both:.2f} ms + loss and merges {1e3 * found.other.both:.2f} ms"
            f" = {1e3 * parts:.2f} ms; a whole step {1e3 * whole:.2f} ms (ratio {parts / whole:.2f});"
            f" {found.threads} threads; the profile took {took:.1f} s"
        )


if __name__ == "__main__":
    main()
