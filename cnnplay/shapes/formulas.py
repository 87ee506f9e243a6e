"""The formulas for a node's numbers as text, in symbols and with its own numbers inserted."""

from typing import Any

from cnnplay.network.describe import shape_text
from cnnplay.network.network import find
from cnnplay.network.nodes import Branches, Node, Skip, Stack
from cnnplay.shapes.arithmetic import BYTES_PER_ELEMENT, Shape, effective_kernel
from cnnplay.shapes.formula import Formula
from cnnplay.shapes.layer_formulas import LAYER_FORMULAS
from cnnplay.shapes.report import NodeReport, ReceptiveField, Report


def formulas(report: Report, node_id: str) -> tuple[Formula, ...]:
    """The formulas for the known numbers of a node; none for the input (""). KeyError for an unknown node."""
    if node_id in ("", "input") and node_id not in report.nodes:
        return ()
    node, numbers = find(report.network, node_id), report.nodes[node_id]
    if isinstance(node, (Skip, Branches)):
        return _of_container(node, numbers, report)
    found = [*_of_layer(node, numbers), *_receptive_field(node, numbers)]
    if numbers.output is not None and numbers.activation_bytes is not None:
        found.append(_memory(numbers.output, numbers.activation_bytes))
    return tuple(found)


def _of_layer(node: Node, numbers: NodeReport) -> list[Formula]:
    """The formulas of the kind's row whose numbers are known."""
    row, shape, found = LAYER_FORMULAS[type(node)], numbers.input, []
    if row.function:
        found.append(Formula("function", row.function, "", "", row.constants.format(node)))
    if shape is None:
        return found
    found += row.output(node, shape)
    if numbers.parameters is not None:
        found.append(row.parameters(node, shape, f"{numbers.parameters:,}"))
    if numbers.multiply_adds and numbers.output is not None:
        found += row.multiply_adds(node, shape, numbers.output, f"{numbers.multiply_adds:,}")
    return found


def _receptive_field(node: Any, numbers: NodeReport) -> list[Formula]:
    field = numbers.field
    if field is None:
        return []
    result = f"{field.size[0]:,} × {field.size[1]:,}"
    if not any(field.jump):
        return [Formula("receptive field", "", "", result, "pixels of the input: the whole image")]
    remark = "pixels of the input" if field.exact else "pixels of the input, at most"
    if numbers.output is not None and len(numbers.output) == 3:
        remark += f", in steps of {_step(field)}"
    if isinstance(node, (Skip, Branches)) or not LAYER_FORMULAS[type(node)].slides:
        return [Formula("receptive field", "", "", result, remark)]
    dilation = getattr(node, "dilation", (1, 1))
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
