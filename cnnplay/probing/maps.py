"""Feature maps and probabilities that a module computes for images; the module is left unchanged."""

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


class Activations(msgspec.Struct, frozen=True):
    """One forward pass: probabilities B × N, and outputs of the requested nodes, B × C × H × W or B × N."""

    probabilities: Floats
    maps: dict[str, Floats]


def capture_activations(module: NetworkModule, x: Tensor | Floats, ids: Collection[str] = ()) -> Activations:
    """Probabilities and feature maps in one forward pass in evaluation mode.

    The module's mode is restored; its running statistics and the random generators are untouched. `x` may be
    on any device; unknown ids are ignored.
    """
    with evaluation_mode(module), torch.no_grad():
        logits, seen = module.trace(to_module_device(module, x), ids)
        return Activations(_array(probabilities(logits)), {name: _array(maps) for name, maps in seen.items()})


def predict(module: nn.Module, x: Tensor | Floats, batch_size: int = 256) -> Floats:
    """The class probabilities B × N for the images `x`, computed `batch_size` at a time."""
    with evaluation_mode(module), torch.no_grad():
        parts = [
            probabilities(module(to_module_device(module, x[start : start + batch_size])))
            for start in range(0, max(1, len(x)), batch_size)
        ]
        return _array(torch.cat(parts))


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Puts the module in evaluation mode, and always restores every layer's own mode."""
    trained = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in trained:
            layer.training = True


def to_module_device(module: nn.Module, x: Tensor | Floats) -> Tensor:
    """`x` as a tensor with the dtype and on the device of the module's weights."""
    tensor = torch.from_numpy(x) if isinstance(x, np.ndarray) else x
    weight = next((p for p in module.parameters() if p.is_floating_point()), None)
    if weight is None:
        return tensor.float()
    return tensor.to(weight.device, weight.dtype)


def _array(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().to("cpu", torch.float32).numpy())
