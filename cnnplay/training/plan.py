"""What the engine chooses for this machine before the first step: threads and memory format."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnplay.modules.build import NetworkModule
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import max_threads
from cnnplay.training.fused_step import FusedStep
from cnnplay.training.machine import CONVOLUTION_BATCH, convolution_step
from cnnplay.training.optimizers import optimizer_for
from cnnplay.training.precision import arithmetic
from cnnplay.training.task import LossConfig, TrainingTask
from cnnplay.training.thread_tuning import threads_text
from cnnplay.training.threads import CLEARLY_FASTER, choose_threads, measure_threads, seconds_per_step

WORTH_MEASURING = 1.5e9
"""Floating-point operations per step. Above this, a small convolution is timed instead of the network."""


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """The choice, its reason, and the step time measured with it. `certain`: the machine was quiet then."""

    threads: int
    channels_last: bool
    reason: str
    step_seconds: float | None = None
    certain: bool = True

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format


def choose_plan(
    module: NetworkModule,
    task: TrainingTask,
    config: TrainConfig,
    batch: tuple[Tensor, Tensor],
    multiply_adds: int,
    processes: int = 1,
) -> ExecutionPlan:
    """The initial plan. If steps are short, a few are timed on a copy of the module, so that the run's
    weights are the same as with that plan pinned. `processes` share this machine's cores. Sets the calling
    thread's number of threads.
    """
    device = batch[0].device
    if device.type != "cpu":
        return ExecutionPlan(torch.get_num_threads(), device.type == "cuda", f"computed on {device}")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
        return ExecutionPlan(config.threads, True, f"{threads_text(config.threads)}, as set")
    most = max_threads(processes)
    if processes > 1:
        torch.set_num_threads(most)
        return ExecutionPlan(
            most, True, f"{threads_text(most)} in each of {processes} processes on this machine"
        )
    if most == 1:
        torch.set_num_threads(1)
        return ExecutionPlan(1, True, "1 thread: there is one core")
    own = step_operations(multiply_adds, len(batch[0])) <= WORTH_MEASURING
    step = network_step(module, task, config, batch) if own else convolution_step(device)
    found, quiet = measure_threads(most, step)
    best = choose_threads(found, most)
    torch.set_num_threads(best)
    count = len(batch[0]) if own else CONVOLUTION_BATCH
    rates = {threads: count / seconds for threads, seconds in found.items()}
    what = "images/s" if own else "images/s in a small convolution"
    reason = comparison_text(best, rates, what)
    if not own:
        return ExecutionPlan(best, True, reason, certain=quiet)
    # Most layers are faster in channels_last, but not in every network.
    other = seconds_per_step(network_step(module, task, config, batch, channels_last=False))
    channels_last = other > CLEARLY_FASTER * found[best]
    faster, slower = ("channels_last", "contiguous") if channels_last else ("contiguous", "channels_last")
    seconds, longer = (found[best], other) if channels_last else (other, found[best])
    reason += f"; {faster} {count / seconds:,.0f} against {slower} {count / longer:,.0f}"
    return ExecutionPlan(best, channels_last, reason, seconds, quiet)


def step_operations(multiply_adds: int, batch_size: int) -> int:
    """A step is one forward and two backward computations, at two operations per multiply-add."""
    return multiply_adds * batch_size * 6


def recorded_plan(
    threads: int, channels_last: bool, device: torch.device, most: int | None = None
) -> ExecutionPlan:
    """The plan of a resumed run: another would change the weights' last bits. `most` limits the threads if
    several processes share the machine: otherwise they would wait for each other.
    """
    reason = "as before the interruption"
    if most is not None and threads > most:
        threads, reason = (
            most,
            f"{threads_text(threads)} before: several processes share this machine",
        )
    if device.type == "cpu":
        torch.set_num_threads(threads)
    return ExecutionPlan(threads, channels_last, f"{threads_text(threads)}, {reason}")


def comparison_text(best: int, rates: Mapping[int, float], what: str) -> str:
    """``2 threads: measured 11,400 images/s against 9,000 with 1``."""
    others = ", ".join(f"{rates[number]:,.0f} with {number}" for number in sorted(rates) if number != best)
    against = f" against {others}" if others else ""
    return f"{threads_text(best)}: measured {rates[best]:,.0f} {what}{against}"


def network_step(
    module: NetworkModule,
    task: TrainingTask,
    config: TrainConfig,
    batch: tuple[Tensor, Tensor],
    channels_last: bool = True,
) -> Callable[[], None]:
    """A training step on a copy of the module."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    scratch = copy.deepcopy(module).to(memory_format=layout)  # type: ignore[call-overload]
    optimizer, _ = optimizer_for(scratch.parameters(), config)
    images, labels = batch
    loss_config, bits, fused_step = (
        LossConfig.for_training(config),
        arithmetic(config, images.device),
        FusedStep(optimizer),
    )

    def step() -> None:
        inputs = images if channels_last else images.contiguous()
        with bits:
            loss = task.loss(scratch(inputs), labels, loss_config)
        loss.backward()
        fused_step.step()
        fused_step.zero_grad()

    return step
