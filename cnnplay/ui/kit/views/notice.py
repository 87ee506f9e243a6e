"""Framed messages with buttons."""

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip

NoticeButton: TypeAlias = tuple[str, str, Callable[[], object]]
"""The text of a button, its tooltip, and what a click does."""
MARGIN = 8
"""Around notices, in design pixels."""


class Notice(QFrame):
    """A framed message with buttons; hidden while there is no text."""

    def __init__(self, frame: str, *buttons: NoticeButton) -> None:
        super().__init__()
        role(self, frame)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = self._layout = QHBoxLayout(self)
        layout.addWidget(self.label, 1)
        follow_theme(self._restyle)
        self.buttons: list[QPushButton] = []
        for text, hint, clicked in buttons:
            button = role(QPushButton(text), "link")
            button.setToolTip(tip(hint))
            button.clicked.connect(clicked)
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


class NoticeStack(QWidget):
    """Notices one below the other, `spacing` design pixels apart; hidden while all of them are."""

    def __init__(self, spacing: int = MARGIN) -> None:
        super().__init__()
        self._notices: list[QWidget] = []
        self._spacing = spacing
        self._layout = QVBoxLayout(self)
        follow_theme(self._restyle)
        self.hide()

    def add(self, *notices: QWidget) -> None:
        """Adds notices at the lower end."""
        for notice in notices:
            self._layout.addWidget(notice)
            self._notices.append(notice)
            notice.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.setVisible(any(not notice.isHidden() for notice in self._notices))
        return False

    def _restyle(self) -> None:
        px = theme().px
        # The upper margin does not grow with the text: the window must still fit on a small projector.
        self._layout.setContentsMargins(px(MARGIN), MARGIN, px(MARGIN), 0)
        self._layout.setSpacing(px(self._spacing))
