"""Makes the pages of the workspaces piece by piece, before somebody has to wait for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QStackedWidget

from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.shell.session import Session
from cnnplay.ui.shell.workspaces import WORKSPACES

PAUSE_MS = 40
"""Between two pieces: what the user does meanwhile goes first."""


class PageMaker(QObject):
    """Makes each page once, when it is asked for or, after `begin`, in the pauses of a window at rest."""

    made = Signal(str, object)
    """A workspace's key, and its page with all its parts."""

    def __init__(self, session: Session, actions: StackActions, pages: QStackedWidget) -> None:
        super().__init__(pages)
        self._session, self._actions, self._pages = session, actions, pages
        self._begun: dict[str, tuple[Any, Iterator[None]]] = {}
        self._waiting = [key for key in WORKSPACES if key != "build"]
        self._timer = QTimer(self, interval=PAUSE_MS, timerType=Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._go_on)

    def begin(self) -> None:
        """From now on pages are made in advance."""
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def make(self, key: str) -> None:
        """Makes what is missing of a page that is not made yet, at once."""
        while key in self._waiting:
            self._step(key)

    @Slot()
    def _go_on(self) -> None:
        if not self._waiting:
            self._timer.stop()
        elif self._session.warm and not self._session.run.active and not QApplication.mouseButtons():
            self._step(self._waiting[0])

    def _step(self, key: str) -> None:
        """One piece of a page; after the last, the page is made."""
        if key not in self._begun:
            page = WORKSPACES[key].load()(self._session, self._actions, self._pages)
            self._pages.addWidget(page)
            self._begun[key] = page, page.build()
        page, pieces = self._begun[key]
        if next(pieces, self) is self:
            self._waiting.remove(key)
            del self._begun[key]
            self.made.emit(key, page)
