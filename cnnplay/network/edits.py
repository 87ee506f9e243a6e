"""Edits: pure functions that return the new network, the ids they touched and a name for undo.

An id or place that does not exist raises KeyError; an edit that is not possible raises EditError.
"""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any

import msgspec

from cnnplay.network.kinds import kind_of
from cnnplay.network.network import (
    MAX_DEPTH,
    Input,
    Network,
    Place,
    Task,
    depth_of,
    ids,
    locate,
    new_id,
    stack_at,
    walk,
)
from cnnplay.network.nodes import Branches, Merge, Node, Skip, Stack, stacks_of, with_stacks


class Edited(msgspec.Struct, frozen=True):
    """The network after an edit, the ids of the nodes that were added or changed, and the edit's name for
    undo."""

    network: Network
    touched: tuple[str, ...]
    label: str


class EditError(ValueError):
    """An edit that is not possible; the message is shown to the user."""


def insert(
    network: Network,
    place: Place,
    nodes: Node | Sequence[Node],
    reserved: Iterable[str] = (),
    label: str = "",
) -> Edited:
    """Inserts nodes with new ids, which also avoid those in `reserved`."""
    given = tuple(nodes) if isinstance(nodes, (tuple, list)) else (nodes,)
    new = with_new_ids(given, set(ids(network)) | set(reserved))
    stack = stack_at(network, place.parent, place.slot)
    index = max(0, min(place.index, len(stack)))
    changed = _put(network, place, stack[:index] + new + stack[index:])
    return Edited(changed, tuple(node.id for node in new), label or f"insert {_names(new)}")


def remove(network: Network, node_ids: Iterable[str]) -> Edited:
    """Removes nodes and everything inside them."""
    gone = set(node_ids)
    for node_id in gone:
        locate(network, node_id)
    stack = _filter(network.stack, gone)
    return Edited(_with_stack(network, stack), (), f"remove {_listed(_in_order(network, gone))}")


def move(network: Network, node_ids: Iterable[str], place: Place) -> Edited:
    """Moves nodes, in their order, to a place (whose index counts before they are removed)."""
    selected = outermost(network, node_ids)
    moved = tuple(locate(network, node_id)[0] for node_id in selected)
    for node in moved:
        if place.parent in {inner.id for inner, _ in _walk_node(node)}:
            raise EditError(f"{node.id} cannot be moved into itself")
    stack = stack_at(network, place.parent, place.slot)
    before = sum(1 for node in stack[: place.index] if node.id in selected)
    rest = remove(network, selected).network
    target = stack_at(rest, place.parent, place.slot)
    index = max(0, min(place.index - before, len(target)))
    changed = _put(rest, place, target[:index] + moved + target[index:])
    return Edited(changed, selected, f"move {_listed(selected)}")


def replace_node(network: Network, node_id: str, node: Node, label: str = "") -> Edited:
    """Replaces a node by another; the id stays."""
    locate(network, node_id)
    new = msgspec.structs.replace(node, id=node_id)
    changed = _map(network.stack, node_id, lambda _: (new,))
    return Edited(_with_stack(network, changed), (node_id,), label or f"change {node_id}")


def replace_field(network: Network, node_id: str, field: str, value: Any) -> Edited:
    """Sets one field of a node. The type must match; limits are checked by the validator."""
    node, _ = locate(network, node_id)
    if isinstance(value, float) and not isfinite(value):
        # JSON cannot represent it: the file could not be opened again.
        raise EditError(f"{field.replace('_', ' ')} of {node_id} must be a finite number; got {value}")
    try:
        changed = msgspec.convert(
            msgspec.to_builtins(msgspec.structs.replace(node, **{field: value})), type(node)
        )
    except (msgspec.ValidationError, TypeError) as error:
        raise EditError(f"{field.replace('_', ' ')} of {node_id} cannot be {value!r}: {error}") from None
    return replace_node(network, node_id, changed, f"{field.replace('_', ' ')} of {node_id}")


def wrap_in_skip(
    network: Network,
    node_ids: Iterable[str],
    shortcut: Sequence[Node] = (),
    merge: Merge = "add",
    reserved: Iterable[str] = (),
) -> Edited:
    """Wraps adjacent nodes in the body of a new skip. `shortcut` is the projection, if one is needed."""
    selected = outermost(network, node_ids)
    place, body = _consecutive(network, selected)
    taken = set(ids(network)) | set(reserved)
    skip = Skip(
        id=new_id("skip", taken), body=body, shortcut=with_new_ids(tuple(shortcut), taken), merge=merge
    )
    stack = stack_at(network, place.parent, place.slot)
    changed = _put(network, place, (*stack[: place.index], skip, *stack[place.index + len(body) :]))
    return Edited(changed, (skip.id,), f"wrap {_listed(selected)} in a skip")


def unwrap(network: Network, node_id: str) -> Edited:
    """Replaces a skip by its body, or branches by the first one; the rest is removed."""
    node, _ = locate(network, node_id)
    if not isinstance(node, (Skip, Branches)):
        raise EditError(f"{node_id} cannot be unwrapped: it is not a skip or branches block")
    stacks = stacks_of(node)
    body = stacks[0] if stacks else ()
    changed = _map(network.stack, node_id, lambda _: body)
    return Edited(_with_stack(network, changed), tuple(inner.id for inner in body), f"unwrap {node_id}")


