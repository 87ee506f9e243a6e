"""The formulas of each kind: the function, the output size, the parameters and the multiply-adds."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from cnnplay.network import nodes
from cnnplay.network.describe import shape_text
from cnnplay.network.nodes import Node
from cnnplay.shapes import sizes
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.formula import Formula


def _nothing_learned(_: Node, shape: Shape, result: str) -> Formula:
    return Formula("parameters", "", "", result, "nothing is learned")


class LayerFormulas(NamedTuple):
    """The formulas of a kind. Shapes are those of the input and the output; results are given as text."""

    function: str = ""
    constants: str = ""
    """The function's constants; the node is inserted as {0}."""
    output: Callable[[Any, Shape], list[Formula]] = lambda node, shape: []
    parameters: Callable[[Any, Shape, str], Formula] = _nothing_learned
    multiply_adds: Callable[[Any, Shape, Shape, str], list[Formula]] = lambda node, shape, output, result: []
    slides: bool = False
    """Whether a window of `kernel_size` slides over the input: its receptive field has a formula."""


def _kernel_parameters(
    node: nodes.Convolution | nodes.TransposedConvolution, shape: Shape, result: str
) -> Formula:
    square = node.kernel_size[0] == node.kernel_size[1]
    weights = "C × f × f" if square else "C × f₁ × f₂"
    channels = f"{shape[0]:,}"
    if node.groups > 1:
        weights = weights.replace("C", "C/g", 1)
        channels = f"{shape[0]:,}/{node.groups:,}"
    product = f"{channels} × {node.kernel_size[0]} × {node.kernel_size[1]}"
    return _weighted("k", weights, f"{node.filters:,}", product, node.bias, result, "k filters")


def _dense_parameters(node: nodes.Dense, shape: Shape, result: str) -> Formula:
    return _weighted("u", "n", f"{node.units:,}", f"{prod(shape):,}", node.bias, result, "u units")


def _batch_norm_parameters(node: nodes.BatchNormalisation, shape: Shape, result: str) -> Formula:
    if not node.affine:
        return _nothing_learned(node, shape, result)
    remark = "a scale and a shift per channel; the running mean and variance are not learned"
    return Formula("parameters", "2 · C", f"2 · {shape[0]:,}", result, remark)


def _group_norm_parameters(_: nodes.GroupNormalisation, shape: Shape, result: str) -> Formula:
    return Formula("parameters", "2 · C", f"2 · {shape[0]:,}", result, "a scale and a shift per channel")


def _group_size(node: nodes.GroupNormalisation, shape: Shape) -> list[Formula]:
    """How many values share a mean and a variance."""
    if node.groups < 1 or shape[0] % node.groups:
        return []
    symbols = "C/g × H × W" if len(shape) == 3 else "n/g"
    numbers = " × ".join((f"{shape[0]:,}/{node.groups:,}", *(f"{size:,}" for size in shape[1:])))
    return [Formula("group size", symbols, numbers, f"{prod(shape) // node.groups:,}", "g groups")]


def _weighted(
    outer: str, inner: str, outer_number: str, product: str, bias: bool, result: str, what: str
) -> Formula:
    if bias:
        return Formula(
            "parameters",
            f"{outer} × ({inner} + 1)",
            f"{outer_number} × ({product} + 1)",
            result,
            f"{what}, each with one bias",
        )
    return Formula(
        "parameters", f"{outer} × {inner}", f"{outer_number} × {product}", result, f"{what} without bias"
    )


def _convolution_work(node: nodes.Convolution, shape: Shape, output: Shape, result: str) -> list[Formula]:
    """Each output pixel meets all weights."""
    remark = "each weight is used once per output pixel"
    return [_kernel_work(node, "k × H′ × W′ × C", output, shape[0], result, remark)]


def _transposed_work(
    node: nodes.TransposedConvolution, shape: Shape, output: Shape, result: str
) -> list[Formula]:
    """Each input pixel meets all weights."""
    remark = "each weight is used once per input pixel"
    return [_kernel_work(node, "C × H × W × k", shape, node.filters, result, remark)]


def _kernel_work(
    node: nodes.Convolution | nodes.TransposedConvolution,
    symbols: str,
    maps: Shape,
    channels: int,
    result: str,
    remark: str,
) -> Formula:
    """The maps' values times the last channel count times the kernel size; the count is divided by groups."""
    kernel = f"{node.kernel_size[0]} × {node.kernel_size[1]}"
    letters = "f × f" if node.kernel_size[0] == node.kernel_size[1] else "f₁ × f₂"
    group, letter = (f"/{node.groups:,}", "/g") if node.groups > 1 else ("", "")
    numbers = f"{shape_text(maps)} × {channels:,}{group} × {kernel}"
    return Formula("multiply-adds", f"{symbols}{letter} × {letters}", numbers, result, remark)


def _dense_work(node: nodes.Dense, shape: Shape, output: Shape, result: str) -> list[Formula]:
    product = f"{node.units:,} × {prod(shape):,}"
    return [Formula("multiply-adds", "u × n", product, result, "each weight is used once")]


LAYER_FORMULAS: dict[type[nodes.Base], LayerFormulas] = {
    nodes.Convolution: LayerFormulas(
        output=sizes.of_windows,
        parameters=_kernel_parameters,
        multiply_adds=_convolution_work,
        slides=True,
    ),
    nodes.TransposedConvolution: LayerFormulas(
        output=sizes.of_transposed, parameters=_kernel_parameters, multiply_adds=_transposed_work
    ),
    nodes.Upsampling: LayerFormulas(output=sizes.of_upsampling),
    nodes.MaxPooling: LayerFormulas(output=sizes.of_windows, slides=True),
    nodes.AveragePooling: LayerFormulas(output=sizes.of_windows, slides=True),
    nodes.GlobalAveragePooling: LayerFormulas(output=sizes.of_global_average),
    nodes.BatchNormalisation: LayerFormulas(
        "γ · (x − μ) / √(σ² + ε) + β",
        "ε = {0.eps:g}; μ, σ² of the batch in training, then the running ones",
        parameters=_batch_norm_parameters,
    ),
    nodes.GroupNormalisation: LayerFormulas(
        "γ · (x − μ) / √(σ² + ε) + β",
        "ε = 1e-05; μ, σ² of each group in each image; γ, β of each channel",
        output=_group_size,
        parameters=_group_norm_parameters,
    ),
    nodes.LocalResponseNormalisation: LayerFormulas(
        "x / (k + α/n · Σ x²)^β", "k = {0.k:g}, α = {0.alpha:g}, n = {0.size}, β = {0.beta:g}"
    ),
    nodes.Dropout: LayerFormulas(
        "0 with probability p, else x / (1 − p)", "p = {0.p:g}; only during training"
    ),
    nodes.ReLU: LayerFormulas("max(0, x)"),
    nodes.LeakyReLU: LayerFormulas("x where x > 0, else a·x", "a = {0.negative_slope:g}"),
    nodes.Tanh: LayerFormulas("(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"),
    nodes.Sigmoid: LayerFormulas("1 / (1 + e⁻ˣ)"),
    nodes.GELU: LayerFormulas("x · Φ(x)"),
    nodes.SiLU: LayerFormulas("x / (1 + e⁻ˣ)"),
    nodes.ELU: LayerFormulas("x where x > 0, else α · (eˣ − 1)", "α = {0.alpha:g}"),
    nodes.Flatten: LayerFormulas(output=sizes.of_flatten),
    nodes.Dense: LayerFormulas(parameters=_dense_parameters, multiply_adds=_dense_work),
}
"""The formulas of every kind but skips and branches."""
