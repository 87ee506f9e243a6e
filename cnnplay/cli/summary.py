"""`cnnplay summary NETWORK`: layers, shapes, costs and problems."""

import msgspec

from cnnplay.cli.arguments import parse_numbers
from cnnplay.cli.networks import find_network
from cnnplay.cli.output import Column, count, echo, print_json, table
from cnnplay.network.describe import detail, shape_text
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Input, Network, leaves
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem
from cnnplay.shapes.report import Report


def print_summary(text: str, size: str | None, json: bool) -> None:
    """Prints the inferred shapes and costs of a network, for its own input or for another size."""
    network = find_network(text).network
    if size is not None:
        channels, height, width = parse_numbers("--input", "C,H,W", size)
        network = msgspec.structs.replace(network, input=Input(channels, height, width))
    report = infer(network)
    if json:
        print_json(_json(network, report))
    else:
        _print(network, report)


def _json(network: Network, report: Report) -> dict[str, object]:
    problems = [_problem_json(problem) for problem in report.problems]
    return {
        "name": network.name,
        "input": network.input.shape,
        "classes": network.task.classes,
        "layers": [
            {
                "id": node.id,
                "kind": kind_of(node).tag,
                "output": report.nodes[node.id].output,
                "parameters": report.nodes[node.id].parameters,
                "multiply_adds": report.nodes[node.id].multiply_adds,
            }
            for node in leaves(network)
        ],
        "output": report.output,
        "parameters": report.parameters,
        "multiply_adds": report.multiply_adds,
        "activation_bytes": report.activation_bytes,
        "complete": report.complete,
        "problems": problems,
        "faults": problems,
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    """`mend` is the old name of `fix`, as `faults` is of `problems`: scripts read them."""
    fix = None if problem.fix is None else problem.fix.label
    return {
        "node": problem.node,
        "field": problem.field,
        "message": problem.message,
        "expected": problem.expected,
        "found": problem.found,
        "fix": fix,
        "mend": fix,
    }


def _print(network: Network, report: Report) -> None:
    echo(f"{network.name}: input {shape_text(network.input.shape)}, {network.task.classes:,} classes")
    rows = []
    for node in leaves(network):
        found = report.nodes[node.id]
        shape = "–" if found.output is None else shape_text(found.output)
        kind = f"{kind_of(node).name} {detail(node)}".strip()
        rows.append((node.id, kind, shape, count(found.parameters), count(found.multiply_adds)))
    columns = (
        Column("layer"),
        Column("kind"),
        Column("output", "right"),
        Column("parameters", "right"),
        Column("multiply-adds", "right"),
    )
    table(columns, rows)
    known = "" if report.complete else " (known layers only)"
    echo(f"{report.parameters:,} parameters, {report.multiply_adds:,} multiply-adds per image{known}")
    for problem in report.problems:
        fix = "" if problem.fix is None else f" (fix: {problem.fix.label})"
        echo(f"problem: {problem.message}{fix}")
