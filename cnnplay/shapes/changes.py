"""What is different between two versions of a network, in words."""

from collections.abc import Iterator

from cnnplay.network.describe import detail, shape_text
from cnnplay.network.fields import fields_of
from cnnplay.network.network import Network, walk
from cnnplay.network.nodes import Node
from cnnplay.shapes.problems import format_value


def changes(before: Network, after: Network) -> tuple[str, ...]:
    """One line for each change: input, nodes changed or removed or added in their order, classes."""
    lines = []
    if before.input != after.input:
        lines.append(f"input: {shape_text(before.input.shape)} becomes {shape_text(after.input.shape)}")
    old = {node.id: node for node, _ in walk(before)}
    new = {node.id: node for node, _ in walk(after)}
    for node_id, node in old.items():
        if node_id not in new:
            lines.append(f"{node_id}: removed")
        elif node != new[node_id]:
            lines.extend(_differences(node, new[node_id]))
    for node_id, node in new.items():
        if node_id not in old:
            text = detail(node)
            lines.append(f"{node_id}: added" + (f" ({text})" if text else ""))
    if before.task != after.task:
        lines.append(f"classes: {before.task.classes:,} become {after.task.classes:,}")
    return tuple(lines)


def _differences(before: Node, after: Node) -> Iterator[str]:
    """The declared fields that differ; what a container holds is told of for itself."""
    if type(before) is not type(after):
        yield f"{before.id}: becomes another kind of block"
        return
    differing = [
        f"{field.label} {format_value(getattr(before, field.name))} becomes {format_value(getattr(after, field.name))}"
        for field in fields_of(type(before))
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    if differing:
        yield f"{before.id}: {', '.join(differing)}"
