"""Inference: from a network to shapes, costs, receptive fields and problems, by plain integer arithmetic.

The whole tree is visited, whatever problems are found. Results are cached per node and input, so that after
an edit only what changed is computed again.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import prod
from typing import NamedTuple

from cnnplay.network.fields import Pair, fields_of, violated_limit
from cnnplay.network.network import Input, Network, Task, leaves, task_key
from cnnplay.network.nodes import Branches, Node, Skip, Stack, stacks_of
from cnnplay.shapes import fixes, merging, receptive
from cnnplay.shapes.arithmetic import BYTES_PER_ELEMENT, Shape
from cnnplay.shapes.leaves import Given, Step, step, step_from_unknown
from cnnplay.shapes.problems import Problem, format_value, limit_problems, within_limits
from cnnplay.shapes.receptive import Spans
from cnnplay.shapes.report import NodeReport, Report
from cnnplay.shapes.size_limits import oversize_problems
from cnnplay.shapes.tasks import TASK_SHAPES

_GEOMETRY = frozenset(
    {"filters", "kernel_size", "stride", "padding", "output_padding", "dilation", "scale", "units"}
)
"""The fields needed to compute an output size."""

_NO_IMAGE: Pair = (0, 0)


class Flow(NamedTuple):
    """What is passed down a stack: the shape, the receptive field (both None if unknown) and the image
    size."""

    shape: Shape | None
    spans: Spans | None
    image: Pair


class Visited(NamedTuple):
    """The result for a node or a stack: its output, and the reports and problems of all nodes in it."""

    flow: Flow
    reports: tuple[NodeReport, ...]
    problems: tuple[Problem, ...]
    costs: tuple[int | None, int | None, int | None]
    """Parameters, multiply-adds, bytes of activations."""


@lru_cache(maxsize=64)
def infer(network: Network) -> Report:
    """Infers everything about a network. Problems are listed in the report, never raised."""
    problems = [*_input_problems(network.input), *_class_problems(network.task)]
    if any(problem.field == "input" for problem in problems):
        flow = Flow(None, None, _NO_IMAGE)
    else:
        shape = network.input.shape
        flow = Flow(shape, receptive.pixels(), shape[1:])
    visited = visit_stack(network.stack, flow)
    nodes = {report.id: report for report in visited.reports}
    problems += [*visited.problems, *TASK_SHAPES[task_key(network.task)](network, visited.flow.shape)]
    parts = [nodes[node.id] for node in leaves(network)]
    return Report(
        network=network,
        nodes=nodes,
        output=visited.flow.shape,
        parameters=sum(part.parameters or 0 for part in parts),
        multiply_adds=sum(part.multiply_adds or 0 for part in parts),
        activation_bytes=sum(part.activation_bytes or 0 for part in parts),
        complete=None not in visited.costs,
        problems=tuple(problems),
    )


def visit_stack(stack: Stack, flow: Flow) -> Visited:
    """Visits the nodes of a stack in order."""
    parts = []
    for node in stack:
        visited = _visit(node, flow)
        parts.append(visited)
        flow = visited.flow
    reports = tuple(report for part in parts for report in part.reports)
    return Visited(flow, reports, _problems(parts), _sums(parts))


@lru_cache(maxsize=8192)
def _visit(node: Node, flow: Flow) -> Visited:
    if isinstance(node, (Skip, Branches)):
        return _visit_container(node, flow)
    broken = limit_problems(node, lambda field, value: fixes.keep_limits(node.id, field, value))
    fields = {problem.field for problem in broken}
    if flow.shape is None or flow.spans is None or fields & _GEOMETRY:
        result = step_from_unknown(node, flow.image, bool(fields & _GEOMETRY))
    else:
        result = step(node, Given(flow.shape, flow.spans, flow.image, "groups" not in fields))
    excess = oversize_problems(node.id, result.output, result.parameters)
    if excess:
        result = Step(None, None, None, None, (*result.problems, *excess))
    size = None if result.output is None else BYTES_PER_ELEMENT * prod(result.output)
    costs = (result.parameters, result.multiply_adds, size)
    spans = result.spans if result.output is not None else None
    out = Flow(result.output, spans, flow.image)
    return Visited(out, (_report(node, flow, out, costs),), (*broken, *result.problems), costs)


def _visit_container(node: Skip | Branches, flow: Flow) -> Visited:
    stacks = stacks_of(node)
    paths = [visit_stack(stack, flow) for stack in stacks]
    shapes = [path.flow.shape for path in paths]
    problems = _empty_problems(node)
    output = merging.merged(node.merge, shapes) if stacks else flow.shape
    if not problems and flow.shape is not None and not merging.fits(node.merge, shapes):
        problems += (merging.merge_problem(node, flow.shape, shapes, _through(flow)),)
    excess = oversize_problems(node.id, output, 0)
    known = [path.flow.spans for path in paths if path.flow.spans is not None]
    outputs = (output[1], output[2]) if output is not None and len(output) == 3 else (1, 1)
    spans = receptive.union(known, outputs) if known else flow.spans
    out = Flow(None, None, flow.image) if excess or output is None else Flow(output, spans, flow.image)
    costs = _sums(paths)
    reports = tuple(report for path in paths for report in path.reports)
    return Visited(
        out, (_report(node, flow, out, costs), *reports), (*_problems(paths), *problems, *excess), costs
    )


def _through(flow: Flow) -> merging.ShapeOf:
    return lambda stack: visit_stack(stack, flow).flow.shape


def _report(
    node: Node, before: Flow, after: Flow, costs: tuple[int | None, int | None, int | None]
) -> NodeReport:
    known = after.spans is not None and after.image != _NO_IMAGE
    field = receptive.summary(after.spans) if known and after.spans else None
    return NodeReport(node.id, before.shape, after.shape, *costs, field)


def _empty_problems(node: Skip | Branches) -> tuple[Problem, ...]:
    if isinstance(node, Skip):
        if node.body:
            return ()
        message = f"the body of {node.id} must contain at least one layer; got none"
        return (Problem(node.id, "body", message, "at least one layer", "none", fixes.remove(node.id)),)
    if node.branches:
        return ()
    message = f"{node.id} must have at least one branch; got none"
    return (Problem(node.id, "branches", message, "at least one branch", "none", fixes.remove(node.id)),)


def _input_problems(network_input: Input) -> Iterable[Problem]:
    for field in fields_of(Input):
        value = getattr(network_input, field.name)
        expected = violated_limit(field, value)
        if expected is not None:
            message = f"{field.label} of the input must be {expected}; got {format_value(value)}"
            fix = fixes.set_input(field, value)
            yield Problem("", "input", message, expected, format_value(value), fix, input_field=field.name)


def _class_problems(task: Task) -> Iterable[Problem]:
    (field,) = fields_of(type(task))
    expected = violated_limit(field, task.classes)
    if expected is not None:
        fitting = within_limits(field, task.classes)
        message = f"number of classes must be {expected}; got {format_value(task.classes)}"
        fix = fixes.set_classes(fitting) if isinstance(fitting, int) else None
        yield Problem("", "classes", message, expected, format_value(task.classes), fix)


def _problems(parts: list[Visited]) -> tuple[Problem, ...]:
    return tuple(problem for part in parts for problem in part.problems)


def _sums(parts: list[Visited]) -> tuple[int | None, int | None, int | None]:
    parameters, multiply_adds, size = (
        None if any(part.costs[i] is None for part in parts) else sum(part.costs[i] or 0 for part in parts)
        for i in range(3)
    )
    return parameters, multiply_adds, size
