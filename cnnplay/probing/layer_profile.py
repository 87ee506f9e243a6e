"""Measures how long one batch takes in each layer of a network on this machine, forward and backward.

Every layer is timed alone, in a module built for it, with the batch size, the number of threads and the
memory format that a run would use, on the output of the layer above. Nothing else is changed: no weights, no
running statistics, no random generator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from cnnplay.modules.build import build
from cnnplay.modules.in_place import in_place_ids, in_place_version
from cnnplay.network.network import Network
from cnnplay.network.nodes import Branches, Skip, Stack, stacks_of
from cnnplay.probing.filters import ProbeError
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import resolve
from cnnplay.training.estimate import memory_problem
from cnnplay.training.layer_times import Pass, timed_pass
from cnnplay.training.plan import ExecutionPlan, choose_plan
from cnnplay.training.precision import arithmetic
from cnnplay.training.rng import preserved_torch_state
from cnnplay.training.task import LossConfig
from cnnplay.training.tasks import training_task

REPETITIONS = 5
"""The number of timed passes per layer after one to warm up, …"""
SECONDS_PER_LAYER = 1.0
"""… or as many as fit into this time, at least one."""


class PassTime(NamedTuple):
    """A batch's time in seconds."""

    forward: float
    backward: float

    @property
    def both(self) -> float:
        return self.forward + self.backward


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """The time of one batch in every leaf, by node id. `other` is the loss and the merges of skips and
    branches; the optimizer's update is not included. `repetitions` is the least number of passes of which a
    time is the median.
    """

    network: Network
    batch_size: int
    device: str
    threads: int
    repetitions: int
    layers: dict[str, PassTime]
    other: PassTime

    @property
    def total(self) -> PassTime:
        """The time of all layers, without `other`."""
        forward, backward = (sum(times) for times in zip(*self.layers.values(), strict=True))
        return PassTime(forward, backward)


class _CancelledError(Exception):
    pass


def profile_layers(
    network: Network, config: TrainConfig, cancelled: Callable[[], bool] = lambda: False
) -> LayerProfile | None:
    """Times one batch of `config.batch_size` images on `config.device`. None once `cancelled()`, which is
    asked before every pass of a layer.

    ProbeError for a network with problems, without layers, or for which a batch does not fit into memory;
    DeviceError for an absent device.
    """
    report = infer(network)
    device = resolve(config.device)
    reason = _refusal(network, report, config, device)
    if reason:
        raise ProbeError(reason)
    gpu = [device] if device.type == "cuda" else []
    with preserved_torch_state(), torch.random.fork_rng(gpu):
        try:
            return _Profiler(network, report, config, device, cancelled).profile()
        except _CancelledError:
            return None


def _refusal(network: Network, report: Report, config: TrainConfig, device: torch.device) -> str:
    if not network.stack:
        return "the network is empty: there are no layers to time"
    if report.problems:
        return f"fix the network's problems first: {report.problems[0].message}"
    return memory_problem(network, report, config, device)


