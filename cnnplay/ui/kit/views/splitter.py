"""A splitter in the application's look."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from cnnplay.ui.kit.views.theme import theme


class Splitter(QSplitter):
    """A splitter whose handles scale with the text; none of its parts can be collapsed."""

    def __init__(self, orientation: Qt.Orientation, *parts: QWidget) -> None:
        super().__init__(orientation)
        self.setChildrenCollapsible(False)
        for part in parts:
            self.addWidget(part)
        theme().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setHandleWidth(theme().px(8))
