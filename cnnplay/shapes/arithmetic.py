"""The integer arithmetic of layers: output sizes, parameters, multiply-adds.

A shape is (channels, height, width) for feature maps and (length,) for a vector. The formulas are those of
Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016); n is the input's size along
one dimension, f the kernel's, s the stride, d the dilation and p the padding.
"""

from math import prod
from typing import TypeAlias

from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Padding

Shape: TypeAlias = tuple[int, ...]

Sides: TypeAlias = tuple[int, int]
"""The padding along one dimension: (before, after), that is (top, bottom) or (left, right)."""

BYTES_PER_ELEMENT = 4
"""A float32."""

MAX_ELEMENTS = 2**40
"""More activations or parameters than this in one layer (4 TiB) are assumed to be a mistake."""


def effective_kernel(kernel: int, dilation: int = 1) -> int:
    """The effective kernel size, dilation included: d·(f − 1) + 1 pixels."""
    return dilation * (kernel - 1) + 1


def same_padding(kernel: int, dilation: int = 1) -> Sides:
    """The padding that keeps the size at stride 1: d·(f − 1) in total, the odd pixel after."""
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2


def sides(padding: Padding, kernel: Pair, dilation: Pair = (1, 1)) -> tuple[Sides, Sides]:
    """A padding field as ((top, bottom), (left, right))."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if isinstance(padding, str):
        return same_padding(kernel[0], dilation[0]), same_padding(kernel[1], dilation[1])
    return (padding[0], padding[0]), (padding[1], padding[1])


def window_count(size: int, kernel: int, stride: int, padding: Sides, dilation: int = 1) -> int:
    """How many windows fit along one dimension: ⌊(n + p − d·(f − 1) − 1) / s⌋ + 1; below 1 if none does."""
    return (size + sum(padding) - effective_kernel(kernel, dilation)) // stride + 1


def windows(size: Pair, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair = (1, 1)) -> Pair:
    """How many windows fit down and across: the output size of a convolution or a pooling."""
    down, across = sides(padding, kernel, dilation)
    return (
        window_count(size[0], kernel[0], stride[0], down, dilation[0]),
        window_count(size[1], kernel[1], stride[1], across, dilation[1]),
    )


def transposed_count(size: int, kernel: int, stride: int, padding: int, extra: int, dilation: int = 1) -> int:
    """A transposed convolution's output size: (n − 1)·s − 2p + d·(f − 1) + extra + 1, like
    torch.nn.ConvTranspose2d."""
    return (size - 1) * stride - 2 * padding + effective_kernel(kernel, dilation) + extra


def convolution_parameters(channels: int, filters: int, kernel: Pair, groups: int, bias: bool) -> int:
    """The weights and biases of a convolution: filters × (channels / groups × f × f + 1)."""
    return filters * (channels // groups * kernel[0] * kernel[1] + bias)


def convolution_multiply_adds(channels: int, output: Shape, kernel: Pair, groups: int) -> int:
    """One multiply-add for each output value and each weight it uses; a bias counts none."""
    return prod(output) * (channels // groups) * kernel[0] * kernel[1]


def transposed_multiply_adds(size: Pair, channels: int, filters: int, kernel: Pair, groups: int) -> int:
    """One multiply-add for each input value and each weight it meets (cropped outputs included)."""
    return size[0] * size[1] * channels * (filters // groups) * kernel[0] * kernel[1]


def dense_parameters(length: int, units: int, bias: bool) -> int:
    """The weights and biases of a fully connected layer: units × (inputs + 1)."""
    return units * (length + bias)


def stride_between(size: int, target: int) -> int | None:
    """The smallest stride at which a 1×1 window reduces `size` to `target`: ⌈n / s⌉ = target. None if there
    is none."""
    if not 1 <= target <= size:
        return None
    # ⌈n / s⌉ ≤ target first holds at s = ⌈n / target⌉, and it falls from there on.
    stride = -(-size // target)
    return stride if -(-size // stride) == target else None
