"""The parts of a laid-out stack: boxes, insertion gaps and wires, in canvas pixels."""

from dataclasses import dataclass, field
from typing import TypeAlias

from PySide6.QtCore import QPoint, QRect

from cnnplay.network.network import Place
from cnnplay.network.nodes import Node

Item: TypeAlias = str | Place
"""What can have the keyboard focus: a node's id, "input", or the place of an empty stack."""


@dataclass(slots=True)
class Card:
    """One layer, or a collapsed container. Compact cards have two lines."""

    node: Node
    rect: QRect
    compact: bool
    collapsed: bool
    """Whether it is a collapsed container."""


@dataclass(slots=True)
class Frame:
    """An expanded container: a dashed frame with a header, its stacks, and the merge below."""

    node: Node
    rect: QRect
    header: QRect
    merge: QRect
    sign: QPoint = field(default_factory=QPoint)
    """The middle of the merge's sign."""
    joint: QPoint | None = None
    """Where the wire of a skip's shortcut comes to the merge's row; the painter leads it on to the name."""


@dataclass(slots=True)
class InsertionGap:
    """A gap between layers, where one can be dropped. `y` is its middle, `wire` the x of the line."""

    place: Place
    rect: QRect
    wire: int

    @property
    def y(self) -> int:
        return self.rect.center().y()


@dataclass(slots=True)
class Column:
    """The area of one stack; a drop inside goes into one of its gaps."""

    rect: QRect
    gaps: list[InsertionGap] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """The shape on an edge, or a word next to a path."""

    rect: QRect
    text: str
    centered: bool = False


@dataclass(slots=True)
class EmptySlot:
    """An empty stack, drawn as a drop target."""

    place: Place
    rect: QRect
    text: str


@dataclass(slots=True)
class Layout:
    """Everything on the canvas."""

    width: int = 0
    height: int = 0
    input: QRect = field(default_factory=QRect)
    prediction: QRect = field(default_factory=QRect)
    cards: dict[str, Card] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    empty_slots: list[EmptySlot] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    wires: list[tuple[QPoint, ...]] = field(default_factory=list)
    forks: list[QPoint] = field(default_factory=list)
    """Where a wire leaves another one."""
    order: list[Item] = field(default_factory=list)
    """Keyboard order, from top to bottom."""

    def box(self, item: Item) -> QRect | None:
        """The rectangle of a node, the input or an empty stack; None while it is not shown."""
        if isinstance(item, Place):
            return next((slot.rect for slot in self.empty_slots if slot.place == item), None)
        if item == "input":
            return self.input
        if item in self.cards:
            return self.cards[item].rect
        return self.frames[item].rect if item in self.frames else None

    def item_at(self, point: QPoint) -> Item | None:
        """The item under a point: a card, an empty stack, else the innermost frame."""
        if self.input.contains(point):
            return "input"
        for card in self.cards.values():
            if card.rect.contains(point):
                return card.node.id
        for slot in self.empty_slots:
            if slot.rect.contains(point):
                return slot.place
        inside = [frame for frame in self.frames.values() if frame.rect.contains(point)]
        return min(inside, key=lambda frame: frame.rect.height()).node.id if inside else None

    def drop_gap(self, point: QPoint) -> InsertionGap | None:
        """The gap for a drop at a point: the nearest one of the innermost stack."""
        inside = [column for column in self.columns if column.rect.contains(point)]
        if not inside:
            inside = self.columns[:1]
        column = min(inside, key=lambda one: one.rect.width() * one.rect.height(), default=None)
        if column is None or not column.gaps:
            return None
        return min(column.gaps, key=lambda gap: abs(gap.y - point.y()))

    def gap_at(self, point: QPoint) -> InsertionGap | None:
        """The gap that contains a point, for the plus sign that inserts a layer."""
        for column in self.columns:
            for gap in column.gaps:
                if gap.rect.contains(point):
                    return gap
        return None
