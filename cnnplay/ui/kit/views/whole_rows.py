"""A scroll area that ends between two rows: a clipped row looks broken, and hides that there is more."""

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from cnnplay.ui.kit.views.theme import theme


class WholeRows(QScrollArea):
    """Shows all of its content if there is room; else as many whole rows as fit, and scrolls."""

    resized = Signal(int)
    """The new width of its content."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidgetResizable(True)
        self.setWidget(content)
        content.installEventFilter(self)

    def full_height(self) -> int:
        """The height of all of the content at the current width."""
        layout = self._content.layout()
        assert layout is not None
        width = self.viewport().width()
        least = layout.totalMinimumSize().height()
        return max(layout.totalHeightForWidth(width), least) if layout.hasHeightForWidth() else least

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), theme().px(60))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit(event.size().width())
        self.cut_between_rows()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._content and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            # Only after the layout has placed the rows.
            QTimer.singleShot(0, self, self.cut_between_rows)
        return super().eventFilter(watched, event)

    def cut_between_rows(self) -> None:
        """Leaves the room empty in which only a part of a row would fit."""
        room = self.contentsRect().height()
        spare = 0 if self.full_height() <= room else room - self.last_end(room)
        if self.viewportMargins().bottom() != spare:
            self.setViewportMargins(0, 0, 0, spare)
        self.verticalScrollBar().setSingleStep(theme().px(34))

    def last_end(self, room: int) -> int:
        """The end of the last row that fits completely into this height; `room` if there is none."""
        content = self._content
        spans = []
        for part in content.findChildren(QWidget):
            if part.isVisibleTo(content) and not part.findChildren(QWidget):
                top = part.mapTo(content, part.rect().topLeft()).y()
                spans.append((top, top + part.height() - 1))
        ends = {end + 1 for _, end in spans if end < room}
        cut = {end for end in ends if any(top < end <= bottom for top, bottom in spans)}
        return max(ends - cut, default=room)
