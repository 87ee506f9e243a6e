"""A run was cut off: it can go on, be looked at, or be forgotten."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnplay.ui.kit.views.notice import Notice
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.runs.cut_run import CutRunModel


class CutNotice(QWidget):
    """Takes no room while there is nothing to offer."""

    def __init__(self, model: CutRunModel, margin: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._margin = model, margin
        self.notice = Notice("panel", ("Go on", "Show it", "Dismiss"))
        go_on, show, dismiss = self.notice.buttons
        go_on.clicked.connect(model.go_on)
        go_on.setToolTip(
            "Opens its network and settings, and trains what is left, from its last checkpoint: the outcome "
            "is that of a run that was never cut off"
        )
        show.clicked.connect(model.show)
        show.setToolTip("Shows its curves among all runs")
        dismiss.clicked.connect(model.dismiss)
        dismiss.setToolTip("Does not ask about it again; it stays among the runs")
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.notice)
        model.changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows what is on offer now."""
        words = self._model.words if self._model.offered else ""
        found = self._model.found
        if found is not None:  # the header's Go on may be about other weights, of another epoch
            self.notice.buttons[0].setText(f"Go on in epoch {found.epoch:,}")
        self.notice.set_text(words)
        self.setVisible(bool(words))

    def _restyle(self) -> None:
        margin = theme().px(self._margin)
        self._layout.setContentsMargins(margin, margin, margin, 0)
