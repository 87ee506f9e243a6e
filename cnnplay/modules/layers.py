"""Builds the torch layer for one leaf of a network."""

from typing import TypeAlias

import torch
from torch import nn

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


def layer(node: Node, shape: tuple[int, ...], device: Device) -> nn.Module:
    """The torch layer of a leaf with input `shape`: (C, H, W) for feature maps, (N,) for vectors."""
    match node:
        case nodes.Convolution():
            return _convolution(node, shape, device)
        case nodes.TransposedConvolution():
            return _transposed(node, shape[0], device)
        case nodes.MaxPooling() | nodes.AveragePooling():
            return _pooling(node)
        case nodes.BatchNormalisation():
            kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            return kind(shape[0], eps=node.eps, momentum=node.momentum, affine=node.affine, device=device)
        case nodes.Dense():
            return nn.Linear(shape[0], node.units, bias=node.bias, device=device)
        case _:
            return _without_weights(node)


def _without_weights(node: Node) -> nn.Module:
    match node:
        case nodes.Upsampling():
            scale = (float(node.scale[0]), float(node.scale[1]))
            return nn.Upsample(
                scale_factor=scale, mode=node.mode, align_corners=False if node.mode == "bilinear" else None
            )
        case nodes.GlobalAveragePooling():
            return FullMapAvgPool2d()
        case nodes.LocalResponseNormalisation():
            return nn.LocalResponseNorm(node.size, alpha=node.alpha, beta=node.beta, k=node.k)
        case nodes.Dropout():
            return nn.Dropout(node.p)
        case nodes.LeakyReLU():
            return nn.LeakyReLU(node.negative_slope)
        case nodes.Flatten():
            return nn.Flatten()
        case _:
            return _PLAIN[type(node)]()


# Not in place: a parallel shortcut may still need the layer's input.
_PLAIN: dict[type[nodes.Base], type[nn.Module]] = {
    nodes.ReLU: nn.ReLU,
    nodes.Tanh: nn.Tanh,
    nodes.Sigmoid: nn.Sigmoid,
    nodes.GELU: nn.GELU,
    nodes.SiLU: nn.SiLU,
}


def _convolution(node: nodes.Convolution, shape: tuple[int, ...], device: Device) -> nn.Module:
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


def _transposed(node: nodes.TransposedConvolution, channels: int, device: Device) -> nn.Module:
    return nn.ConvTranspose2d(
        channels,
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


def _pooling(node: nodes.MaxPooling | nodes.AveragePooling) -> nn.Module:
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
