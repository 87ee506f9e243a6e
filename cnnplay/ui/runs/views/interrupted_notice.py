"""A run was interrupted: resume it, show it, or dismiss the notice."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnplay.ui.kit.views.notice import Notice
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.runs.interrupted_run import InterruptedRunModel


class InterruptedRunNotice(QWidget):
    """Hidden while there is nothing to offer."""

    def __init__(self, model: InterruptedRunModel, margin: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._margin = model, margin
        self.notice = Notice("panel", ("Resume", "Show", "Dismiss"))
        resume, show, dismiss = self.notice.buttons
        resume.clicked.connect(model.resume)
        resume.setToolTip(
            "Opens its network and settings, and trains the remaining epochs from its last checkpoint. The "
            "result is the same as without the interruption."
        )
        show.clicked.connect(model.show)
        show.setToolTip("Shows its curves in Runs.")
        dismiss.clicked.connect(model.dismiss)
        dismiss.setToolTip("Does not ask again. The run is kept in Runs.")
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.notice)
        model.changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the current offer."""
        text = self._model.text if self._model.offered else ""
        found = self._model.found
        if found is not None:  # the header's Resume may continue other weights, in another epoch
            self.notice.buttons[0].setText(f"Resume in epoch {found.epoch:,}")
        self.notice.set_text(text)
        self.setVisible(bool(text))

    def _restyle(self) -> None:
        margin = theme().px(self._margin)
        self._layout.setContentsMargins(margin, margin, margin, 0)
