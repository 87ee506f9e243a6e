"""Initial weights, drawn from their own generator.

torch's `reset_parameters` draws from the global generator, which a training thread may be using at the same
time. With the same seed the default scheme gives the same numbers as after `torch.manual_seed(seed)`.
"""

import math

import torch
from torch import Tensor, nn

from cnnplay.spec.settings import Initialization


def initialize_weights(
    module: nn.Module, seed: int | None, scheme: Initialization | None = "default"
) -> None:
    """Initializes the weights of every layer in `module`, in order. Without a seed, one is drawn. Without a
    scheme, only layers without random weights (normalization) are initialized."""
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            if scheme is None:
                continue
            if scheme == "default":
                _uniform(layer, generator)
            else:
                _fill(layer.weight, scheme, generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        elif callable(reset := getattr(layer, "reset_parameters", None)):
            reset()  # normalization: ones and zeros, nothing is random


def _fill(weight: Tensor, scheme: Initialization, generator: torch.Generator) -> None:
    """Normally distributed with the scheme's standard deviation. The fan-in is the number of a filter's
    weights, the fan-out that of the weights reading one of its outputs."""
    match scheme:
        case "he":  # He et al. 2015, equation 10
            nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
        case "xavier":  # Glorot and Bengio 2010, equation 12, as a normal distribution
            nn.init.xavier_normal_(weight, generator=generator)
        case "lecun":  # LeCun et al. 1998, "Efficient BackProp", section 4.6
            nn.init.kaiming_normal_(weight, nonlinearity="linear", generator=generator)
        case "small":
            nn.init.normal_(weight, std=0.01, generator=generator)
        case _:
            nn.init.zeros_(weight)


def _uniform(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, generator: torch.Generator) -> None:
    """Weight and bias uniform in ± 1/√(fan in), which is He's rule with a = √5 (torch's default)."""
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        fan_in = layer.weight[0].numel()
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
