"""The browser's mean images, with μ and σ."""

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QSizePolicy

from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import follow_theme, theme
from cnnplay.ui.kit.views.tile_panel import Pages
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.kit.views.tooltip import tip

HEIGHT = 152


class MeansPanel(Panel):
    """The mean image of the training split and of each of its classes."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Mean image")
        self._model = model
        self.view = TilesView("Mean images", least=32, most=96)
        self.view.setToolTip("The mean of all training images, then of each class")
        self.pages = Pages(self.view)
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.statistics = QLabel()
        self.statistics.setMinimumWidth(1)  # three channels at a large text size need not widen the window
        self.statistics.setToolTip(
            tip(
                "Mean and standard deviation of each channel over the training split, with pixels in 0…1. "
                "Runs normalize images with these values where the image size fits the network"
            )
        )
        self.add_corner(self.pages)
        self.add_corner(self.statistics)
        self.body.addWidget(self.view, 1)
        model.overview_changed.connect(self.refresh)
        follow_theme(self._restyle)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        self.set_muted(self._model.used_text if self._model.images is not None else "")
        self.statistics.setText(self._model.statistics_text)
        found = self._model.overview
        if found is None:
            self.view.show_tiles(None)
        else:
            means = found.means
            values = np.repeat(means, 3, axis=3) if means.shape[3] == 1 else means
            limits = np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
            self.view.show_tiles(Tiles(values, "image", limits, labels=("all", *self._model.classes)))
        self.pages.refresh()

    def _restyle(self) -> None:
        self.setFixedHeight(theme().px(HEIGHT))
