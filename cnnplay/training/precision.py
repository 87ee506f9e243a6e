"""The number format of a step's computations. Weights, gradients and optimizer state always have 32 bits.

bfloat16 has float32's range with fewer digits, so gradients neither vanish nor overflow and need no scaling;
recent GPUs multiply bfloat16 matrices many times faster.
"""

from contextlib import AbstractContextManager, nullcontext

import torch

from cnnplay.spec.settings import TrainConfig


def in_bfloat16(config: TrainConfig, device: torch.device) -> bool:
    """Whether the run computes in bfloat16."""
    if config.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return config.precision == "bfloat16"


def arithmetic(
    config: TrainConfig, device: torch.device, caching: bool = True
) -> AbstractContextManager[object]:
    """A context to enter around every forward pass. `caching`: a weight that is used twice in a pass is cast
    once.
    """
    if in_bfloat16(config, device):
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=caching)
    return nullcontext()
