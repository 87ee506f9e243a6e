"""How fast this machine computes just now, measured once in a few tenths of a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import median

import torch
from torch import nn

from cnnplay.training.threads import choose, measure_threads

CONVOLUTION_BATCH = 16
"""The convolution that is timed: 3 × 3, from 64 to 64 channels, over 16 × 16 pixels, 16 pictures."""
CHANNELS, SIZE = 64, 16


@dataclass(frozen=True, slots=True)
class Speed:
    """Operations a second in a convolution's forward and backward; bytes a second read and written; with so
    many threads, the fastest."""

    operations: float
    bytes: float
    threads: int


@cache
def speed(device: str, threads: int) -> Speed:
    """The speed with the best number of threads up to `threads`; remembered, and the threads put back."""
    before = torch.get_num_threads()
    try:
        return _measured(torch.device(device), threads)
    finally:
        torch.set_num_threads(before)


def convolution_step(device: torch.device) -> Callable[[], None]:
    """Some milliseconds of work that is like training: a convolution, forward and backward."""
    layer = nn.utils.skip_init(nn.Conv2d, CHANNELS, CHANNELS, 3, padding=1, device=device)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(0.01)
    layer = layer.to(memory_format=torch.channels_last)
    pictures = torch.full((CONVOLUTION_BATCH, CHANNELS, SIZE, SIZE), 0.5, device=device)
    pictures = pictures.contiguous(memory_format=torch.channels_last).requires_grad_()

    def step() -> None:
        layer(pictures).sum().backward()
        _wait(device)

    return step


def _measured(device: torch.device, threads: int) -> Speed:
    step = convolution_step(device)
    most = threads if device.type == "cpu" else 1
    found = measure_threads(most, step)
    best = choose(found, most)
    torch.set_num_threads(best)
    multiply_adds = CONVOLUTION_BATCH * SIZE * SIZE * CHANNELS * CHANNELS * 9
    return Speed(operations=6 * multiply_adds / found[best], bytes=_bytes(device), threads=best)


def _bytes(device: torch.device) -> float:
    source = torch.ones(2**24, device=device)  # 64 MiB: more than caches hold
    target = torch.empty_like(source)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        target.copy_(source)
        _wait(device)
        times.append(time.perf_counter() - start)
    return 2 * source.numel() * 4 / median(times[1:])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
