"""The estimated memory of a run in one line, with links to the largest batch size, or to the fix."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.estimate import EstimateModel


class EstimateLine(QWidget):
    """``240 MB of 18 GB free``. The status bar also shows the times."""

    def __init__(self, estimate: EstimateModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._estimate, self._wanted = estimate, True
        self.label = wrapped("", "")
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.label.setToolTip(
            tip(
                "Estimated memory of the run on this machine: weights, gradients, optimizer state, all "
                "feature maps of a batch, and the images."
            )
        )
        self.fix = role(QPushButton(), "link")
        self.fix.clicked.connect(estimate.fix)
        self.largest = role(QPushButton(), "link")
        self.largest.clicked.connect(estimate.use_largest)
        hbox((self.label, 1), self.largest, self.fix, spacing=8, into=self)
        estimate.changed.connect(self.refresh)
        self.refresh()

    def set_wanted(self, wanted: bool) -> None:
        """Whether it may be visible: during a run, the progress of that run matters."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        estimate = self._estimate
        text = estimate.advice or estimate.memory_text or estimate.text
        self.label.setText(text)
        role(self.label, "fault" if estimate.advice else "muted")
        self.fix.setText(estimate.fix_label)
        self.fix.setToolTip("Set the batch size to the largest one that fits into free memory")
        self.fix.setVisible(bool(estimate.fix_label))
        self.largest.setText(estimate.largest_label)
        self.largest.setToolTip(tip(estimate.largest_hint))
        self.largest.setVisible(bool(estimate.largest_label))
        self.setVisible(self._wanted and bool(text))
