"""The frames that everything stands in: a panel with a strong title and muted facts beside it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnplay.widgets.theme import role, theme


class ElidedLabel(QLabel):
    """A label that shortens its text with an ellipsis rather than growing; the tooltip has it whole."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = text
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(0)
        self._elide()

    def setText(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self._elide()

    def text(self) -> str:
        return self._whole

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width(), 0))
        super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class Panel(QFrame):
    """A rounded surface. Its title says what it is; beside it, muted, what it shows, its range and unit."""

    def __init__(self, title: str, muted: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self.setAccessibleName(title)
        self._title = QLabel(title)
        role(self._title, "strong")
        self._muted = ElidedLabel(muted)
        role(self._muted, "muted")
        self._corner = QHBoxLayout()
        self._corner.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addWidget(self._muted, 1)
        row.addLayout(self._corner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 8, 12, 12)
        outer.setSpacing(8)
        outer.addLayout(row)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        outer.addLayout(self.body, 1)

    def set_title(self, text: str) -> None:
        self._title.setText(text)
        self.setAccessibleName(text)

    def set_muted(self, text: str) -> None:
        self._muted.setText(text)

    def title(self) -> str:
        return self._title.text()

    def muted(self) -> str:
        return self._muted.text()

    def add_corner(self, widget: QWidget) -> None:
        """Puts a widget at the right end of the title's row."""
        self._corner.addWidget(widget)


class EmptyState(QWidget):
    """Words in the middle of an empty panel that say what to do, and perhaps a button that does it."""

    def __init__(self, text: str, button_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel(text)
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        role(self.label, "muted")
        self.button = QPushButton(button_text)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        # Not before it has a parent: a widget without one would flash up as a window.
        self.button.setVisible(bool(button_text))
        layout.addStretch(1)

    def set_text(self, text: str) -> None:
        self.label.setText(text)


def line() -> QFrame:
    """A line of one pixel across."""
    frame = QFrame()
    role(frame, "line")
    return frame


def gap() -> int:
    """The space between panels."""
    return theme().px(8)
