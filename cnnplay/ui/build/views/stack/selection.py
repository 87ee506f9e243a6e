"""Selection in the stack: one layer, several, or a range; and its screen-reader text."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from cnnplay.network.describe import shape_text
from cnnplay.network.network import Place, find
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.boxes import Item
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.card_text import spoken_text
from cnnplay.ui.build.views.stack.navigation import StackNavigation


class StackSelection(StackCanvas):
    """The canvas with a selection, for mouse and keyboard alike."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(editor, model, parent)
        self._anchor: Item = ""
        """Where an extended selection starts."""

    def _select_item(self, item: Item) -> None:
        self._anchor = item
        if isinstance(item, Place):
            self.editor.select_place(item)
        elif item == "input":
            self.editor.select_input()
        else:
            self.editor.select((item,))

    def _move_to(self, item: Item | None, extend: bool) -> None:
        if item is None:
            return
        if extend:
            self._extend(item)
        else:
            self._select_item(item)

    def _extend(self, item: Item) -> None:
        """Selects everything from the anchor to this item."""
        known = self._anchor in self.boxes.order
        anchor = self._anchor if known else self.current_item or item
        self._anchor = anchor
        selected = StackNavigation(self.boxes, self.editor.network).between(anchor, item)
        if selected and isinstance(item, str) and item != "input":
            self.editor.select(selected, item)

    def _selection_changed(self) -> None:
        super()._selection_changed()
        if self.isVisible():
            text = self.spoken_text()
            self.setAccessibleDescription(text)
            if QAccessible.isActive() and self.hasFocus():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def spoken_text(self) -> str:
        """The current card as text for screen readers."""
        item = self.current_item
        if isinstance(item, Place):
            return f"empty stack in {item.parent or 'the network'}"
        if item == "input":
            return f"input, {shape_text(self.editor.network.input.shape)}"
        if item not in self.editor.node_ids:
            return ""
        return spoken_text(item, find(self.editor.network, item), self.editor.report)
