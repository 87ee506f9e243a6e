"""The data set browser: samples by class and split, counts, mean images, μ and σ, and what was left out."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.views.browser_classes import ClassesPanel
from cnnplay.ui.data.views.browser_images import ImagesPanel
from cnnplay.ui.data.views.browser_left_out import LeftOutPanel
from cnnplay.ui.data.views.browser_means import MeansPanel
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import role, theme

FIRST_SIZE = (1080, 700)


class Browser(QDialog):
    """A modeless window that follows the data set in use."""

    def __init__(self, model: BrowseModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setWindowTitle("Data set")
        self._title = role(QLabel(), "title")
        self._summary = role(ElidedLabel(), "muted")
        top = hbox(self._title, (self._summary, 1), spacing=8)
        self.classes = ClassesPanel(model)
        self.images = ImagesPanel(model)
        self.means = MeansPanel(model)
        self.left_out = LeftOutPanel(model)
        left = vbox((self.classes, 1), self.left_out, spacing=8)
        right = vbox((self.images, 1), self.means, spacing=8)
        both = hbox(left, (right, 1), spacing=8)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(both, 1)
        resize_first(self, QSize(*FIRST_SIZE) * theme().text_scale)
        model.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Updates the title."""
        self._title.setText(self._model.title or "No data set")
        self._summary.setText(self._model.summary)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.open()

    def hideEvent(self, event: QHideEvent) -> None:
        self._model.close()
        super().hideEvent(event)
