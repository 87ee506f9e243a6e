"""What the engine chooses for this machine before the first step: threads, memory format."""

import copy
import time
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from cnnplay.modules.build import NetworkModule
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import most_threads
from cnnplay.training.optimizers import optimizer_for
from cnnplay.training.pace import words
from cnnplay.training.tasks import Rules

WORTH_MEASURING = 1.5e9
"""Floating-point operations a step. Above, all threads pay, and trying would take too long."""
CLEARLY = 0.93
"""Another choice than all threads and channels_last must bring the step time to this share."""


class Choice(NamedTuple):
    threads: int
    channels_last: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The choice, why, and the step time that was measured with it."""

    threads: int
    channels_last: bool
    reason: str
    step_seconds: float | None = None

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format


def first_plan(
    module: NetworkModule, rules: Rules, config: TrainConfig, batch: tuple[Tensor, Tensor], multiply_adds: int
) -> Plan:
    """The plan to begin with. Where steps are short, a few are measured on a copy of the module: the run's
    weights are the same as under the same plan pinned. Sets the calling thread's number of threads.
    """
    device = batch[0].device
    if device.type != "cpu":
        return Plan(torch.get_num_threads(), device.type == "cuda", f"computed on {device}")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
        return Plan(config.threads, True, f"{words(config.threads)}, as asked")
    most = most_threads()
    # A step is one forward and two backward computations of two operations a multiply-add.
    if most == 1 or multiply_adds * len(batch[0]) * 6 > WORTH_MEASURING:
        torch.set_num_threads(most)
        return Plan(most, True, f"{words(most)}: all cores")
    return _measured(module, rules, config, batch, most)


def _measured(
    module: NetworkModule, rules: Rules, config: TrainConfig, batch: tuple[Tensor, Tensor], most: int
) -> Plan:
    counts = sorted(
        {most, *(1 << power for power in range(most.bit_length()) if 1 << power <= most)}, reverse=True
    )
    choices = [Choice(threads, True) for threads in counts] + [Choice(most, False)]
    times: dict[Choice, list[float]] = {choice: [] for choice in choices}
    scratch = copy.deepcopy(module)
    for _ in range(2):  # twice in turn, so that a moment's disturbance does not decide
        for choice in choices:
            times[choice] += _step_times(scratch, rules, config, batch, choice)
    found = {choice: median(seconds) for choice, seconds in times.items()}
    usual = Choice(most, True)
    best = min(found, key=found.__getitem__)
    if found[best] > CLEARLY * found[usual]:
        best = usual
    torch.set_num_threads(best.threads)
    rates = ", ".join(
        f"{words(choice.threads)}{'' if choice.channels_last else ' without channels_last'} "
        f"{len(batch[0]) / seconds:,.0f}"
        for choice, seconds in found.items()
    )
    return Plan(best.threads, best.channels_last, f"measured, images/s: {rates}", found[best])


def _step_times(
    scratch: NetworkModule, rules: Rules, config: TrainConfig, batch: tuple[Tensor, Tensor], choice: Choice
) -> list[float]:
    """Seconds of a few steps, after one that is not counted."""
    torch.set_num_threads(choice.threads)
    arranged = torch.channels_last if choice.channels_last else torch.contiguous_format
    scratch.to(memory_format=arranged)  # type: ignore[call-overload]
    optimizer, _ = optimizer_for(scratch.parameters(), config)
    x, y = batch
    times = []
    for _ in range(5):
        start = time.perf_counter()
        pictures = x if choice.channels_last else x.contiguous()
        rules.loss(scratch(pictures), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - start)
    return times[1:]
