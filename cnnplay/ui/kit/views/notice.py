"""A framed message with buttons."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from cnnplay.ui.kit.views.theme import role, theme


class Notice(QFrame):
    """A framed message with buttons; hidden while there is no text."""

    def __init__(self, frame: str, buttons: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, frame)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = self._layout = QHBoxLayout(self)
        layout.addWidget(self.label, 1)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.buttons: list[QPushButton] = []
        for text in buttons:
            button = QPushButton(text)
            role(button, "link")
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons.append(button)
        self.hide()

    def _restyle(self) -> None:
        px = theme().px
        self._layout.setContentsMargins(px(12), px(4), px(6), px(4))
        self._layout.setSpacing(px(4))

    def set_text(self, text: str) -> None:
        """Shows a text; "" hides the notice."""
        if text != self.label.text():
            self.label.setText(text)
            self.setAccessibleName(text)
        self.setVisible(bool(text))
