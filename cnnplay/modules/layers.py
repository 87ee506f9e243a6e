"""Builds the torch layer for one leaf of a network."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnplay.modules.full_map import FullMapAvgPool2d, FullMapConv2d
from cnnplay.modules.padding import (
    PaddedAvgPool2d,
    PaddedConv2d,
    PaddedMaxPool2d,
    Sides,
    sides,
    symmetric,
)
from cnnplay.network import nodes
from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Node

Device: TypeAlias = torch.device | str
Shape: TypeAlias = tuple[int, ...]
Make: TypeAlias = Callable[[Any, Shape, Device], nn.Module]
"""Creates the torch layer of a node with this input shape."""

Step: TypeAlias = Callable[[Tensor], Tensor]


class Layer(NamedTuple):
    """How a kind is computed. Memory is saved where layers may work in place (see `in_place`)."""

    make: Make
    in_place: Callable[[Any], Step] | None = None
    """For a torch layer whose backward pass needs only its output: a function that overwrites its input.
    The results are the same, bit for bit."""
    output_not_saved: bool = False
    """Whether the backward pass does not need the output: it saves the input."""


def layer(node: Node, shape: Shape, device: Device) -> nn.Module:
    """The torch layer of a leaf with input `shape`: (C, H, W) for feature maps, (N,) for vectors."""
    return LAYERS[type(node)].make(node, shape, device)


def _plain(kind: Callable[[], nn.Module]) -> Make:
    return lambda node, shape, device: kind()


def _batch_norm(node: nodes.BatchNormalisation, shape: Shape, device: Device) -> nn.Module:
    kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
    return kind(shape[0], eps=node.eps, momentum=node.momentum, affine=node.affine, device=device)


def _dense(node: nodes.Dense, shape: Shape, device: Device) -> nn.Module:
    return nn.Linear(shape[0], node.units, bias=node.bias, device=device)


def _upsampling(node: nodes.Upsampling, shape: Shape, device: Device) -> nn.Module:
    scale = (float(node.scale[0]), float(node.scale[1]))
    return nn.Upsample(
        scale_factor=scale, mode=node.mode, align_corners=False if node.mode == "bilinear" else None
    )


def _local_response(node: nodes.LocalResponseNormalisation, shape: Shape, device: Device) -> nn.Module:
    return nn.LocalResponseNorm(node.size, alpha=node.alpha, beta=node.beta, k=node.k)


def _convolution(node: nodes.Convolution, shape: Shape, device: Device) -> nn.Module:
    channels = shape[0]
    around = sides(node.padding, node.kernel_size, node.dilation)
    padding = symmetric(around)
    if padding is None:
        return PaddedConv2d(
            channels,
            node.filters,
            node.kernel_size,
            around=around,
            stride=node.stride,
            dilation=node.dilation,
            groups=node.groups,
            bias=node.bias,
            device=device,
        )
    plain = padding == (0, 0) and node.dilation == (1, 1) and node.groups == 1
    kind = FullMapConv2d if plain and node.kernel_size == shape[1:] else nn.Conv2d
    return kind(
        channels,
        node.filters,
        node.kernel_size,
        stride=node.stride,
        padding=padding,
        dilation=node.dilation,
        groups=node.groups,
        bias=node.bias,
        device=device,
    )


def _transposed(node: nodes.TransposedConvolution, shape: Shape, device: Device) -> nn.Module:
    return nn.ConvTranspose2d(
        shape[0],
        node.filters,
        node.kernel_size,
        stride=node.stride,
        padding=node.padding,
        output_padding=node.output_padding,
        groups=node.groups,
        bias=node.bias,
        dilation=node.dilation,
        device=device,
    )


def _pooling(node: nodes.MaxPooling | nodes.AveragePooling, shape: Shape, device: Device) -> nn.Module:
    around = sides(node.padding, node.kernel_size)
    padding = symmetric(around)
    if padding is None or _more_than_half(padding, node.kernel_size):
        return _padded_pooling(node, around)
    if isinstance(node, nodes.MaxPooling):
        return nn.MaxPool2d(node.kernel_size, node.stride, padding)
    return nn.AvgPool2d(node.kernel_size, node.stride, padding)


def _padded_pooling(node: nodes.MaxPooling | nodes.AveragePooling, around: Sides) -> nn.Module:
    kind = PaddedMaxPool2d if isinstance(node, nodes.MaxPooling) else PaddedAvgPool2d
    return kind(node.kernel_size, node.stride, around)


def _more_than_half(padding: Pair, kernel_size: Pair) -> bool:
    """Whether torch's pooling rejects this padding."""
    return any(2 * p > f for p, f in zip(padding, kernel_size, strict=True))


# None of these works in place itself: a parallel shortcut may still need the layer's input.
LAYERS: dict[type[nodes.Base], Layer] = {
    nodes.Convolution: Layer(_convolution, output_not_saved=True),
    nodes.TransposedConvolution: Layer(_transposed, output_not_saved=True),
    nodes.Upsampling: Layer(_upsampling),
    nodes.MaxPooling: Layer(_pooling, output_not_saved=True),
    nodes.AveragePooling: Layer(_pooling, output_not_saved=True),
    nodes.GlobalAveragePooling: Layer(_plain(FullMapAvgPool2d), output_not_saved=True),
    nodes.BatchNormalisation: Layer(_batch_norm, output_not_saved=True),
    nodes.GroupNormalisation: Layer(
        lambda node, shape, device: nn.GroupNorm(node.groups, shape[0], device=device), output_not_saved=True
    ),
    nodes.LocalResponseNormalisation: Layer(_local_response),
    nodes.Dropout: Layer(lambda node, shape, device: nn.Dropout(node.p)),
    nodes.ReLU: Layer(_plain(nn.ReLU), lambda layer: torch.relu_),
    nodes.LeakyReLU: Layer(
        lambda node, shape, device: nn.LeakyReLU(node.negative_slope),
        lambda layer: partial(F.leaky_relu_, negative_slope=layer.negative_slope),
    ),
    nodes.Tanh: Layer(_plain(nn.Tanh), lambda layer: torch.tanh_),
    nodes.Sigmoid: Layer(_plain(nn.Sigmoid), lambda layer: torch.sigmoid_),
    nodes.GELU: Layer(_plain(nn.GELU)),
    nodes.SiLU: Layer(_plain(nn.SiLU)),
    nodes.ELU: Layer(lambda node, shape, device: nn.ELU(node.alpha)),
    nodes.Flatten: Layer(_plain(nn.Flatten)),
    nodes.Dense: Layer(_dense, output_not_saved=True),
}
"""Every kind but skips and branches."""
