"""Panels: frames with a strong title and muted facts beside it."""

import re

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from cnnplay.ui.kit.views.theme import follow_theme, role, theme

TITLE_ROW = 28
"""The height of every title row: that of a button, so that titles of neighboring panels are aligned."""
QWIDGETSIZE_MAX = (1 << 24) - 1
SCROLL_BAR = 10
"""The width of a scroll bar in the style sheet."""
MARGINS = (12, 4, 12, 12)
SPACING = 4
"""Between a panel's title and its body."""


class ElidedLabel(QLabel):
    """A label that elides its text rather than growing; the tooltip then shows the full text.

    It paints its text itself: changing a QLabel's text triggers a new layout of the whole window, and many
    of these labels change during a run.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full_text = self._visible_text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(0)
        self.setText(text)

    def setText(self, text: str) -> None:
        if text != self._full_text:
            self._full_text = text
            self.setAccessibleName(text)
            self._elide()

    def text(self) -> str:
        return self._full_text

    @property
    def shown(self) -> str:
        """The visible, possibly elided text."""
        return self._visible_text

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        height = self.fontMetrics().height() + margins.top() + margins.bottom()
        return QSize(self.fontMetrics().horizontalAdvance(self._full_text), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        painter.drawItemText(
            self.contentsRect(),
            self.alignment().value,
            self.palette(),
            self.isEnabled(),
            self._visible_text,
            self.foregroundRole(),
        )
        painter.end()

    def _elide(self) -> None:
        shown = self._fitting()
        if shown != self._visible_text:
            self._visible_text = shown
            self.update()
        self.setToolTip(self._full_text if shown != self._full_text else "")

    def _fitting(self) -> str:
        width = max(self.contentsRect().width(), 0)
        return self.fontMetrics().elidedText(self._full_text, Qt.TextElideMode.ElideRight, width)


class FactsLabel(ElidedLabel):
    """Facts separated by `` · `` or ``; ``, the most important first. Without enough room, whole facts are
    dropped from the end. Only the first is elided, unless hardly anything would be left of it; then the label
    is empty.
    """

    def _fitting(self) -> str:
        metrics, width = self.fontMetrics(), max(self.contentsRect().width(), 0)
        ends = [match.start() for match in re.finditer(r" · |; ", self._full_text)]
        for end in (len(self._full_text), *reversed(ends)):
            if metrics.horizontalAdvance(self._full_text[:end]) <= width:
                return self._full_text[:end]
        first = self._full_text[: ends[0]] if ends else self._full_text
        cut = metrics.elidedText(first, Qt.TextElideMode.ElideRight, width)
        return cut if 2 * len(cut) > len(first) else ""


class Panel(QFrame):
    """A rounded surface with a title; beside it, muted, facts such as the range and unit of its content."""

    def __init__(self, title: str, muted: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self.setAccessibleName(title)
        self._title = role(QLabel(title), "strong")
        self._muted = role(FactsLabel(muted), "muted")
        self._corner = QHBoxLayout()
        self._corner.setSpacing(4)
        self._head = QWidget()
        row = self._row = QHBoxLayout(self._head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addWidget(self._muted, 1)
        row.addLayout(self._corner)
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(*MARGINS)
        outer.setSpacing(SPACING)
        outer.addWidget(self._head)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(8)
        outer.addWidget(self.content, 1)
        follow_theme(self._measure_title)

    def title_height(self) -> int:
        """The height of the panel without its body."""
        return theme().px(TITLE_ROW) + 2 * MARGINS[1] + 2

    def body_margins(self) -> int:
        """The height that an unfolded panel needs in addition to title and body."""
        return SPACING + MARGINS[3] - MARGINS[1]

    @property
    def folded(self) -> bool:
        """Whether only the title is visible."""
        return self.content.isHidden()

    def set_folded(self, folded: bool) -> None:
        """Hides the body, or shows it again."""
        if folded != self.folded:
            self.content.setHidden(folded)
            margins = MARGINS if not folded else (*MARGINS[:3], MARGINS[1])
            self._outer.setContentsMargins(*margins)
            self.setMaximumHeight(self.title_height() if folded else QWIDGETSIZE_MAX)

    def set_margins(self, left: int, top: int, right: int, bottom: int, title_right: int) -> None:
        """Sets other margins than usual; the title row ends `title_right` before the right margin."""
        self._outer.setContentsMargins(left, top, right, bottom)
        self._row.setContentsMargins(0, 0, title_right, 0)

    def _measure_title(self) -> None:
        self._head.setFixedHeight(theme().px(TITLE_ROW))
        if self.folded:
            self.setMaximumHeight(self.title_height())

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
        """Adds a widget at the right end of the title row."""
        self._corner.addWidget(widget)


class EmptyState(QWidget):
    """The text in an empty panel that says what to do, with an optional button that does it."""

    def __init__(self, text: str, button_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = wrapped(text)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton(button_text)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        # Only now that it has a parent: a widget without one would flash up as a window.
        self.button.setVisible(bool(button_text))
        layout.addStretch(1)

    def set_text(self, text: str) -> None:
        self.label.setText(text)


def wrapped(text: str = "", name: str = "muted") -> QLabel:
    """A label that wraps its text, in a role of the style sheet."""
    label = role(QLabel(text), name)
    label.setWordWrap(True)
    return label


def line() -> QFrame:
    """A horizontal line of one pixel."""
    return role(QFrame(), "line")


def gap() -> int:
    """The space between panels."""
    return theme().px(8)
