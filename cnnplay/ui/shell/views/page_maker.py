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
        self._timer.timeout.connect(self._make_next)

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
    def _make_next(self) -> None:
        if not self._waiting:
            self._timer.stop()
        elif self._session.at_rest and not QApplication.mouseButtons():
            self._step(self._waiting[0])

    def _step(self, key: str) -> None:
        """One piece of a page; after the last, the page is made."""
        try:
            done = self._piece(key)
        except Exception:
            # Half a page must not be taken for one: the next time it is asked for it is begun anew.
            self._timer.stop()
            page, _ = self._begun.pop(key, (None, None))
            if page is not None:
                self._pages.removeWidget(page)
                page.deleteLater()
            raise
        if done is not None:
            self._waiting.remove(key)
            del self._begun[key]
            self.made.emit(key, done)

    def _piece(self, key: str) -> Any:
        """Makes the next piece; returns the page if it was the last, else None."""
        if key not in self._begun:
            page = WORKSPACES[key].load()(self._session, self._actions, self._pages)
            self._pages.addWidget(page)
            self._begun[key] = page, page.build()
        page, pieces = self._begun[key]
        return page if next(pieces, self) is self else None
