"""The base of panels on what a network computes: it is computed while they are visible."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.look.look import LookModel


class LookPanel(Panel):
    """Wants `kind` of the model while it is visible (see `LookModel.want`)."""

    def __init__(self, title: str, kind: str, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(title, parent=parent)
        self.look, self._kind = look, kind

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look.want(self._kind, self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.look.want(self._kind, self, False)
