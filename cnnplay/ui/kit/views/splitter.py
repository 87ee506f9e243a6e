"""Splitters in the application's look, and pages that remember where their splitters are."""

from collections.abc import Iterator
from typing import Self

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from cnnplay.ui.kit.views.theme import follow_theme, theme


class Splitter(QSplitter):
    """A splitter whose handles scale with the text; none of its parts can be collapsed. Widgets that are made
    with it as their parent become parts too.
    """

    def __init__(self, orientation: Qt.Orientation, *parts: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setChildrenCollapsible(False)
        for part in parts:
            self.addWidget(part)
        follow_theme(self._restyle)

    def _restyle(self) -> None:
        self.setHandleWidth(theme().px(8))


class SplitPage(QWidget):
    """A page whose `splitters` the user can move. It can be shown once all its parts are made."""

    def build(self) -> Iterator[None]:
        """Makes the parts, one at each step: all at once would block the window too long.

        Each is made inside its final parent: a widget that is moved is styled anew, with all below it.
        """
        raise NotImplementedError

    def built(self) -> Self:
        """The page with all parts made."""
        for _ in self.build():
            pass
        return self

    @property
    def splitters(self) -> tuple[QSplitter, ...]:
        """Those whose positions are saved, always in this order."""
        raise NotImplementedError

    def reset_layout(self) -> None:
        """Restores the default sizes."""
        raise NotImplementedError

    def save_layout(self) -> QByteArray:
        """The positions of the splitters, for `restore_layout`."""
        state = QByteArray()
        for splitter in self.splitters:
            state.append(splitter.saveState().toBase64()).append(b" ")
        return state

    def restore_layout(self, state: QByteArray) -> bool:
        """Restores the positions. An unreadable state changes nothing; returns whether it was readable."""
        parts = bytes(state.data()).split()
        if len(parts) != len(self.splitters):
            return False
        for splitter, part in zip(self.splitters, parts, strict=True):
            splitter.restoreState(QByteArray.fromBase64(part))
        return True
