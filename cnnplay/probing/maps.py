"""What a module computes for some pictures: feature maps and probabilities, with nothing left changed."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cnnplay.modules.module import NetworkModule
from cnnplay.modules.scores import probabilities

Floats = npt.NDArray[np.float32]


class Look(msgspec.Struct, frozen=True):
    """One forward pass: probabilities B × N, and the outputs of the wanted nodes, B × C × H × W or B × N."""

    probabilities: Floats
    maps: dict[str, Floats]


def look(module: NetworkModule, x: Tensor | Floats, ids: Collection[str] = ()) -> Look:
    """Probabilities and feature maps in one pass, as if evaluated: no dropout, running statistics.

    The module is put back into the mode it was in; its running statistics and the random generators
    are untouched. `x` may lie anywhere; ids that the network does not have are left out.
    """
    with evaluating(module), torch.no_grad():
        logits, seen = module.trace(placed(module, x), ids)
        return Look(_array(probabilities(logits)), {name: _array(maps) for name, maps in seen.items()})


def predict(module: nn.Module, x: Tensor | Floats, batch_size: int = 256) -> Floats:
    """The probabilities B × N of the classes for the pictures `x`, computed `batch_size` at a time."""
    with evaluating(module), torch.no_grad():
        parts = [
            probabilities(module(placed(module, x[start : start + batch_size])))
            for start in range(0, max(1, len(x)), batch_size)
        ]
        return _array(torch.cat(parts))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """The module in evaluation mode; every layer gets its own mode back, whatever happens."""
    trained = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in trained:
            layer.training = True


def placed(module: nn.Module, x: Tensor | Floats) -> Tensor:
    """`x` as a tensor of the type and on the device of the module's weights."""
    tensor = torch.from_numpy(x) if isinstance(x, np.ndarray) else x
    weight = next((p for p in module.parameters() if p.is_floating_point()), None)
    if weight is None:
        return tensor.float()
    return tensor.to(weight.device, weight.dtype)


def _array(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().to("cpu", torch.float32).numpy())
