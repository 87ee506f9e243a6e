"""Panels beside or above one another, with a gap between them that can be dragged."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from cnnplay.ui.kit.views.theme import theme


class Splitter(QSplitter):
    """A splitter whose gaps follow the text size; none of its parts can be dragged away."""

    def __init__(self, orientation: Qt.Orientation, *parts: QWidget) -> None:
        super().__init__(orientation)
        self.setChildrenCollapsible(False)
        for part in parts:
            self.addWidget(part)
        theme().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setHandleWidth(theme().px(8))
