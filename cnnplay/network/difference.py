"""How one network differs from another, block by block: what is there in one alone, what has other fields."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, Place, walk
from cnnplay.network.nodes import Node

ChangeKind: TypeAlias = Literal["added", "removed", "changed", "moved"]

_STACKS = frozenset({"id", "body", "shortcut", "branches"})
"""Fields that hold no setting of the block's own."""


class FieldChange(NamedTuple):
    """One field with both values; None where the block of that side has no such field."""

    field: str
    first: Any
    second: Any


class NodeChange(NamedTuple):
    """One block. `first` and `second` are its two sides, None where it is missing there."""

    kind: ChangeKind
    id: str
    first: Node | None
    second: Node | None
    fields: tuple[FieldChange, ...] = ()


def difference(first: Network, second: Network) -> tuple[NodeChange, ...]:
    """All that differs, in the order in which the blocks stand; () for the same stack.

    Blocks are the same where they have the same id. A block that only stands elsewhere is `moved`.
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
    """The fields in which two blocks differ; their kind first, where they are of two."""
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
    """Both lists in one: what the second alone has stands where it stands there."""
    merged: list[str] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        merged += first[start:end]
        if tag != "equal":
            merged += second[other_start:other_end]
    return list(dict.fromkeys(merged))


def _moved(one: dict[str, tuple[Node, Place]], other: dict[str, tuple[Node, Place]]) -> set[str]:
    """Blocks of both that stand in another stack, or out of the order that the others keep."""
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
