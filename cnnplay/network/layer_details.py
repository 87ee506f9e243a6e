"""The text beside a layer's title: the fields in which nodes of its kind differ, ``32 @ 3×3 / 2, same``.

Each function returns alternatives from the longest to the shortest, for wide and narrow cards.
"""

from typing import TypeAlias

from cnnplay.network import nodes
from cnnplay.network.fields import Pair
from cnnplay.network.nodes import Node, stacks_of

Details: TypeAlias = tuple[str, ...]


def none(_: Node) -> Details:
    """Of kinds without fields, or without any that people compare."""
    return ()


def of_convolution(node: nodes.Convolution) -> Details:
    """Filters @ kernel size / stride, padding, dilation, groups."""
    text = f"{node.filters} @ {_window(node.kernel_size, node.stride)}{_padding(node.padding)}"
    if node.dilation != (1, 1):
        text += f", dilation {_pair(node.dilation)}"
    if node.groups != 1:
        text += f", {node.groups} groups"
    return (text, *_shorter(node))


def of_transposed(node: nodes.TransposedConvolution) -> Details:
    """Filters @ kernel size · the factor by which the size grows."""
    return (f"{node.filters} @ {by(node.kernel_size)} · {_pair(node.stride)}", *_shorter(node))


def of_pooling(node: nodes.MaxPooling | nodes.AveragePooling) -> Details:
    """Kernel size / stride, padding."""
    text = f"{by(node.kernel_size)} / {_pair(node.stride)}"
    return text + _padding(node.padding), text


def of_upsampling(node: nodes.Upsampling) -> Details:
    """× scale and mode."""
    return (f"× {_pair(node.scale)} {node.mode}",)


def of_container(node: nodes.Skip | nodes.Branches) -> Details:
    """The number of layers inside, and the merge."""
    number = _count(node) if any(stacks_of(node)) else 0
    text = "1 layer" if number == 1 else f"{number} layers"
    return f"{text} · {node.merge}", text


def by(size: Pair) -> str:
    """``3×5``: height by width."""
    return f"{size[0]}×{size[1]}"


def _shorter(node: nodes.Convolution | nodes.TransposedConvolution) -> Details:
    window = _window(node.kernel_size, node.stride)
    return f"{node.filters} @ {window}", window


def _window(kernel_size: Pair, stride: Pair) -> str:
    return by(kernel_size) + ("" if stride == (1, 1) else f" / {_pair(stride)}")


def _padding(padding: nodes.Padding) -> str:
    if padding in ("valid", (0, 0)):
        return ""
    return f", {padding}" if isinstance(padding, str) else f", pad {_pair(padding)}"


def _pair(size: Pair) -> str:
    return str(size[0]) if size[0] == size[1] else by(size)


def _count(node: Node) -> int:
    parts = stacks_of(node)
    return sum(_count(leaf) for part in parts for leaf in part) if parts else 1
