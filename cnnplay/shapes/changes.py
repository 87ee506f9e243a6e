"""The changes between two versions of a network, as lines of text."""

from collections.abc import Iterator

from cnnplay.network.describe import detail, shape_text
from cnnplay.network.fields import fields_of
from cnnplay.network.network import Network, walk
from cnnplay.network.nodes import Node
from cnnplay.shapes.problems import format_value


def changes(before: Network, after: Network) -> tuple[str, ...]:
    """One line per change: the input, nodes changed, removed or added (in order), the classes."""
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
    """The declared fields that differ; a container's contents have lines of their own."""
    if type(before) is not type(after):
        yield f"{before.id}: replaced by another kind of layer"
        return
    differing = []
    for field in fields_of(type(before)):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            differing.append(f"{field.label} {format_value(old)} becomes {format_value(new)}")
    if differing:
        yield f"{before.id}: {', '.join(differing)}"
