"""Selecting in the stack, with mouse and keyboard alike: an item, several layers, or a range."""

from cnnplay.network.network import Place
from cnnplay.ui.build.views.stack.boxes import Item
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.navigation import StackNavigation


class StackSelection:
    """Selects in the editor, and remembers where a range starts."""

    def __init__(self, canvas: StackCanvas) -> None:
        self._canvas, self._editor = canvas, canvas.editor
        self._anchor: Item = ""

    def select(self, item: Item) -> None:
        """Selects one item alone."""
        self._anchor = item
        if isinstance(item, Place):
            self._editor.select_place(item)
        elif item == "input":
            self._editor.select_input()
        else:
            self._editor.select((item,))

    def toggle(self, node_id: str) -> None:
        """Adds a layer to the selection, or removes it."""
        self._editor.toggle(node_id)
        self._anchor = node_id

    def extend(self, item: Item) -> None:
        """Selects everything from the start of the range to this item."""
        known = self._anchor in self._canvas.boxes.order
        anchor = self._anchor if known else self._canvas.current_item or item
        self._anchor = anchor
        selected = StackNavigation(self._canvas.boxes, self._editor.network).between(anchor, item)
        if selected and isinstance(item, str) and item != "input":
            self._editor.select(selected, item)
