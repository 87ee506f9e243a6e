"""In how many bits a step is computed. Weights, their gradients and the optimizer's memory always have 32.

bfloat16 has float32's range with fewer digits, so that gradients neither vanish nor overflow and need no
scaling; GPUs of recent years multiply matrices of it many times as fast.
"""

from contextlib import AbstractContextManager, nullcontext

import torch

from cnnplay.spec.settings import TrainConfig


def in_bfloat16(config: TrainConfig, device: torch.device) -> bool:
    """Whether this run computes in 16 bits."""
    if config.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return config.precision == "bfloat16"


def arithmetic(
    config: TrainConfig, device: torch.device, caching: bool = True
) -> AbstractContextManager[object]:
    """To be entered around each forward pass, again and again. `caching`: a weight that is used twice in a
    pass is made short once."""
    if in_bfloat16(config, device):
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=caching)
    return nullcontext()
