"""A node's title on its card, and a short text with its distinguishing fields."""

from cnnplay.network import nodes
from cnnplay.network.fields import Pair
from cnnplay.network.kinds import kind_of
from cnnplay.network.nodes import Node, stacks_of

_NAMED_BY_ID = (nodes.Convolution, nodes.TransposedConvolution, nodes.Dense, nodes.Skip, nodes.Branches)


def title(node: Node) -> str:
    """The id for kinds that people refer to by id (``conv-2``), the kind's name for others (``ReLU``)."""
    return node.id if isinstance(node, _NAMED_BY_ID) else kind_of(node).name


def detail(node: Node) -> str:
    """The distinguishing fields: ``32 @ 3×3 / 2, same``."""
    match node:
        case nodes.Convolution():
            return _convolution(node)
        case nodes.TransposedConvolution():
            return f"{node.filters} @ {by(node.kernel_size)} · {_pair(node.stride)}"
        case nodes.Upsampling():
            return f"× {_pair(node.scale)} {node.mode}"
        case nodes.MaxPooling() | nodes.AveragePooling():
            return f"{by(node.kernel_size)} / {_pair(node.stride)}" + _padding(node.padding)
        case nodes.LocalResponseNormalisation():
            return f"{node.size} channels"
        case nodes.Dropout():
            return f"{node.p:g}"
        case nodes.LeakyReLU():
            return f"{node.negative_slope:g}"
        case nodes.Dense():
            return f"{node.units:,}"
        case nodes.Skip() | nodes.Branches():
            return f"{_count(node)} · {node.merge}"
        case _:
            return ""


def by(size: Pair) -> str:
    """``3×5``: height by width."""
    return f"{size[0]}×{size[1]}"


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``16 × 5 × 5``, or ``?`` if it is unknown."""
    return "?" if shape is None else " × ".join(f"{size:,}" for size in shape)


def _convolution(node: nodes.Convolution) -> str:
    text = f"{node.filters} @ {by(node.kernel_size)}"
    if node.stride != (1, 1):
        text += f" / {_pair(node.stride)}"
    text += _padding(node.padding)
    if node.dilation != (1, 1):
        text += f", dilation {_pair(node.dilation)}"
    if node.groups != 1:
        text += f", {node.groups} groups"
    return text


def _padding(padding: nodes.Padding) -> str:
    if padding in ("valid", (0, 0)):
        return ""
    return f", {padding}" if isinstance(padding, str) else f", pad {_pair(padding)}"


def _pair(size: Pair) -> str:
    return str(size[0]) if size[0] == size[1] else by(size)


def _count(node: Node) -> str:
    def count(inner: Node) -> int:
        parts = stacks_of(inner)
        return sum(count(leaf) for part in parts for leaf in part) if parts else 1

    number = count(node) if any(stacks_of(node)) else 0
    return "1 layer" if number == 1 else f"{number} layers"