def duplicate(network: Network, node_ids: Iterable[str], reserved: Iterable[str] = ()) -> Edited:
    """Inserts copies with new ids after the last selected node."""
    selected = outermost(network, node_ids)
    copies = tuple(locate(network, node_id)[0] for node_id in selected)
    _, last = locate(network, selected[-1])
    after = Place(last.parent, last.slot, last.index + 1)
    return insert(network, after, copies, reserved, f"duplicate {_listed(selected)}")


def set_branches(network: Network, node_id: str, branches: tuple[Stack, ...], label: str) -> Edited:
    """Replaces the branches of a branches node (e.g. an empty one added, one removed)."""
    node, _ = locate(network, node_id)
    if not isinstance(node, Branches):
        raise EditError(f"{node_id} has no branches")
    return replace_node(network, node_id, msgspec.structs.replace(node, branches=branches), label)


def set_input(network: Network, input: Input) -> Edited:  # noqa: A002
    """Sets the network's input."""
    size = " × ".join(map(str, input.shape))
    return Edited(msgspec.structs.replace(network, input=input), (), f"input {size}")


def rename(network: Network, name: str) -> Edited:
    """Gives the network a name."""
    return Edited(msgspec.structs.replace(network, name=name), (), f"name the network {name}")


def set_task(network: Network, task: Task) -> Edited:
    """Sets the network's task or number of classes."""
    return Edited(msgspec.structs.replace(network, task=task), (), f"{task.classes} classes")


def replace_network(network: Network, other: Network) -> Edited:
    """Replaces the whole network: opening a preset is an edit like any other."""
    return Edited(other, tuple(node.id for node, _ in walk(other)), f"open {other.name}")


def outermost(network: Network, node_ids: Iterable[str]) -> tuple[str, ...]:
    """The selected ids in network order, without those inside another selected node."""
    wanted = set(node_ids)
    for node_id in wanted:
        locate(network, node_id)
    inside: set[str] = set()
    for node, _ in walk(network):
        if node.id in wanted:
            inside.update(inner.id for inner, _ in _walk_node(node) if inner.id != node.id)
    return _in_order(network, wanted - inside)


def with_new_ids(stack: Stack, taken: set[str]) -> Stack:
    """The same stack with a new id for every node, each added to `taken`."""
    result: list[Node] = []
    for node in stack:
        node_id = new_id(kind_of(node).prefix, taken)
        taken.add(node_id)
        inner = tuple(with_new_ids(part, taken) for part in stacks_of(node))
        result.append(with_stacks(msgspec.structs.replace(node, id=node_id), inner))
    return tuple(result)


def _consecutive(network: Network, selected: tuple[str, ...]) -> tuple[Place, Stack]:
    if not selected:
        raise EditError("select the layers to wrap first")
    places = [locate(network, node_id)[1] for node_id in selected]
    first = places[0]
    together = all(
        place == Place(first.parent, first.slot, first.index + offset) for offset, place in enumerate(places)
    )
    if not together:
        raise EditError("only adjacent layers of one stack can be wrapped together")
    stack = stack_at(network, first.parent, first.slot)
    return first, stack[first.index : first.index + len(selected)]


def _put(network: Network, place: Place, stack: Stack) -> Network:
    """Replaces the stack at a place. EditError if blocks would be nested too deeply for a file."""
    changed = _replace_stack(network, place, stack)
    if depth_of(changed.stack) > MAX_DEPTH:
        raise EditError(f"blocks can be nested at most {MAX_DEPTH} levels deep")
    return changed


def _replace_stack(network: Network, place: Place, stack: Stack) -> Network:
    if not place.parent:
        return _with_stack(network, stack)

    def change(node: Node) -> Stack:
        stacks = stacks_of(node)
        return (with_stacks(node, (*stacks[: place.slot], stack, *stacks[place.slot + 1 :])),)

    return _with_stack(network, _map(network.stack, place.parent, change))


def _with_stack(network: Network, stack: Stack) -> Network:
    return msgspec.structs.replace(network, stack=stack)


def _map(stack: Stack, node_id: str, change: Callable[[Node], Stack]) -> Stack:
    """Replaces one node by others; subtrees without it are reused, not copied."""
    result: list[Node] = []
    for node in stack:
        if node.id == node_id:
            result.extend(change(node))
            continue
        stacks = stacks_of(node)
        changed = tuple(_map(inner, node_id, change) for inner in stacks)
        same = all(before is after for before, after in zip(stacks, changed, strict=True))
        result.append(node if same else with_stacks(node, changed))
    unchanged = len(result) == len(stack) and all(a is b for a, b in zip(result, stack, strict=True))
    return stack if unchanged else tuple(result)


def _filter(stack: Stack, gone: set[str]) -> Stack:
    """Removes nodes; subtrees without any of them are reused, not copied."""
    kept: list[Node] = []
    for node in stack:
        if node.id in gone:
            continue
        stacks = stacks_of(node)
        filtered = tuple(_filter(inner, gone) for inner in stacks)
        same = all(before is after for before, after in zip(stacks, filtered, strict=True))
        kept.append(node if same else with_stacks(node, filtered))
    unchanged = len(kept) == len(stack) and all(a is b for a, b in zip(kept, stack, strict=True))
    return stack if unchanged else tuple(kept)


def _walk_node(node: Node) -> Iterable[tuple[Node, Place]]:
    yield node, Place("", 0, 0)
    for stack in stacks_of(node):
        for inner in stack:
            yield from _walk_node(inner)


def _in_order(network: Network, wanted: set[str]) -> tuple[str, ...]:
    return tuple(node.id for node, _ in walk(network) if node.id in wanted)


def _names(nodes: Stack) -> str:
    return _listed(tuple(node.id for node in nodes))


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} layers"
