"""The Python expression that creates a torch layer, and its explicit padding."""

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import nn

from cnnplay.modules.padding import PaddedAvgPool2d, PaddedConv2d, PaddedMaxPool2d
from cnnplay.network import nodes
from cnnplay.network.nodes import Node

Expression: TypeAlias = Callable[[Any], str]


def expression(node: Node, layer: nn.Module) -> str:
    """``nn.Conv2d(1, 6, 5)``: the node's layer; arguments equal to torch's defaults are left out."""
    return EXPRESSIONS[type(node)](layer)


def padding_before(layer: nn.Module) -> str:
    """The arguments of F.pad after the tensor, if the layer pads explicitly; else ""."""
    if not isinstance(layer, (PaddedConv2d, PaddedMaxPool2d, PaddedAvgPool2d)):
        return ""
    top, bottom, left, right = layer.around
    value = ', value=float("-inf")' if isinstance(layer, PaddedMaxPool2d) else ""
    return f"({left}, {right}, {top}, {bottom}){value}"


def pair(size: object) -> str:
    """A height and width as torch takes them: a single number if they are equal."""
    if isinstance(size, tuple) and len(size) == 2 and size[0] == size[1]:
        size = size[0]
    return repr(size)


def _pooling(name: str) -> Expression:
    return lambda layer: (
        f"nn.{name}({pair(layer.kernel_size)}, stride={pair(layer.stride)}"
        f"{_unless('padding', layer.padding, 0)})"
    )


def _batch_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> str:
    name = "BatchNorm1d" if isinstance(layer, nn.BatchNorm1d) else "BatchNorm2d"
    rest = _unless("eps", layer.eps, 1e-5) + _unless("momentum", layer.momentum, 0.1)
    return f"nn.{name}({layer.num_features}{rest}{_unless('affine', layer.affine, True)})"


def _local_response(layer: nn.LocalResponseNorm) -> str:
    return f"nn.LocalResponseNorm({layer.size}, alpha={layer.alpha}, beta={layer.beta}, k={layer.k})"


def _dense(layer: nn.Linear) -> str:
    bias = _unless("bias", layer.bias is not None, True)
    return f"nn.Linear({layer.in_features}, {layer.out_features}{bias})"


def _upsampling(layer: nn.Upsample) -> str:
    more = ', mode="bilinear", align_corners=False' if layer.mode == "bilinear" else ""
    return f"nn.Upsample(scale_factor={pair(layer.scale_factor)}{more})"


def _plain(layer: nn.Module) -> str:
    return f"nn.{type(layer).__name__}()"


def _convolution(name: str, layer: nn.Conv2d | nn.ConvTranspose2d, more: str) -> str:
    return (
        f"nn.{name}({layer.in_channels}, {layer.out_channels}, {pair(layer.kernel_size)}"
        + _unless("stride", layer.stride, 1)
        + _unless("padding", layer.padding, 0)
        + more
        + _unless("dilation", layer.dilation, 1)
        + _unless("groups", layer.groups, 1)
        + _unless("bias", layer.bias is not None, True)
        + ")"
    )


def _unless(name: str, value: object, default: object) -> str:
    """``, name=value`` if the value is not torch's default."""
    text = pair(value)
    return "" if text == repr(default) else f", {name}={text}"


EXPRESSIONS: dict[type[nodes.Base], Expression] = {
    nodes.Convolution: lambda layer: _convolution("Conv2d", layer, ""),
    nodes.TransposedConvolution: lambda layer: _convolution(
        "ConvTranspose2d", layer, _unless("output_padding", layer.output_padding, 0)
    ),
    nodes.Upsampling: _upsampling,
    nodes.MaxPooling: _pooling("MaxPool2d"),
    nodes.AveragePooling: _pooling("AvgPool2d"),
    nodes.GlobalAveragePooling: lambda layer: "nn.AdaptiveAvgPool2d(1)",
    nodes.BatchNormalisation: _batch_norm,
    nodes.GroupNormalisation: lambda layer: f"nn.GroupNorm({layer.num_groups}, {layer.num_channels})",
    nodes.LocalResponseNormalisation: _local_response,
    nodes.Dropout: lambda layer: f"nn.Dropout({layer.p})",
    nodes.ReLU: _plain,
    nodes.LeakyReLU: lambda layer: f"nn.LeakyReLU({layer.negative_slope})",
    nodes.Tanh: _plain,
    nodes.Sigmoid: _plain,
    nodes.GELU: _plain,
    nodes.SiLU: _plain,
    nodes.ELU: lambda layer: f"nn.ELU({layer.alpha})",
    nodes.Flatten: _plain,
    nodes.Dense: _dense,
}
"""Every kind but skips and branches."""
