"""A node's title on its card, and a short text with its distinguishing fields."""

from cnnplay.network.kinds import kind_of
from cnnplay.network.nodes import Node


def title(node: Node) -> str:
    """The id for kinds that people refer to by id (``conv-2``), the kind's name for others (``ReLU``)."""
    kind = kind_of(node)
    return node.id if kind.named_by_id else kind.name


def detail(node: Node) -> str:
    """The distinguishing fields: ``32 @ 3×3 / 2, same``; "" if there are none."""
    return next(iter(kind_of(node).details(node)), "")


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``16 × 5 × 5``; ``a scalar`` without dimensions, ``?`` if it is unknown."""
    return "?" if shape is None else " × ".join(f"{size:,}" for size in shape) or "a scalar"
