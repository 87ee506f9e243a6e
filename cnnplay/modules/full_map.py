"""Layers that see a whole map at once, computed faster during training."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class FullMapConv2d(nn.Conv2d):
    """nn.Conv2d, computed in training as a matrix product, which it is on maps as large as its kernels.

    LeNet-5's C5 then takes a third of the time; the same products are summed in another order. Larger maps,
    and all maps in evaluation, are convolved. For convolutions without padding, dilation and groups.
    """

    def forward(self, x: Tensor) -> Tensor:
        """B × N × 1 × 1 of maps B × C × H × W that the kernels cover."""
        if not self.training or x.shape[2:] != self.weight.shape[2:]:
            return super().forward(x)
        rows, kernels = x, self.weight
        if kernels.is_contiguous(memory_format=torch.channels_last):
            # In memory order: nothing is copied.
            rows, kernels = rows.permute(0, 2, 3, 1), kernels.permute(0, 2, 3, 1)
        return F.linear(rows.flatten(1), kernels.flatten(1), self.bias)[:, :, None, None]


class FullMapAvgPool2d(nn.AdaptiveAvgPool2d):
    """nn.AdaptiveAvgPool2d(1) whose gradient has the memory format of its maps.

    With channels_last, torch's own gradient is contiguous, and the layers below read it with strides: that
    costs ResNet-8 2 % of a step. The numbers are the same, bit for bit.
    """

    def __init__(self) -> None:
        super().__init__(1)

    def forward(self, x: Tensor) -> Tensor:
        """B × C × 1 × 1 of maps B × C × H × W."""
        return _Mean.apply(x) if self.training else super().forward(x)  # type: ignore[no-untyped-call]


class _Mean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        last = x.is_contiguous(memory_format=torch.channels_last)
        ctx.shape, ctx.layout = x.shape, torch.channels_last if last else torch.contiguous_format
        return F.adaptive_avg_pool2d(x, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        mean = gradient / (ctx.shape[2] * ctx.shape[3])
        spread: Tensor = mean.expand(ctx.shape).contiguous(memory_format=ctx.layout)
        return spread
