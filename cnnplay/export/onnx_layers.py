"""Converts a torch layer to ONNX operators (opset 20); weights are initializers with state-dict names."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from onnx import helper, numpy_helper
from torch import Tensor, nn

from cnnplay.modules.padding import PaddedAvgPool2d, PaddedConv2d, PaddedMaxPool2d, Sides
from cnnplay.network import nodes
from cnnplay.network.nodes import Node


class Operators:
    """Collects operators and initializers; each method appends one and returns its output's name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Adds an operator, named after its output."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: Any) -> str:
        """Adds a tensor to the file."""
        array = value.detach().numpy() if isinstance(value, Tensor) else value
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name


def emit(ops: Operators, node: Node, layer: nn.Module, x: str) -> str:
    """Appends the node's layer applied to `x`; returns the name of its value, the node's id if it has one."""
    return WRITERS[type(node)](ops, node.id, layer, x)


def _convolution(ops: Operators, name: str, layer: nn.Conv2d, x: str) -> str:
    sides = layer.around if isinstance(layer, PaddedConv2d) else _sides(layer.padding)
    return ops.add("Conv", [x, *_weights(ops, name, layer)], name, pads=_pads(sides), **_window(layer))


def _transposed(ops: Operators, name: str, layer: nn.ConvTranspose2d, x: str) -> str:
    if any(more >= stride for more, stride in zip(layer.output_padding, layer.stride, strict=True)):
        return _transposed_decomposed(ops, name, layer, x)
    return ops.add(
        "ConvTranspose",
        [x, *_weights(ops, name, layer)],
        name,
        pads=_pads(_sides(layer.padding)),
        output_padding=list(layer.output_padding),
        **_window(layer),
    )


def _transposed_decomposed(ops: Operators, name: str, layer: nn.ConvTranspose2d, x: str) -> str:
    """More output padding than ONNX allows: crops less or adds zeros at the bottom right, then the bias."""
    top, bottom, left, right = _sides(layer.padding)
    bottom, right = bottom - layer.output_padding[0], right - layer.output_padding[1]
    sides = (top, max(bottom, 0), left, max(right, 0))
    weight = ops.constant(f"{name}.weight", layer.weight)
    x = ops.add("ConvTranspose", [x, weight], f"{name}.stamped", pads=_pads(sides), **_window(layer))
    x = _pad(ops, name, x, (0, max(-bottom, 0), 0, max(-right, 0)), 0.0)
    bias = np.zeros(layer.out_channels, np.float32) if layer.bias is None else layer.bias.detach().numpy()
    return ops.add("Add", [x, ops.constant(f"{name}.bias", bias.reshape(-1, 1, 1))], name)


def _window(layer: nn.Conv2d | nn.ConvTranspose2d) -> dict[str, Any]:
    return {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.stride),
        "dilations": list(layer.dilation),
        "group": layer.groups,
    }


def _pooling(ops: Operators, name: str, layer: nn.MaxPool2d | nn.AvgPool2d, x: str) -> str:
    largest = isinstance(layer, nn.MaxPool2d)
    sides = layer.around if isinstance(layer, (PaddedMaxPool2d, PaddedAvgPool2d)) else _sides(layer.padding)
    kernel = list(_pair(layer.kernel_size))
    if max(sides[:2]) >= kernel[0] or max(sides[2:]) >= kernel[1]:
        # onnxruntime rejects pooling padding as large as the window.
        x = _pad(ops, name, x, sides, float("-inf") if largest else 0.0)
        sides = (0, 0, 0, 0)
    window = {"kernel_shape": kernel, "strides": list(_pair(layer.stride)), "pads": _pads(sides)}
    if largest:
        return ops.add("MaxPool", [x], name, **window)
    return ops.add("AveragePool", [x], name, count_include_pad=1, **window)


