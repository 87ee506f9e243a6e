"""A scroll area that ends between two rows: a row that is cut looks broken, and hides that there is more."""

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from cnnplay.ui.kit.views.theme import theme


class WholeRows(QScrollArea):
    """Shows its content whole where there is room, else as many of its rows as are whole, and scrolls."""

    resized = Signal(int)
    """The width that its content has now."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidgetResizable(True)
        self.setWidget(content)
        content.installEventFilter(self)

    def whole_height(self) -> int:
        """What all of the content needs at the width that there is."""
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
            # Not before the rows stand where they will.
            QTimer.singleShot(0, self, self.cut_between_rows)
        return super().eventFilter(watched, event)

    def cut_between_rows(self) -> None:
        """Leaves empty what would show a part of a row."""
        room = self.contentsRect().height()
        spare = 0 if self.whole_height() <= room else room - self.last_end(room)
        if self.viewportMargins().bottom() != spare:
            self.setViewportMargins(0, 0, 0, spare)
        self.verticalScrollBar().setSingleStep(theme().px(34))

    def last_end(self, room: int) -> int:
        """Where the last row ends that is whole in this height; all of it where there is no such row."""
        content = self._content
        spans = []
        for part in content.findChildren(QWidget):
            if part.isVisibleTo(content) and not part.findChildren(QWidget):
                top = part.mapTo(content, part.rect().topLeft()).y()
                spans.append((top, top + part.height() - 1))
        ends = {end + 1 for _, end in spans if end < room}
        cut = {end for end in ends if any(top < end <= bottom for top, bottom in spans)}
        return max(ends - cut, default=room)
