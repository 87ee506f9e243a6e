"""Measures how fast this machine currently computes, in a few tenths of a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from cnnplay.training.devices import synchronize
from cnnplay.training.threads import choose_threads, measure_threads
from cnnplay.training.timing import ComputeTimer

CONVOLUTION_BATCH = 16
"""The convolution that is timed: 3 × 3, from 64 to 64 channels, on 16 images of 16 × 16 pixels."""
CHANNELS, SIZE = 64, 16


@dataclass(frozen=True, slots=True)
class MachineSpeed:
    """Operations per second in a convolution, forward and backward; bytes per second, read and written; and
    the fastest number of threads. `reliable`: nothing else in this program was computing.
    """

    operations: float
    bytes: float
    threads: int
    reliable: bool


_remembered: dict[tuple[str, int], MachineSpeed] = {}


def machine_speed(device: str, threads: int) -> MachineSpeed:
    """The speed with the best number of threads up to `threads`; the number of threads is restored. A
    reliable result is remembered; until there is one, the highest is.
    """
    known = _remembered.get((device, threads))
    if known is not None and known.reliable:
        return known
    before = torch.get_num_threads()
    try:
        found = _measured(torch.device(device), threads)
    finally:
        torch.set_num_threads(before)
    if known is None or found.reliable or found.operations > known.operations:
        _remembered[device, threads] = found
    return _remembered[device, threads]


def convolution_step(device: torch.device) -> Callable[[], None]:
    """Some milliseconds of work like training: a convolution, forward and backward."""
    layer = nn.utils.skip_init(nn.Conv2d, CHANNELS, CHANNELS, 3, padding=1, device=device)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(0.01)
    layer = layer.to(memory_format=torch.channels_last)
    images = torch.full((CONVOLUTION_BATCH, CHANNELS, SIZE, SIZE), 0.5, device=device)
    images = images.contiguous(memory_format=torch.channels_last).requires_grad_()

    def step() -> None:
        layer(images).sum().backward()
        synchronize(device)

    return step


def _measured(device: torch.device, threads: int) -> MachineSpeed:
    watch = ComputeTimer()
    step = convolution_step(device)
    most = threads if device.type == "cpu" else 1
    found = measure_threads(most, step).seconds
    best = choose_threads(found, most)
    torch.set_num_threads(best)
    multiply_adds = CONVOLUTION_BATCH * SIZE * SIZE * CHANNELS * CHANNELS * 9
    operations, moved = 6 * multiply_adds / found[best], _bytes(device)
    # Threads that wait for a GPU may sleep.
    return MachineSpeed(operations, moved, best, reliable=watch.read().reliable or device.type != "cpu")


def _bytes(device: torch.device) -> float:
    source = torch.ones(2**24, device=device)  # 64 MiB: more than caches hold
    target = torch.empty_like(source)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        target.copy_(source)
        synchronize(device)
        times.append(time.perf_counter() - start)
    return 2 * source.numel() * 4 / median(times[1:])
