"""The text on a card: title, details and parameter count."""

from dataclasses import dataclass

from cnnplay.network.describe import detail, shape_text, title
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, Place, find, ids
from cnnplay.network.nodes import Node
from cnnplay.shapes.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class CardText:
    """A card's title, its details (alternatives from longest to shortest), and its parameter count."""

    title: str
    details: tuple[str, ...]
    number: str


def card_text(node: Node, report: NodeReport | None) -> CardText:
    return CardText(title(node), kind_of(node).details(node), _number(report))


def compact_card_text(node: Node, report: NodeReport | None) -> CardText:
    """The text of a narrow card: one line for the kind, the other for its parameters or sizes."""
    kind = kind_of(node)
    text = title(node)
    if kind.named_by_id and kind.family != "structure":
        text = ""  # the details say enough
    return CardText(text, kind.details(node), _number(report))


def spoken_item(item: str | Place, network: Network, report: Report) -> str:
    """An item of the stack as text for screen readers; "" for none."""
    if isinstance(item, Place):
        return f"empty stack in {item.parent or 'the network'}"
    if item == "input":
        return f"input, {shape_text(network.input.shape)}"
    return _spoken_text(item, find(network, item), report) if item in ids(network) else ""


def _spoken_text(node_id: str, node: Node, report: Report) -> str:
    """A card as text for screen readers: ``conv-2, convolution, 32 @ 3×3, output 32 × 16 × 16, …``."""
    found = report.nodes.get(node_id)
    kind = kind_of(node).name
    parts = [node_id if node_id.startswith(kind) else f"{node_id}, {kind}"]
    if detail(node):
        parts.append(detail(node))
    if found is not None and found.output is not None:
        parts.append(f"output {shape_text(found.output)}")
    if found is not None and found.parameters:
        parts.append(f"{found.parameters:,} parameters")
    parts.extend(problem.message for problem in report.problems_of(node_id))
    return ", ".join(parts)


def _number(report: NodeReport | None) -> str:
    return f"{report.parameters:,}" if report is not None and report.parameters else ""
