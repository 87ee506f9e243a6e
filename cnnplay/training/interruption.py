"""A step that takes long is broken off between two layers once the run is to stop; nothing of it is kept."""

from collections.abc import Callable
from copy import copy
from typing import Any

from torch import Tensor, nn

from cnnplay.modules.build import NetworkModule
from cnnplay.training.control import Interrupted
from cnnplay.training.meter import Sums


class Interruption:
    """Watches a module's layers, forward and backward, until `end`. Interrupted comes out of either.

    Running statistics move in the forward pass already, and a batch's loss counts before the backward one:
    `begin_step` remembers both, and `undo` puts them back unless the step was done (`end_step`).
    """

    def __init__(self, module: NetworkModule, stopping: Callable[[], bool]) -> None:
        self._module = module
        self._stopping = stopping
        self._before: list[Tensor] = []
        self._sums: tuple[Sums, Sums] | None = None
        leaves = [layer for layer in module.modules() if not any(layer.children())]
        self._hooks = [layer.register_forward_pre_hook(self._before_layer) for layer in leaves]
        self._hooks += [layer.register_forward_hook(self._after_layer) for layer in leaves]

    def begin_step(self, sums: Sums) -> None:
        """What follows may be undone; `sums` are the epoch's."""
        self._sums = sums, copy(sums)
        self._before = [buffer.clone() for buffer in self._module.buffers()]

    def end_step(self) -> None:
        """The step counts: what is broken off from here on undoes nothing."""
        self._before, self._sums = [], None

    def undo(self) -> None:
        """Puts statistics and sums back, as they were before the step that was broken off."""
        if self._sums is not None:
            now, before = self._sums
            now.put_back(before)
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
        """The backward pass is about to go through a layer."""
        self._check()

    def _check(self) -> None:
        if self._stopping():
            raise Interrupted
