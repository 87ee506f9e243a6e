"""How two networks differ, node by node: nodes that only one of them has, and nodes with different fields."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, Place, walk
from cnnplay.network.nodes import Node

ChangeKind: TypeAlias = Literal["added", "removed", "changed", "moved"]

_STACKS = frozenset({"id", "body", "shortcut", "branches"})
"""Fields that are not settings of the node itself."""


class FieldChange(NamedTuple):
    """One field with both values; None if the node on that side has no such field."""

    field: str
    first: Any
    second: Any


class NodeChange(NamedTuple):
    """One node that differs. `first` and `second` are its two versions, None where it is missing."""

    kind: ChangeKind
    id: str
    first: Node | None
    second: Node | None
    fields: tuple[FieldChange, ...] = ()


def difference(first: Network, second: Network) -> tuple[NodeChange, ...]:
    """All differences in stack order; () for equal stacks.

    Nodes are matched by id. A node that only changed its position is `moved`.
    """
    one, other = _nodes_by_id(first), _nodes_by_id(second)
    moved = _moved(one, other)
    found = []
    for node_id in _order(list(one), list(other)):
        here, there = one.get(node_id), other.get(node_id)
        if here is None or there is None:
            found.append(_added_or_removed(node_id, here, there))
            continue
        fields = field_changes(here[0], there[0])
        if fields:
            found.append(NodeChange("changed", node_id, here[0], there[0], fields))
        elif node_id in moved:
            found.append(NodeChange("moved", node_id, here[0], there[0]))
    return tuple(found)


def field_changes(first: Node, second: Node) -> tuple[FieldChange, ...]:
    """The fields in which two nodes differ; the kind first, if it differs."""
    changes = []
    if type(first) is not type(second):
        changes.append(FieldChange("kind", kind_of(first).name, kind_of(second).name))
    names = dict.fromkeys((*_fields(first), *_fields(second)))
    for name in names:
        one, other = getattr(first, name, None), getattr(second, name, None)
        if one != other:
            changes.append(FieldChange(name, one, other))
    return tuple(changes)


def _fields(node: Node) -> list[str]:
    return [field.name for field in msgspec.structs.fields(node) if field.name not in _STACKS]


def _nodes_by_id(network: Network) -> dict[str, tuple[Node, Place]]:
    return {node.id: (node, place) for node, place in walk(network)}


def _added_or_removed(
    node_id: str, here: tuple[Node, Place] | None, there: tuple[Node, Place] | None
) -> NodeChange:
    if here is None:
        assert there is not None
        return NodeChange("added", node_id, None, there[0])
    return NodeChange("removed", node_id, here[0], None)


def _order(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Merges both lists: items that only the second has keep their position there."""
    merged: list[str] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        merged += first[start:end]
        if tag != "equal":
            merged += second[other_start:other_end]
    return list(dict.fromkeys(merged))


def _moved(one: dict[str, tuple[Node, Place]], other: dict[str, tuple[Node, Place]]) -> set[str]:
    """Nodes of both networks that are in a different stack, or out of the order that the others keep."""
    both = [node_id for node_id in one if node_id in other]
    kept = set(both)
    again = [node_id for node_id in other if node_id in kept]
    matcher = SequenceMatcher(None, both, again, autojunk=False)
    ordered = {
        both[index]
        for block in matcher.get_matching_blocks()
        for index in range(block.a, block.a + block.size)
    }

    def stack_of(place: Place) -> tuple[str, int]:
        return place.parent, place.slot

    return {
        node_id
        for node_id in both
        if node_id not in ordered or stack_of(one[node_id][1]) != stack_of(other[node_id][1])
    }