def _pad(ops: Operators, name: str, x: str, sides: Sides, value: float) -> str:
    top, bottom, left, right = sides
    amounts = ops.constant(f"{name}.pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    filling = ops.constant(f"{name}.padding", np.array(value, np.float32))
    return ops.add("Pad", [x, amounts, filling], f"{name}.padded")


def _batch_norm(ops: Operators, name: str, layer: nn.BatchNorm2d | nn.BatchNorm1d, x: str) -> str:
    ones = np.ones(layer.num_features, np.float32)
    scale, shift = (layer.weight, layer.bias) if layer.affine else (ones, 0 * ones)
    inputs = [
        ops.constant(f"{name}.weight", scale),
        ops.constant(f"{name}.bias", shift),
        ops.constant(f"{name}.running_mean", layer.running_mean),
        ops.constant(f"{name}.running_var", layer.running_var),
    ]
    return ops.add("BatchNormalization", [x, *inputs], name, epsilon=layer.eps)


def _group_norm(ops: Operators, name: str, layer: nn.GroupNorm, x: str) -> str:
    """Written out: before opset 21, ONNX scales and shifts groups, not channels."""

    def reshaped(value: str, sizes: list[int], output: str) -> str:
        shape = ops.constant(f"{output}.shape", np.array(sizes, np.int64))  # 0: as it is
        return ops.add("Reshape", [value, shape], output)

    ones = ops.constant(f"{name}.ones", np.ones(layer.num_groups, np.float32))
    zeros = ops.constant(f"{name}.zeros", np.zeros(layer.num_groups, np.float32))
    grouped = reshaped(x, [0, layer.num_groups, -1], f"{name}.grouped")
    normal = ops.add("InstanceNormalization", [grouped, ones, zeros], f"{name}.normal", epsilon=layer.eps)
    value = reshaped(normal, [0, layer.num_channels, -1], f"{name}.channels")
    for kind, key, parameter in (("Mul", "weight", layer.weight), ("Add", "bias", layer.bias)):
        constant = ops.constant(f"{name}.{key}", parameter.reshape(-1, 1))
        value = ops.add(kind, [value, constant], f"{name}.with_{key}")
    return ops.add("Reshape", [value, ops.add("Shape", [x], f"{name}.size")], name)


def _local_response(ops: Operators, name: str, layer: nn.LocalResponseNorm, x: str) -> str:
    if layer.size % 2:
        return ops.add("LRN", [x], name, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)
    # For even sizes ONNX puts the odd neighbor on the other side, so torch's definition is written out.
    size, axis = layer.size, ops.constant(f"{name}.axis", np.array([1], np.int64))
    squares = ops.add("Mul", [x, x], f"{name}.squares")
    stacked = ops.add("Unsqueeze", [squares, axis], f"{name}.stacked")
    pads = [size // 2, 0, 0, (size - 1) // 2, 0, 0]
    mean = ops.add(
        "AveragePool", [stacked], f"{name}.means", kernel_shape=[size, 1, 1], pads=pads, count_include_pad=1
    )
    value = ops.add("Squeeze", [mean, axis], f"{name}.energy")
    for kind, what, number in (
        ("Mul", "alpha", layer.alpha),
        ("Add", "k", layer.k),
        ("Pow", "beta", layer.beta),
    ):
        constant = ops.constant(f"{name}.{what}", np.array(number, np.float32))
        value = ops.add(kind, [value, constant], f"{name}.with_{what}")
    return ops.add("Div", [x, value], name)


def _upsampling(ops: Operators, name: str, layer: nn.Upsample, x: str) -> str:
    scales = ops.constant(f"{name}.scales", np.array([1, 1, *_pair(layer.scale_factor)], np.float32))
    inputs = [x, "", scales]
    if layer.mode == "bilinear":
        return ops.add("Resize", inputs, name, mode="linear", coordinate_transformation_mode="half_pixel")
    return ops.add(
        "Resize",
        inputs,
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _dense(ops: Operators, name: str, layer: nn.Linear, x: str) -> str:
    return ops.add("Gemm", [x, *_weights(ops, name, layer)], name, transB=1)


def _silu(ops: Operators, name: str, layer: nn.SiLU, x: str) -> str:
    return ops.add("Mul", [x, ops.add("Sigmoid", [x], f"{name}.gate")], name)


def _plain(kind: str) -> "Writer":
    return lambda ops, name, layer, x: ops.add(kind, [x], name)


def _leaky(ops: Operators, name: str, layer: nn.LeakyReLU, x: str) -> str:
    return ops.add("LeakyRelu", [x], name, alpha=layer.negative_slope)


Writer: TypeAlias = Callable[[Operators, str, Any, str], str]


def _weights(ops: Operators, name: str, layer: nn.Module) -> list[str]:
    return [ops.constant(f"{name}.{key}", parameter) for key, parameter in layer.named_parameters()]


def _pair(size: Any) -> tuple[Any, Any]:
    return size if isinstance(size, tuple) else (size, size)


def _sides(padding: Any) -> Sides:
    vertical, horizontal = _pair(padding)
    return (vertical, vertical, horizontal, horizontal)


def _pads(sides: Sides) -> list[int]:
    """In ONNX's order: top, left, bottom, right."""
    top, bottom, left, right = sides
    return [top, left, bottom, right]


WRITERS: dict[type[nodes.Base], Writer] = {
    nodes.Convolution: _convolution,
    nodes.TransposedConvolution: _transposed,
    nodes.Upsampling: _upsampling,
    nodes.MaxPooling: _pooling,
    nodes.AveragePooling: _pooling,
    nodes.GlobalAveragePooling: _plain("GlobalAveragePool"),
    nodes.BatchNormalisation: _batch_norm,
    nodes.GroupNormalisation: _group_norm,
    nodes.LocalResponseNormalisation: _local_response,
    nodes.Dropout: lambda ops, name, layer, x: x,  # it does nothing in evaluation
    nodes.ReLU: _plain("Relu"),
    nodes.LeakyReLU: _leaky,
    nodes.Tanh: _plain("Tanh"),
    nodes.Sigmoid: _plain("Sigmoid"),
    nodes.GELU: _plain("Gelu"),
    nodes.SiLU: _silu,
    nodes.ELU: lambda ops, name, layer, x: ops.add("Elu", [x], name, alpha=layer.alpha),
    nodes.Flatten: _plain("Flatten"),
    nodes.Dense: _dense,
}
"""Every kind but skips and branches."""
