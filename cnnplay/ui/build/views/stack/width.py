"""How wide the stack stands: the same in every workspace."""

from PySide6.QtCore import QObject, Signal

from cnnplay.ui.kit.views.theme import theme

USUAL = 400
"""In pixels of the design."""
LARGEST_SHARE = 0.34
"""Of the window: with large text, what stands beside it in Look inside needs the rest of a small one."""


class StackWidth(QObject):
    """The width of the stacks of one window, as they are at first or as somebody dragged one of them."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chosen = 0
        """In pixels of the design; 0: nobody dragged."""

    def pixels(self, window: int) -> int:
        """In a window that wide."""
        if self.chosen:
            return theme().px(self.chosen)
        return min(theme().px(USUAL), round(LARGEST_SHARE * window))

    def drag(self, pixels: int) -> None:
        """Somebody dragged a stack to this width; the others follow."""
        self.choose(round(pixels / theme().text_scale))

    def choose(self, chosen: int) -> None:
        """A width in pixels of the design, or 0 for the usual one."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.changed.emit()
