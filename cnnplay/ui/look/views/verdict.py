"""What the views of a verdict share: they want one while they are seen, and say why there is none."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.look.judged import Judged
from cnnplay.ui.look.look import LookModel


class VerdictView(Panel):
    """A panel on the newest verdict. A subclass shows one in `show_verdict`, and what is `empty` else."""

    def __init__(self, title: str, empty: str, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(title, parent=parent)
        self.look = look
        self.empty = EmptyState(empty)
        self._why_empty = empty
        self.body.addWidget(self.empty, 1)
        look.judge.changed.connect(self.refresh)
        look.judge.progressed.connect(self._say_progress)
        look.data.changed.connect(self.refresh)

    def show_verdict(self, verdict: Judged | None) -> str:
        """Shows a verdict; why there is nothing to show of it, "" where there is."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Shows what the model holds now."""
        verdict = self.look.judge.judged
        reason = self.show_verdict(verdict)
        self.set_muted(self.muted_words())
        self.empty.setVisible(verdict is None or bool(reason))
        self.empty.set_text(self._why_empty if verdict is None else reason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look.want("judged", self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.look.want("judged", self, False)

    def muted_words(self) -> str:
        return self.look.judge.words

    def _say_progress(self) -> None:
        self.set_muted(self.muted_words())