class _Profiler:
    """Runs one batch through the network, layer by layer, and times each."""

    def __init__(
        self,
        network: Network,
        report: Report,
        config: TrainConfig,
        device: torch.device,
        cancelled: Callable[[], bool],
    ) -> None:
        self._network, self._report, self._config = network, report, config
        self._device, self._cancelled = device, cancelled
        self._in_place = in_place_ids(network.stack)
        self._module = build(network, device=device, seed=0)
        self._layout = torch.channels_last
        self._layers: dict[str, PassTime] = {}
        self._other: list[PassTime] = []
        self._repetitions = REPETITIONS

    def profile(self) -> LayerProfile:
        self._check()
        images, labels = self._batch()
        plan = self._choose_plan(images, labels)
        self._layout = plan.memory_format
        self._module.to(memory_format=self._layout)  # type: ignore[call-overload]
        logits = self._stack(self._network.stack, images.contiguous(memory_format=self._layout))
        self._other.append(self._time_loss(logits, labels))
        return LayerProfile(
            network=self._network,
            batch_size=self._config.batch_size,
            device=str(self._device),
            threads=plan.threads,
            repetitions=self._repetitions,
            layers=self._layers,
            other=PassTime(*(sum(times) for times in zip(*self._other, strict=True))),
        )

    def _batch(self) -> tuple[Tensor, Tensor]:
        count, generator = self._config.batch_size, torch.Generator().manual_seed(0)
        images = torch.randn((count, *self._network.input.shape), generator=generator).to(self._device)
        labels = torch.arange(count, device=self._device) % self._network.task.classes
        return images.contiguous(memory_format=torch.channels_last), labels

    def _choose_plan(self, images: Tensor, labels: Tensor) -> ExecutionPlan:
        """That of a run of this network on this machine. It times steps, which need weights."""
        if not self._report.parameters:
            threads = torch.get_num_threads()
            return ExecutionPlan(threads, channels_last=True, reason="no weights")
        task, batch = training_task(self._network.task), (images, labels)
        hook = self._module.register_forward_pre_hook(lambda *_: self._check())  # copies of the module too
        try:
            return choose_plan(self._module, task, self._config, batch, self._report.multiply_adds)
        finally:
            hook.remove()

    def _stack(self, stack: Stack, x: Tensor) -> Tensor:
        """Times everything in a stack; returns its output for `x`."""
        for node in stack:
            output = self._report.nodes[node.id].output
            assert output is not None
            if isinstance(node, Skip | Branches):
                parts = tuple(self._stack(part, x) for part in stacks_of(node))
                time, x = self._time(_merge(node, node.id in self._in_place), parts, output)
                self._other.append(time)
            else:
                layer = self._module.layer(node.id)
                step = in_place_version(node, layer) if node.id in self._in_place else layer
                self._layers[node.id], x = self._time(step, (x,), output)
        return x

    def _time_loss(self, logits: Tensor, labels: Tensor) -> PassTime:
        loss, loss_config = training_task(self._network.task).loss, LossConfig.for_training(self._config)
        return self._time(lambda scores: loss(scores, labels, loss_config), (logits,), None)[0]

    def _time(
        self, step: Callable[..., Tensor], inputs: tuple[Tensor, ...], output: Shape | None
    ) -> tuple[PassTime, Tensor]:
        """The median of a few passes through a step, and its output; `output` is None for a scalar."""
        gradient = None if output is None else self._ones(output)
        passes: list[Pass] = []
        last = self._pass(step, inputs, gradient)  # warms up
        if gradient is not None:
            gradient = gradient.to(last.output.dtype)
        while len(passes) < REPETITIONS and (
            not passes or sum(one.both.seconds for one in passes) < SECONDS_PER_LAYER
        ):
            last = self._pass(step, inputs, gradient)
            passes.append(last)
        self._repetitions = min(self._repetitions, len(passes))
        forward = median(one.forward.seconds for one in passes)
        backward = median(one.both.seconds - one.forward.seconds for one in passes)
        return PassTime(forward, backward if last.output.requires_grad else 0.0), last.output

    def _pass(self, step: Callable[..., Tensor], inputs: tuple[Tensor, ...], gradient: Tensor | None) -> Pass:
        self._check()
        self._module.zero_grad()
        leaves = [x.detach().requires_grad_(x.requires_grad) for x in inputs]
        # Copies: a step that works in place must overwrite neither a leaf nor the next pass's input.
        given = tuple(leaf.clone() for leaf in leaves)

        def forward(*parts: Tensor) -> Tensor:
            with arithmetic(self._config, self._device):
                return step(*parts)

        return timed_pass(forward, given, gradient)

    def _ones(self, shape: Shape) -> Tensor:
        ones = torch.ones((self._config.batch_size, *shape), device=self._device)
        return ones.contiguous(memory_format=self._layout) if ones.ndim == 4 else ones

    def _check(self) -> None:
        if self._cancelled():
            raise _CancelledError


def _merge(node: Skip | Branches, in_place: bool) -> Callable[..., Tensor]:
    """The merge of a skip or of branches as the module computes it in training."""
    if node.merge == "concatenate":
        return lambda *parts: torch.cat(parts, dim=1)
    return lambda *parts: reduce(Tensor.add_ if in_place else torch.add, parts)
