"""What a laid-out stack consists of: boxes, gaps and wires with their places on the canvas, in pixels."""

from dataclasses import dataclass, field
from typing import TypeAlias

from PySide6.QtCore import QPoint, QRect

from cnnplay.network.network import Place
from cnnplay.network.nodes import Node

Spot: TypeAlias = str | Place
"""Where the keyboard can stand: a node's id, "input", or the gap of an empty stack."""


@dataclass(slots=True)
class Card:
    """One block, or a closed container. Compact cards have two lines."""

    node: Node
    rect: QRect
    compact: bool
    closed: bool
    """Whether it is a container that is shown as one card."""


@dataclass(slots=True)
class Frame:
    """An open container: a dashed frame with a header, what it holds, and the merge below."""

    node: Node
    rect: QRect
    header: QRect
    merge: QRect


@dataclass(slots=True)
class Gap:
    """Between two blocks: where one can be dropped. `y` is its middle, `wire` the line's x."""

    place: Place
    rect: QRect
    wire: int

    @property
    def y(self) -> int:
        return self.rect.center().y()


@dataclass(slots=True)
class Column:
    """The area of one stack; what is dropped inside goes into one of its gaps."""

    rect: QRect
    gaps: list[Gap] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """The shape on an edge, or a word beside a path."""

    rect: QRect
    text: str
    centred: bool = False
    fault: bool = False


@dataclass(slots=True)
class Hollow:
    """An empty stack, drawn so that something can be dropped there."""

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
    hollows: list[Hollow] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    wires: list[tuple[QPoint, ...]] = field(default_factory=list)
    order: list[Spot] = field(default_factory=list)
    """Where the keyboard goes, from top to bottom."""

    def box(self, spot: Spot) -> QRect | None:
        """The rectangle of a node, of the input or of an empty stack; None while it is not shown."""
        if isinstance(spot, Place):
            return next((hollow.rect for hollow in self.hollows if hollow.place == spot), None)
        if spot == "input":
            return self.input
        if spot in self.cards:
            return self.cards[spot].rect
        return self.frames[spot].rect if spot in self.frames else None

    def spot_at(self, point: QPoint) -> Spot | None:
        """What lies under a point: a card, an empty stack, else the innermost frame."""
        if self.input.contains(point):
            return "input"
        for card in self.cards.values():
            if card.rect.contains(point):
                return card.node.id
        for hollow in self.hollows:
            if hollow.rect.contains(point):
                return hollow.place
        inside = [frame for frame in self.frames.values() if frame.rect.contains(point)]
        return min(inside, key=lambda frame: frame.rect.height()).node.id if inside else None

    def gap_for(self, point: QPoint) -> Gap | None:
        """The gap in which something dropped at a point would go: the nearest one of the innermost stack."""
        inside = [column for column in self.columns if column.rect.contains(point)]
        if not inside:
            inside = self.columns[:1]
        column = min(inside, key=lambda one: one.rect.width() * one.rect.height(), default=None)
        if column is None or not column.gaps:
            return None
        return min(column.gaps, key=lambda gap: abs(gap.y - point.y()))

    def gap_under(self, point: QPoint) -> Gap | None:
        """The gap that holds a point, for the sign that inserts a block."""
        for column in self.columns:
            for gap in column.gaps:
                if gap.rect.contains(point):
                    return gap
        return None
