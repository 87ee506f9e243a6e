"""The formulas for a node's numbers as text, in symbols and with its own numbers inserted."""

from math import prod

from cnnplay.network import nodes
from cnnplay.network.describe import shape_text
from cnnplay.network.network import find
from cnnplay.network.nodes import Branches, Node, Skip, Stack
from cnnplay.shapes import sizes
from cnnplay.shapes.arithmetic import BYTES_PER_ELEMENT, Shape, effective_kernel
from cnnplay.shapes.formula import Formula
from cnnplay.shapes.report import NodeReport, ReceptiveField, Report

_FUNCTIONS: dict[type[nodes.Base], str] = {
    nodes.ReLU: "max(0, x)",
    nodes.LeakyReLU: "x where x > 0, else a·x",
    nodes.Tanh: "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
    nodes.Sigmoid: "1 / (1 + e⁻ˣ)",
    nodes.GELU: "x · Φ(x)",
    nodes.SiLU: "x / (1 + e⁻ˣ)",
    nodes.BatchNormalisation: "γ · (x − μ) / √(σ² + ε) + β",
    nodes.LocalResponseNormalisation: "x / (k + α/n · Σ x²)^β",
    nodes.Dropout: "0 with probability p, else x / (1 − p)",
}


def formulas(report: Report, node_id: str) -> tuple[Formula, ...]:
    """The formulas for the known numbers of a node; none for the input (""). KeyError for an unknown node."""
    if node_id in ("", "input") and node_id not in report.nodes:
        return ()
    node, numbers = find(report.network, node_id), report.nodes[node_id]
    if isinstance(node, (Skip, Branches)):
        return _of_container(node, numbers, report)
    found = [
        *_function(node),
        *_output(node, numbers),
        *_parameters(node, numbers),
        *_multiply_adds(node, numbers),
    ]
    found += _receptive_field(node, numbers)
    if numbers.output is not None and numbers.activation_bytes is not None:
        found.append(_memory(numbers.output, numbers.activation_bytes))
    return tuple(found)


def _function(node: Node) -> list[Formula]:
    symbols = _FUNCTIONS.get(type(node))
    if symbols is None:
        return []
    constants = {
        nodes.LeakyReLU: "a = {0.negative_slope:g}",
        nodes.Dropout: "p = {0.p:g}; only during training",
        nodes.BatchNormalisation: "ε = {0.eps:g}; μ, σ² of the batch in training, then the running ones",
        nodes.LocalResponseNormalisation: "k = {0.k:g}, α = {0.alpha:g}, n = {0.size}, β = {0.beta:g}",
    }
    return [Formula("function", symbols, "", "", constants.get(type(node), "").format(node))]


def _output(node: Node, numbers: NodeReport) -> list[Formula]:
    if numbers.input is None:
        return []
    match node:
        case nodes.Convolution() | nodes.MaxPooling() | nodes.AveragePooling():
            return sizes.of_windows(node, numbers.input)
        case nodes.TransposedConvolution():
            return sizes.of_transposed(node, numbers.input)
        case nodes.Upsampling():
            return sizes.of_upsampling(node, numbers.input)
        case nodes.GlobalAveragePooling() if numbers.output:
            row = f"{shape_text(numbers.input)} → {shape_text(numbers.output)}"
            return [
                Formula(
                    "output", "C × H × W → C × 1 × 1", row, shape_text(numbers.output), "the mean of each map"
                )
            ]
        case nodes.Flatten() if numbers.output:
            product = " · ".join(f"{size:,}" for size in numbers.input)
            symbols = "C · H · W" if len(numbers.input) == 3 else "n"
            return [
                Formula(
                    "output", symbols, product, f"{numbers.output[0]:,}", "channel by channel, row by row"
                )
            ]
    return []


def _parameters(node: Node, numbers: NodeReport) -> list[Formula]:
    if numbers.parameters is None or numbers.input is None:
        return []
    result = f"{numbers.parameters:,}"
    match node:
        case nodes.Convolution() | nodes.TransposedConvolution():
            square = node.kernel_size[0] == node.kernel_size[1]
            weights = "C × f × f" if square else "C × f₁ × f₂"
            channels = f"{numbers.input[0]:,}"
            if node.groups > 1:
                weights = weights.replace("C", "C/g", 1)
                channels = f"{numbers.input[0]:,}/{node.groups:,}"
            product = f"{channels} × {node.kernel_size[0]} × {node.kernel_size[1]}"
            return [_weighted("k", weights, f"{node.filters:,}", product, node.bias, result, "k filters")]
        case nodes.Dense():
            inputs = f"{prod(numbers.input):,}"
            return [_weighted("u", "n", f"{node.units:,}", inputs, node.bias, result, "u units")]
        case nodes.BatchNormalisation() if node.affine:
            remark = "a scale and a shift per channel; the running mean and variance are not learned"
            return [Formula("parameters", "2 · C", f"2 · {numbers.input[0]:,}", result, remark)]
    return [Formula("parameters", "", "", result, "nothing is learned")]


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


