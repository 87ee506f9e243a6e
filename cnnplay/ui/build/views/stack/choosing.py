"""Selection in the stack: one layer, several, or a range; and its screen-reader text."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from cnnplay.network.describe import shape_text
from cnnplay.network.network import Place, find
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.boxes import Spot
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.faces import spoken
from cnnplay.ui.build.views.stack.keys import Map


class StackChooser(StackCanvas):
    """The canvas with a selection, for mouse and keyboard alike."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(editor, model, parent)
        self._anchor: Spot = ""
        """Where an extended selection starts."""

    def _go(self, spot: Spot) -> None:
        self._anchor = spot
        if isinstance(spot, Place):
            self.editor.select_place(spot)
        elif spot == "input":
            self.editor.select_input()
        else:
            self.editor.select((spot,))

    def _walk(self, spot: Spot | None, extend: bool) -> None:
        if spot is None:
            return
        if extend:
            self._extend(spot)
        else:
            self._go(spot)

    def _extend(self, spot: Spot) -> None:
        """Selects everything from the anchor to this item."""
        known = self._anchor in self.boxes.order
        anchor = self._anchor if known else self.current_spot or spot
        self._anchor = anchor
        chosen = Map(self.boxes, self.editor.network).between(anchor, spot)
        if chosen and isinstance(spot, str) and spot != "input":
            self.editor.select(chosen, spot)

    def _selection_changed(self) -> None:
        super()._selection_changed()
        if self.isVisible():
            words = self.spoken()
            self.setAccessibleDescription(words)
            if QAccessible.isActive() and self.hasFocus():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def spoken(self) -> str:
        """The current card as text for screen readers."""
        spot = self.current_spot
        if isinstance(spot, Place):
            return f"empty stack in {spot.parent or 'the network'}"
        if spot == "input":
            return f"input, {shape_text(self.editor.network.input.shape)}"
        if spot not in self.editor.node_ids:
            return ""
        return spoken(spot, find(self.editor.network, spot), self.editor.report)
