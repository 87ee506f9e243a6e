"""The keys of the stack: along it, into containers and out of them."""

from collections.abc import Mapping

from PySide6.QtCore import Qt

from cnnplay.ui.build.views.stack.boxes import Item
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.navigation import KeyEffect, StackNavigation
from cnnplay.ui.build.views.stack.selection import StackSelection
from cnnplay.ui.kit.views.keytable import ENTER, KeyAction, KeyRow, KeyTable


def _movement_keys(extend: bool) -> dict[str, Mapping[Qt.Key, KeyAction]]:
    """The keys that move along the stack; with Shift they extend the selection."""
    return {
        "card": {
            Qt.Key.Key_Up: lambda view: view.keys.up(extend),
            Qt.Key.Key_Down: lambda view: view.keys.down(extend),
        },
        "page": {
            Qt.Key.Key_PageUp: lambda view: view.keys.page(-1, extend),
            Qt.Key.Key_PageDown: lambda view: view.keys.page(1, extend),
        },
        "end": {
            Qt.Key.Key_Home: lambda view: view.keys.end(0, extend),
            Qt.Key.Key_End: lambda view: view.keys.end(-1, extend),
        },
    }


_MOVE, _EXTEND = _movement_keys(False), _movement_keys(True)
KEYS = KeyTable(
    "Stack",
    KeyRow("Card above, card below", _MOVE["card"]),
    KeyRow(
        "Leave or enter a container, previous or next branch",
        {Qt.Key.Key_Left: lambda view: view.keys.leave(), Qt.Key.Key_Right: lambda view: view.keys.enter()},
    ),
    KeyRow("Page up, page down", _MOVE["page"]),
    KeyRow("First card, last card", _MOVE["end"]),
    KeyRow("Extend the selection", {k: d for part in _EXTEND.values() for k, d in part.items()}, shift=True),
    KeyRow(
        "Edit the fields of the card; insert into an empty stack",
        dict.fromkeys(ENTER, lambda view: view.activate()),
    ),
    KeyRow("Clear the selection; cancel a drag", {Qt.Key.Key_Escape: lambda view: view.escape()}),
)


class StackKeys:
    """Moves the selection from item to item. `extend`: selects all from where the range starts."""

    def __init__(self, canvas: StackCanvas, selection: StackSelection) -> None:
        self._canvas, self._selection = canvas, selection

    def up(self, extend: bool) -> None:
        """Goes to the card above; without a selection, to the last."""
        here = self._canvas.current_item
        self._go(self._navigation.up(here) if here else self._canvas.boxes.order[-1], extend)

    def down(self, extend: bool) -> None:
        """Goes to the card below; without a selection, to the first."""
        here = self._canvas.current_item
        self._go(self._navigation.down(here) if here else self._canvas.boxes.order[0], extend)

    def enter(self) -> None:
        """Expands a container, enters it, or goes to the branch at the right."""
        self._apply(self._navigation.right(self._here))

    def leave(self) -> None:
        """Collapses a container, goes to the branch at the left, or out."""
        self._apply(self._navigation.left(self._here))

    def end(self, index: int, extend: bool) -> None:
        """Goes to the first card (0) or the last (−1)."""
        self._go(self._canvas.boxes.order[index], extend)

    def page(self, direction: int, extend: bool) -> None:
        """Goes up or down by about a page."""
        keys, item, boxes = self._navigation, self._here, self._canvas.boxes
        start, far = boxes.box(item), self._canvas.viewport().height() * 4 // 5
        while start is not None:
            following = keys.down(item) if direction > 0 else keys.up(item)
            box = boxes.box(following) if following is not None else None
            if following is None or box is None or abs(box.y() - start.y()) > far:
                break
            item = following
        self._go(item, extend)

    @property
    def _here(self) -> Item:
        return self._canvas.current_item or self._canvas.boxes.order[0]

    @property
    def _navigation(self) -> StackNavigation:
        return StackNavigation(self._canvas.boxes, self._canvas.editor.network)

    def _go(self, item: Item | None, extend: bool) -> None:
        if item is not None:
            (self._selection.extend if extend else self._selection.select)(item)

    def _apply(self, effect: KeyEffect) -> None:
        if effect.expand:
            self._canvas.model.set_collapsed(effect.expand, False)
        elif effect.collapse:
            self._canvas.model.set_collapsed(effect.collapse, True)
        elif effect.item is not None:
            self._selection.select(effect.item)
