"""The width of the stack: the same in every workspace."""

from PySide6.QtCore import QObject, Signal

from cnnplay.ui.kit.views.theme import theme

DEFAULT = 400
"""In design pixels."""
MAX_SHARE = 0.34
"""Of the window: with large text, Look inside needs the rest of a small window."""


class StackWidth(QObject):
    """The shared width of the stack views of one window: the default, or as dragged by the user."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferred = 0
        """In design pixels; 0: the default."""

    def pixels(self, window: int) -> int:
        """The width in pixels, in a window of this width."""
        if self.preferred:
            return theme().px(self.preferred)
        return min(theme().px(DEFAULT), round(MAX_SHARE * window))

    def drag(self, pixels: int) -> None:
        """Sets the width that the user dragged a stack to; the other views follow."""
        self.set_preferred(round(pixels / theme().text_scale))

    def set_preferred(self, width: int) -> None:
        """Sets the width in design pixels; 0 for the default."""
        if width != self.preferred:
            self.preferred = width
            self.changed.emit()
