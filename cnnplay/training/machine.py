"""How fast this machine computes just now, measured once in a few tenths of a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from cnnplay.training.threads import choose, measure_threads
from cnnplay.training.tries import Watch

CONVOLUTION_BATCH = 16
"""The convolution that is timed: 3 × 3, from 64 to 64 channels, over 16 × 16 pixels, 16 pictures."""
CHANNELS, SIZE = 64, 16


@dataclass(frozen=True, slots=True)
class Speed:
    """Operations a second in a convolution's forward and backward; bytes a second read and written; with so
    many threads, the fastest. `sure`: nothing else of this program computed meanwhile."""

    operations: float
    bytes: float
    threads: int
    sure: bool


_remembered: dict[tuple[str, int], Speed] = {}


def speed(device: str, threads: int) -> Speed:
    """The speed with the best number of threads up to `threads`; the threads are put back. Once it is sure it
    is remembered, until then the highest."""
    known = _remembered.get((device, threads))
    if known is not None and known.sure:
        return known
    before = torch.get_num_threads()
    try:
        found = _measured(torch.device(device), threads)
    finally:
        torch.set_num_threads(before)
    if known is None or found.sure or found.operations > known.operations:
        _remembered[device, threads] = found
    return _remembered[device, threads]


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
    watch = Watch()
    step = convolution_step(device)
    most = threads if device.type == "cpu" else 1
    found = measure_threads(most, step)
    best = choose(found, most)
    torch.set_num_threads(best)
    multiply_adds = CONVOLUTION_BATCH * SIZE * SIZE * CHANNELS * CHANNELS * 9
    operations, moved = 6 * multiply_adds / found[best], _bytes(device)
    # Who waits for a GPU may sleep.
    return Speed(operations, moved, best, sure=watch.read().sure or device.type != "cpu")


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