def _multiply_adds(node: Node, numbers: NodeReport) -> list[Formula]:
    if not numbers.multiply_adds or numbers.input is None or numbers.output is None:
        return []
    result = f"{numbers.multiply_adds:,}"
    if isinstance(node, nodes.Dense):
        product = f"{node.units:,} × {prod(numbers.input):,}"
        return [Formula("multiply-adds", "u × n", product, result, "each weight is used once")]
    if not isinstance(node, (nodes.Convolution, nodes.TransposedConvolution)):
        return []
    kernel = f"{node.kernel_size[0]} × {node.kernel_size[1]}"
    letters = "f × f" if node.kernel_size[0] == node.kernel_size[1] else "f₁ × f₂"
    if isinstance(node, nodes.Convolution):
        symbols, start = f"k × H′ × W′ × C × {letters}", shape_text(numbers.output)
        first, group = "C", f"{numbers.input[0]:,}"
        remark = "each weight is used once per output pixel"
    else:
        symbols, start = f"C × H × W × k × {letters}", shape_text(numbers.input)
        first, group = "k", f"{node.filters:,}"
        remark = "each weight is used once per input pixel"
    if node.groups > 1:
        symbols = symbols.replace(f"× {first} ×", f"× {first}/g ×")
        group += f"/{node.groups:,}"
    return [Formula("multiply-adds", symbols, f"{start} × {group} × {kernel}", result, remark)]


def _receptive_field(node: Node, numbers: NodeReport) -> list[Formula]:
    field = numbers.field
    if field is None:
        return []
    result = f"{field.size[0]:,} × {field.size[1]:,}"
    if isinstance(node, nodes.GlobalAveragePooling | nodes.Dense) or field.jump == (0, 0):
        return [Formula("receptive field", "", "", result, "pixels of the input: the whole image")]
    remark = "pixels of the input" if field.exact else "pixels of the input, at most"
    if numbers.output is not None and len(numbers.output) == 3:
        remark += f", in steps of {_step(field)}"
    if not isinstance(node, (nodes.Convolution, nodes.MaxPooling, nodes.AveragePooling)):
        return [Formula("receptive field", "", "", result, remark)]
    dilation = node.dilation if isinstance(node, nodes.Convolution) else (1, 1)
    jumps = {field.jump[axis] / node.stride[axis] for axis in (0, 1)}
    jump, kernel = min(jumps), node.kernel_size[0]
    before = field.size[0] - (effective_kernel(kernel, dilation[0]) - 1) * jump
    alike = all(len(set(pair)) == 1 for pair in (field.size, node.kernel_size, dilation, tuple(jumps)))
    if not alike or jump != int(jump):
        # One line cannot show two sizes, or a window that falls between pixels.
        return [Formula("receptive field", "", "", result, remark)]
    if dilation[0] > 1:
        symbols, step = "r + d·(f − 1)·j", f"{dilation[0]}·({kernel} − 1)·{jump:g}"
    else:
        symbols, step = "r + (f − 1)·j", f"({kernel} − 1)·{jump:g}"
    return [Formula("receptive field", symbols, f"{before:g} + {step}", result, remark)]


def _step(field: ReceptiveField) -> str:
    down, across = field.jump
    return f"{down:g}" if down == across else f"{down:g} down and {across:g} across"


def _memory(output: Shape, size: int) -> Formula:
    symbols = "C × H × W × 4" if len(output) == 3 else "n × 4"
    numbers = f"{shape_text(output)} × {BYTES_PER_ELEMENT}"
    return Formula("activations", symbols, numbers, f"{size:,} bytes", "for one image, in float32")


def _of_container(node: Skip | Branches, numbers: NodeReport, report: Report) -> tuple[Formula, ...]:
    if isinstance(node, Skip):
        paths: list[tuple[str, Stack]] = [("body", node.body), ("shortcut", node.shortcut)]
    else:
        paths = [(f"branch {index}", stack) for index, stack in enumerate(node.branches, 1)]
    names = " + ".join(name for name, _ in paths)
    shapes = [report.nodes[stack[-1].id].output if stack else numbers.input for _, stack in paths]
    found = []
    merge_fails = any(problem.field == "merge" for problem in report.problems_of(node.id))
    if numbers.output is not None and None not in shapes and not merge_fails:
        if node.merge == "add":
            given = " + ".join(f"({shape_text(shape)})" for shape in shapes)
            remark = "added elementwise"
        else:
            sizes_ = " + ".join(f"{shape[0]:,}" for shape in shapes if shape)
            given, remark = sizes_, "channels concatenated"
        found.append(Formula("output", names, given, shape_text(numbers.output), remark))
    if numbers.parameters is not None:
        counts = [sum(report.nodes[inner.id].parameters or 0 for inner in stack) for _, stack in paths]
        given = " + ".join(f"{count:,}" for count in counts)
        found.append(Formula("parameters", names, given, f"{numbers.parameters:,}", ""))
    return (*found, *_receptive_field(node, numbers))
