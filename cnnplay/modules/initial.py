"""Initial weights: torch's own defaults, drawn from a generator of their own.

torch's `reset_parameters` draws from the global generator, which a training thread may be using at the
same moment. With the same seed the numbers here equal those after `torch.manual_seed(seed)`.
"""

import math

import torch
from torch import nn


def initialise(module: nn.Module, seed: int | None) -> None:
    """Fills the weights of every layer inside `module`, in order. `None` draws a seed."""
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            _uniform(layer, generator)
        elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.reset_parameters()  # ones and zeros: nothing is drawn


def _uniform(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, generator: torch.Generator) -> None:
    """Both weight and bias between ± 1/√(fan in), as He's rule gives it with a = √5."""
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        fan_in = layer.weight[0].numel()
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
