"""On CUDA a step's forward and backward pass as one graph.

A small network's layers take a GPU less time than Python takes to ask for them one by one. What was captured
once is replayed with a single call. Its shapes are fixed: a batch of another size, as an epoch's last one may
be, is computed layer by layer. (`torch.compile` is chosen nowhere: on two cores it took 22 to 25 s to make
0.86 of LeNet-5's, 0.97 of ResNet-18's and 1.08 of ResNet-8's speed, at 32 × 32; on a GPU graphs take the
launches away too.)
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

Model: TypeAlias = Callable[[Tensor], Tensor]
"""From pictures B × C × H × W to logits B × classes."""

MOST_OPERATIONS = 2e12
"""Floating-point operations a step, some ten milliseconds of a GPU. Above, the layers take the time."""


class Graphed:
    """Replays the graph for batches of its size; others the module computes."""

    def __init__(self, module: Model, graph: Model, shape: torch.Size) -> None:
        self._module, self._graph, self._shape = module, graph, shape

    def __call__(self, pictures: Tensor) -> Tensor:
        return (self._graph if pictures.shape == self._shape else self._module)(pictures)


def graphed(
    module: nn.Module, pictures: Tensor, arithmetic: AbstractContextManager[object]
) -> tuple[Model, str]:
    """The module in training mode as a graph for batches like `pictures`, and what is to be said of that.

    `arithmetic` is the one of the steps, but caches nothing: a graph would read what was cached when it was
    captured. Running statistics are as before. Where nothing can be captured it is the module itself.
    """
    before = [buffer.clone() for buffer in module.buffers()]
    make: Any = torch.cuda.make_graphed_callables
    try:
        with arithmetic:
            graph: Model = make(_Apart(module), (pictures.clone(),))
    except RuntimeError as error:  # torch's, whatever stands in the way; no memory left is one too
        why = str(error).splitlines()[0]
        return module, f"no CUDA graph: {why}"
    finally:
        # It was computed a few times before it was captured.
        for buffer, value in zip(module.buffers(), before, strict=True):
            buffer.copy_(value)
    return Graphed(module, graph, pictures.shape), "forward and backward as a CUDA graph"


class _Apart(nn.Module):
    """What is captured gets another forward pass: this one, and not the module, which also judges."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.module(pictures)
        return logits
