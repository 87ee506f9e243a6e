"""What the engine chooses for this machine before the first step: threads and memory format."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnplay.modules.build import NetworkModule
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import most_threads
from cnnplay.training.machine import CONVOLUTION_BATCH, convolution_step
from cnnplay.training.optimizers import optimizer_for
from cnnplay.training.pace import words
from cnnplay.training.precision import arithmetic
from cnnplay.training.stepper import Stepper
from cnnplay.training.tasks import Aim, Rules
from cnnplay.training.threads import CLEARLY, choose, measure_threads, seconds_a_step

WORTH_MEASURING = 1.5e9
"""Floating-point operations a step. Above, a small convolution stands for the network."""


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
    module: NetworkModule,
    rules: Rules,
    config: TrainConfig,
    batch: tuple[Tensor, Tensor],
    multiply_adds: int,
    processes: int = 1,
) -> Plan:
    """The plan to begin with. Where steps are short, a few are measured on a copy of the module: the run's
    weights are the same as under the same plan pinned. `processes` share this machine's
    cores. Sets the calling thread's number of threads.
    """
    device = batch[0].device
    if device.type != "cpu":
        return Plan(torch.get_num_threads(), device.type == "cuda", f"computed on {device}")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
        return Plan(config.threads, True, f"{words(config.threads)}, as asked")
    most = most_threads(processes)
    if processes > 1:
        torch.set_num_threads(most)
        return Plan(most, True, f"{words(most)} in each of {processes} processes on this machine")
    if most == 1:
        torch.set_num_threads(1)
        return Plan(1, True, "1 thread: one core")
    own = step_operations(multiply_adds, len(batch[0])) <= WORTH_MEASURING
    step = network_step(module, rules, config, batch) if own else convolution_step(device)
    found = measure_threads(most, step)
    best = choose(found, most)
    torch.set_num_threads(best)
    count = len(batch[0]) if own else CONVOLUTION_BATCH
    rates = {threads: count / seconds for threads, seconds in found.items()}
    what = "images/s" if own else "images/s in a small convolution"
    reason = compared(best, rates, what)
    if not own:
        return Plan(best, True, reason)
    # Most layers are quicker where a pixel's channels lie together; for some networks it is not so.
    other = seconds_a_step(network_step(module, rules, config, batch, channels_last=False))
    channels_last = other > CLEARLY * found[best]
    faster, slower = ("channels_last", "contiguous") if channels_last else ("contiguous", "channels_last")
    seconds, longer = (found[best], other) if channels_last else (other, found[best])
    reason += f"; {faster} {count / seconds:,.0f} against {slower} {count / longer:,.0f}"
    return Plan(best, channels_last, reason, seconds)


def step_operations(multiply_adds: int, batch_size: int) -> int:
    """A step is one forward and two backward computations of two operations a multiply-add."""
    return multiply_adds * batch_size * 6


def recorded_plan(threads: int, channels_last: bool, device: torch.device, most: int | None = None) -> Plan:
    """The plan of a run that goes on: another would change the weights' last bits. `most` threads are left
    to a process where several share the machine: as many as before would wait for one another."""
    reason = "as before the interruption"
    if most is not None and threads > most:
        threads, reason = most, f"where it had {words(threads)} before: several processes share this machine"
    if device.type == "cpu":
        torch.set_num_threads(threads)
    return Plan(threads, channels_last, f"{words(threads)}, {reason}")


def compared(best: int, rates: Mapping[int, float], what: str) -> str:
    """``2 threads: measured 11,400 images/s against 9,000 with 1``."""
    others = ", ".join(f"{rates[number]:,.0f} with {number}" for number in sorted(rates) if number != best)
    against = f" against {others}" if others else ""
    return f"{words(best)}: measured {rates[best]:,.0f} {what}{against}"


def network_step(
    module: NetworkModule,
    rules: Rules,
    config: TrainConfig,
    batch: tuple[Tensor, Tensor],
    channels_last: bool = True,
) -> Callable[[], None]:
    """A training step of a copy of the module."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    scratch = copy.deepcopy(module).to(memory_format=layout)  # type: ignore[call-overload]
    optimizer, _ = optimizer_for(scratch.parameters(), config)
    pictures, labels = batch
    aim, bits, stepper = Aim.learning(config), arithmetic(config, pictures.device), Stepper(optimizer)

    def step() -> None:
        given = pictures if channels_last else pictures.contiguous()
        with bits:
            loss = rules.loss(scratch(given), labels, aim)
        loss.backward()
        stepper.step()
        stepper.forget()

    return step
