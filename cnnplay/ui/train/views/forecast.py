"""The memory that a run would take, in one line, with the largest batch on a click, or the mend."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.train.forecast import ForecastModel


class ForecastLine(QWidget):
    """``240 MB of 18 GB free``. The status bar has the times beside it."""

    def __init__(self, forecast: ForecastModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forecast, self._wanted = forecast, True
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.label.setToolTip(
            "What the run is expected to take on this machine: weights, gradients, the optimizer's state, "
            "all feature maps of a batch, and the pictures."
        )
        self.mend = QPushButton()
        role(self.mend, "link")
        self.mend.clicked.connect(forecast.mend)
        self.largest = QPushButton()
        role(self.largest, "link")
        self.largest.clicked.connect(forecast.use_largest)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme().px(8))
        layout.addWidget(self.label, 1)
        layout.addWidget(self.largest)
        layout.addWidget(self.mend)
        forecast.changed.connect(self.refresh)
        self.refresh()

    def set_wanted(self, wanted: bool) -> None:
        """Whether it may be seen: while a run is on, what is left of that run matters."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the forecast as it is now."""
        forecast = self._forecast
        words = forecast.advice or forecast.memory_words or forecast.words
        self.label.setText(words)
        role(self.label, "fault" if forecast.advice else "muted")
        self.mend.setText(forecast.mend_label)
        self.mend.setToolTip("Sets the batch size to the largest one that fits into the free memory")
        self.mend.setVisible(bool(forecast.mend_label))
        self.largest.setText(forecast.largest_label)
        self.largest.setToolTip(forecast.largest_hint)
        self.largest.setVisible(bool(forecast.largest_label))
        self.setVisible(self._wanted and bool(words))
