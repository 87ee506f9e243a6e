"""Interrupts a slow step between two layers when the run must stop; nothing of the step is kept."""

from collections.abc import Callable
from copy import copy
from typing import Any

from torch import Tensor, nn

from cnnplay.modules.build import NetworkModule
from cnnplay.training.control import Interrupted
from cnnplay.training.meter import EpochMetrics


class Interruption:
    """Hooks a module's layers, forward and backward, until `end`. Either pass may then raise Interrupted.

    The forward pass already updates running statistics, and a batch's loss counts before the backward pass:
    `begin_step` saves both, and `undo` restores them unless the step was completed (`end_step`).
    """

    def __init__(self, module: NetworkModule, stopping: Callable[[], bool]) -> None:
        self._module = module
        self._stopping = stopping
        self._before: list[Tensor] = []
        self._metrics: tuple[EpochMetrics, EpochMetrics] | None = None
        leaves = [layer for layer in module.modules() if not any(layer.children())]
        self._hooks = [layer.register_forward_pre_hook(self._before_layer) for layer in leaves]
        self._hooks += [layer.register_forward_hook(self._after_layer) for layer in leaves]

    def begin_step(self, metrics: EpochMetrics) -> None:
        """Starts a step that may be undone; `metrics` are the epoch's."""
        self._metrics = metrics, copy(metrics)
        self._before = [buffer.clone() for buffer in self._module.buffers()]

    def end_step(self) -> None:
        """Marks the step as completed: `undo` does nothing after this."""
        self._before, self._metrics = [], None

    def undo(self) -> None:
        """Restores statistics and metrics from before the interrupted step."""
        if self._metrics is not None:
            now, before = self._metrics
            now.restore(before)
        for buffer, old in zip(self._module.buffers(), self._before, strict=False):
            buffer.copy_(old)
        self.end_step()

    def end(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _before_layer(self, layer: nn.Module, inputs: Any) -> None:
        self._check()

    def _after_layer(self, layer: nn.Module, inputs: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(self._backward)

    def _backward(self, gradient: Tensor) -> None:
        """Called before the backward pass of a layer."""
        self._check()

    def _check(self) -> None:
        if self._stopping():
            raise Interrupted
