"""CUDA graphs of a step's forward and backward pass.

The layers of a small network take a GPU less time than Python takes to launch them one by one. A captured
graph is replayed with a single call. Its shapes are fixed: a batch of another size, such as an epoch's last
one, is computed layer by layer. (`torch.compile` is not used: on two cores it took 22 to 25 s to compile, for
0.86 of LeNet-5's, 0.97 of ResNet-18's and 1.08 of ResNet-8's speed at 32 × 32; on a GPU, graphs remove the
launch overhead too.)
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

Model: TypeAlias = Callable[[Tensor], Tensor]
"""From images B × C × H × W to logits B × classes."""

MAX_OPERATIONS = 2e12
"""Floating-point operations per step, some ten milliseconds on a GPU. Above this, the layers take the time.
"""


class GraphedModel:
    """Replays the graph for batches of its size; the module computes all others."""

    def __init__(self, module: Model, graph: Model, shape: torch.Size) -> None:
        self._module, self._graph, self._shape = module, graph, shape

    def __call__(self, images: Tensor) -> Tensor:
        return (self._graph if images.shape == self._shape else self._module)(images)


def capture_graph(
    module: nn.Module, images: Tensor, arithmetic: AbstractContextManager[object]
) -> tuple[Model, str]:
    """Captures the module, in training mode, as a graph for batches shaped like `images`. Also returns a note
    for the plan.

    `arithmetic` is the steps' context without autocast's cache: a graph would read what was cached at
    capture. Running statistics are restored. If capturing fails, the module itself is returned.
    """
    before = [buffer.clone() for buffer in module.buffers()]
    make: Any = torch.cuda.make_graphed_callables
    try:
        with arithmetic:
            graph: Model = make(_TrainingForward(module), (images.clone(),))
    except RuntimeError as error:  # whatever the reason; out of memory too
        why = str(error).splitlines()[0]
        return module, f"no CUDA graph: {why}"
    finally:
        # Capturing runs the module a few times first.
        for buffer, value in zip(module.buffers(), before, strict=True):
            buffer.copy_(value)
    return GraphedModel(module, graph, images.shape), "forward and backward as a CUDA graph"


class _TrainingForward(nn.Module):
    """Gives the graph a forward method of its own, because the module also evaluates."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.module(images)
        return logits
