"""`cnnplay summary NETWORK`: layers, shapes, costs and faults."""

import msgspec

from cnnplay.cli.arguments import numbers
from cnnplay.cli.networks import find_network
from cnnplay.cli.output import Column, count, emit, say, table
from cnnplay.network.describe import detail, shape_words
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Input, Network, leaves
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import Report


def summarise(text: str, size: str | None, json: bool) -> None:
    """Prints what is inferred of a network, with another input if one is given."""
    network = find_network(text).network
    if size is not None:
        channels, height, width = numbers("--input", "C,H,W", size)
        network = msgspec.structs.replace(network, input=Input(channels, height, width))
    report = infer(network)
    if json:
        emit(_json(network, report))
    else:
        _print(network, report)


def _json(network: Network, report: Report) -> dict[str, object]:
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
        "faults": [
            {
                "node": fault.node,
                "field": fault.field,
                "message": fault.message,
                "expected": fault.expected,
                "found": fault.found,
                "mend": None if fault.mend is None else fault.mend.label,
            }
            for fault in report.faults
        ],
    }


def _print(network: Network, report: Report) -> None:
    say(f"{network.name}: input {shape_words(network.input.shape)}, {network.task.classes:,} classes")
    rows = []
    for node in leaves(network):
        found = report.nodes[node.id]
        shape = "–" if found.output is None else shape_words(found.output)
        words = f"{kind_of(node).word} {detail(node)}".strip()
        rows.append((node.id, words, shape, count(found.parameters), count(found.multiply_adds)))
    columns = (
        Column("layer"),
        Column("kind"),
        Column("output", "right"),
        Column("parameters", "right"),
        Column("multiply-adds", "right"),
    )
    table(columns, rows)
    known = "" if report.complete else " as far as they are known"
    say(f"{report.parameters:,} parameters, {report.multiply_adds:,} multiply-adds a picture{known}")
    for fault in report.faults:
        mend = "" if fault.mend is None else f" (mend: {fault.mend.label})"
        say(f"fault: {fault.message}{mend}")
