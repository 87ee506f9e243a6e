"""A network is a value: an input, a task and a stack of nodes, read from top to bottom."""

import re
from collections.abc import Iterator
from typing import Annotated, TypeAlias

import msgspec

from cnnplay.network.fields import declare
from cnnplay.network.kinds import KINDS
from cnnplay.network.nodes import Node, Stack, stacks_of


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The network's input images: channels × height × width."""

    channels: Annotated[int, declare("1 for grayscale images, 3 for RGB.", minimum=1, maximum=4096)]
    height: Annotated[int, declare("Image height.", minimum=1, maximum=8192, unit="pixels")]
    width: Annotated[int, declare("Image width.", minimum=1, maximum=8192, unit="pixels")]

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.channels, self.height, self.width)


class Classification(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="task", tag="classification"
):
    """One class per image: the network ends in one logit per class."""

    classes: Annotated[int, declare("Number of classes.", minimum=2, maximum=1_000_000)]


Task: TypeAlias = Classification


def task_key(task: Task) -> str:
    """The task's key in files and registries."""
    return str(type(task).__struct_config__.tag)


UNNAMED = "network"
"""The name of a new network, until it is saved in a file."""


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A complete network without weights. `preset` is the key of the preset it came from, or empty."""

    name: str
    input: Input
    task: Task
    stack: tuple[Node, ...] = ()
    preset: str = ""

    def same_structure(self, other: "Network") -> bool:
        """Whether both compute the same; the names do not matter."""
        return (self.stack, self.input, self.task) == (other.stack, other.input, other.task)


class Place(msgspec.Struct, frozen=True):
    """A gap between nodes: before the node `index` of the stack `slot` in the node `parent`.

    The network's own stack has the parent "" and slot 0. A skip's body is slot 0, its shortcut slot 1.
    """

    parent: str
    slot: int
    index: int


def walk(network: Network) -> Iterator[tuple[Node, Place]]:
    """All nodes with their places from top to bottom, containers before their contents."""
    yield from _walk(network.stack, "", 0)


def leaves(network: Network) -> Iterator[Node]:
    """The nodes that compute, in order; a skip's shortcut comes after its body."""
    return (node for node, _ in walk(network) if not stacks_of(node) and not _is_container(node))


def find(network: Network, node_id: str) -> Node:
    """The node with this id. KeyError if there is none."""
    return locate(network, node_id)[0]


def locate(network: Network, node_id: str) -> tuple[Node, Place]:
    """The node with this id and the place before it. KeyError if there is none."""
    for node, place in walk(network):
        if node.id == node_id:
            return node, place
    raise KeyError(f"no node is named {node_id!r}")


def ids(network: Network) -> frozenset[str]:
    """The ids of all nodes."""
    return frozenset(node.id for node, _ in walk(network))


def stack_at(network: Network, parent: str, slot: int) -> Stack:
    """The stack in this slot of a node; the network's own for the parent ""."""
    if not parent:
        return network.stack
    return stacks_of(find(network, parent))[slot]


def new_id(prefix: str, taken: frozenset[str] | set[str]) -> str:
    """The first id ``prefix-n`` after all taken ones, so that a freed number is not reused."""
    numbers = [
        int(name[len(prefix) + 1 :])
        for name in taken
        if name.startswith(prefix + "-") and name[len(prefix) + 1 :].isdecimal()
    ]
    return f"{prefix}-{max(numbers, default=0) + 1}"


ID_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")

MAX_DEPTH = 32
"""Maximum nesting depth of blocks: deeper files are refused, so edits must not exceed it either."""


def depth_of(stack: Stack) -> int:
    """The nesting depth of a stack: 1 without containers, 0 if it is empty."""
    return max((1 + max(map(depth_of, stacks_of(node)), default=0) for node in stack), default=0)


def _walk(stack: Stack, parent: str, slot: int) -> Iterator[tuple[Node, Place]]:
    for index, node in enumerate(stack):
        yield node, Place(parent, slot, index)
        for inner_slot, inner in enumerate(stacks_of(node)):
            yield from _walk(inner, node.id, inner_slot)


_CONTAINERS = tuple(kind.type for kind in KINDS if kind.family == "structure")


def _is_container(node: Node) -> bool:
    return isinstance(node, _CONTAINERS)
