"""Places in the tree: where to insert, what to select after a deletion, where to move up and down."""

from cnnplay.network.edits import outermost
from cnnplay.network.network import Network, Place, locate, stack_at, walk
from cnnplay.network.nodes import Branches, Node, Skip, Stack, stacks_of


def containers(network: Network) -> frozenset[str]:
    """The ids of all skips and branches."""
    return frozenset(node.id for node, _ in walk(network) if isinstance(node, (Skip, Branches)))


def descendants(node: Node) -> frozenset[str]:
    """The ids of everything inside a node."""
    nodes = [inner for stack in stacks_of(node) for inner in stack]
    return frozenset(inner.id for inner in nodes).union(*(descendants(inner) for inner in nodes))


def after(network: Network, node_id: str) -> Place:
    """The place right after a node."""
    place = locate(network, node_id)[1]
    return Place(place.parent, place.slot, place.index + 1)


def exists(network: Network, place: Place) -> bool:
    """Whether the stack of the place still exists."""
    try:
        return 0 <= place.index <= len(stack_at(network, place.parent, place.slot))
    except (KeyError, IndexError):
        return False


def is_empty(network: Network, place: Place) -> bool:
    """Whether the stack of the place is empty."""
    return exists(network, place) and not stack_at(network, place.parent, place.slot)


def fallback_selection(network: Network, place: Place) -> str:
    """What to select after a deletion: the node now at this place, else the one before, else the container.

    "" for the network itself.
    """
    if not exists(network, Place(place.parent, place.slot, 0)):
        return ""
    stack = stack_at(network, place.parent, place.slot)
    if place.index < len(stack):
        return stack[place.index].id
    return stack[-1].id if stack else place.parent


def move_target(network: Network, node_ids: tuple[str, ...], down: bool) -> Place | None:
    """Where adjacent nodes go when they move by one place; out of their container at its end.

    None when they are not adjacent or cannot move further.
    """
    run = adjacent_nodes(network, node_ids)
    if run is None:
        return None
    first, stack = run
    end = first.index + len(stack)
    siblings = stack_at(network, first.parent, first.slot)
    if down and end < len(siblings):
        return Place(first.parent, first.slot, end + 1)
    if not down and first.index > 0:
        return Place(first.parent, first.slot, first.index - 1)
    if not first.parent:
        return None
    outer = locate(network, first.parent)[1]
    return Place(outer.parent, outer.slot, outer.index + (1 if down else 0))


def adjacent_nodes(network: Network, node_ids: tuple[str, ...]) -> tuple[Place, Stack] | None:
    """The place of the first node and all nodes, when they are consecutive in one stack; else None."""
    selected = outermost(network, node_ids)
    if not selected:
        return None
    found = [locate(network, node_id) for node_id in selected]
    first = found[0][1]
    together = all(
        place == Place(first.parent, first.slot, first.index + offset)
        for offset, (_, place) in enumerate(found)
    )
    return (first, tuple(node for node, _ in found)) if together else None
