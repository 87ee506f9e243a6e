"""Layers with padding that torch lacks: an odd pixel at the bottom right, or over half a pool's window.

Padding is (top, bottom, left, right). Where torch can pad itself, its own layer is used.
"""

from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Padding
from cnnplay.shapes import arithmetic

Sides: TypeAlias = tuple[int, int, int, int]


def sides(padding: Padding, kernel_size: Pair, dilation: Pair = (1, 1)) -> Sides:
    """The pixels added at (top, bottom, left, right): "same" adds d·(f − 1), the odd one at the end."""
    down, across = arithmetic.sides(padding, kernel_size, dilation)
    return (*down, *across)


def symmetric(padding: Sides) -> Pair | None:
    """The same padding as torch takes it, (vertical, horizontal); None if opposite sides differ."""
    top, bottom, left, right = padding
    return (top, left) if top == bottom and left == right else None


def pad(x: Tensor, padding: Sides, value: float = 0.0) -> Tensor:
    """`x` padded with `value` around each map."""
    top, bottom, left, right = padding
    return F.pad(x, (left, right, top, bottom), value=value)


class PaddedConv2d(nn.Conv2d):
    """nn.Conv2d after explicit zero padding."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        around: Sides,
        stride: Pair,
        dilation: Pair,
        groups: int,
        bias: bool,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            groups=groups,
            bias=bias,
            device=device,
        )
        self.around = around

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        return super().forward(pad(input, self.around))


class PaddedMaxPool2d(nn.MaxPool2d):
    """nn.MaxPool2d after explicit padding with minus infinity."""

    def __init__(self, kernel_size: Pair, stride: Pair, around: Sides) -> None:
        super().__init__(kernel_size, stride)
        self.around = around

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        pooled: Tensor = super().forward(pad(input, self.around, float("-inf")))
        return pooled


class PaddedAvgPool2d(nn.AvgPool2d):
    """nn.AvgPool2d after explicit zero padding; the zeros are included in the mean."""

    def __init__(self, kernel_size: Pair, stride: Pair, around: Sides) -> None:
        super().__init__(kernel_size, stride)
        self.around = around

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's own name)
        return super().forward(pad(input, self.around))
