"""Keyboard navigation: along the stack, right into containers and branches, left out of them."""

from dataclasses import dataclass

from cnnplay.network.network import Network, Place, walk
from cnnplay.ui.build.views.stack.boxes import Item, Layout


@dataclass(frozen=True, slots=True)
class KeyEffect:
    """The effect of a key: go to an item, or expand or collapse a container."""

    item: Item | None = None
    expand: str = ""
    collapse: str = ""


class StackNavigation:
    """Keyboard navigation in a laid-out stack."""

    def __init__(self, layout: Layout, network: Network) -> None:
        self._layout = layout
        self._places = {node.id: place for node, place in walk(network)}

    def up(self, item: Item) -> Item | None:
        return self._along(item, -1)

    def down(self, item: Item) -> Item | None:
        return self._along(item, 1)

    def right(self, item: Item) -> KeyEffect:
        """Expands a collapsed container, enters an expanded one, or goes to the branch at the right."""
        if isinstance(item, str) and item in self._layout.cards and self._layout.cards[item].collapsed:
            return KeyEffect(expand=item)
        if isinstance(item, str) and item in self._layout.frames:
            return KeyEffect(item=self._first_inside(item))
        for parent, slot in self._ancestors(item):
            neighbor = self._nearest(parent, slot + 1, item)
            if neighbor is not None:
                return KeyEffect(item=neighbor)
        return KeyEffect()

    def left(self, item: Item) -> KeyEffect:
        """Collapses an expanded container, goes to the branch at the left, or out to the container."""
        if isinstance(item, str) and item in self._layout.frames:
            return KeyEffect(collapse=item)
        for parent, slot in self._ancestors(item):
            neighbor = self._nearest(parent, slot - 1, item) if slot else None
            return KeyEffect(item=neighbor if neighbor is not None else parent)
        return KeyEffect()

    def between(self, one: Item, other: Item) -> tuple[str, ...]:
        """The nodes from one item to another, both included, from top to bottom."""
        order = self._layout.order
        if one not in order or other not in order:
            return (other,) if isinstance(other, str) and other in self._places else ()
        first, last = sorted((order.index(one), order.index(other)))
        return tuple(
            item for item in order[first : last + 1] if isinstance(item, str) and item in self._places
        )

    def _along(self, item: Item, step: int) -> Item | None:
        order = self._layout.order
        if item not in order:
            return order[0] if order else None
        here = dict(self._ancestors(item))
        index = order.index(item) + step
        while 0 <= index < len(order):
            there = self._ancestors(order[index])
            if all(here.get(parent, 0) == slot for parent, slot in there):
                return order[index]
            index += step
        return None

    def _ancestors(self, item: Item) -> tuple[tuple[str, int], ...]:
        """The containers around an item, innermost first, each with the slot that contains the item."""
        place = item if isinstance(item, Place) else self._places.get(item)
        found = []
        while place is not None and place.parent:
            found.append((place.parent, place.slot))
            place = self._places.get(place.parent)
        return tuple(found)

    def _first_inside(self, holder: str) -> Item | None:
        order = self._layout.order
        index = order.index(holder) + 1
        return order[index] if index < len(order) else None

    def _nearest(self, parent: str, slot: int, item: Item) -> Item | None:
        """The item of another stack of a container at about the same height."""
        here = self._layout.box(item)
        if here is None:
            return None
        inside = [
            other
            for other in self._layout.order
            if (self._ancestors(other) or ((None, -1),))[0] == (parent, slot)
        ]
        boxes = [(other, self._layout.box(other)) for other in inside]
        near = [(abs(box.center().y() - here.center().y()), other) for other, box in boxes if box is not None]
        return min(near, key=lambda pair: pair[0])[1] if near else None
