"""The right side of the Train workspace: curves, filters and feature maps, settings and top losses."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.panel import gap
from cnnplay.ui.kit.views.splitter import SplitPage, Splitter
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.train.augmentation import AugmentationModel
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.views.settings import SettingsPanel

LEAST_SETTINGS = 188
"""The minimum height of the settings in screen pixels. They scroll, so that with large text and a notice
above, the window still fits on a small projector."""


class TrainWorkspace(SplitPage):
    """The loss and the primary metric; filters and feature maps; settings and top losses. `set_filters`,
    `set_maps` and `set_top_losses` set the widgets of other features.
    """

    def __init__(
        self,
        run: RunModel,
        settings: SettingsModel,
        estimate: EstimateModel,
        curves: CurvesModel,
        augmentation: AugmentationModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Train")
        # pyqtgraph takes 0.4 s to import: only when this workspace is opened.
        from cnnplay.ui.train.views.curve_panel import CurvePanel

        self.curves = curves
        self.loss: CurvePanel = CurvePanel("loss", run, self.curves)
        self.primary: CurvePanel = CurvePanel("primary", run, self.curves)
        self.settings = SettingsPanel(settings, run, estimate, augmentation)
        self.settings.setMinimumHeight(LEAST_SETTINGS)
        self.top = Splitter(Qt.Orientation.Horizontal, self.loss, self.primary)
        self.middle = Splitter(Qt.Orientation.Horizontal)
        self.bottom = Splitter(Qt.Orientation.Horizontal, self.settings)
        self.rows = Splitter(Qt.Orientation.Vertical, self.top, self.middle, self.bottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap())
        layout.addWidget(self.rows, 1)
        self.reset_layout()

    def set_filters(self, widget: QWidget) -> None:
        """Puts the filters of the selected layer into the middle row, on the left."""
        self.middle.insertWidget(0, widget)
        self.reset_layout()

    def set_maps(self, widget: QWidget) -> None:
        """Puts the feature maps of the selected layer beside the filters."""
        self.middle.addWidget(widget)
        self.reset_layout()

    def set_top_losses(self, widget: QWidget) -> None:
        """Puts the top losses beside the settings."""
        self.bottom.addWidget(widget)
        self.reset_layout()

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view was redrawn."""
        return {panel.plot.metric_name: panel.plot.redraws for panel in (self.loss, self.primary)}

    def reset_layout(self) -> None:
        self.rows.setSizes([340, 440, min(theme().px(220), 300)] if self.middle.count() else [640, 0, 360])
        self.middle.setVisible(bool(self.middle.count()))
        self.top.setSizes([500, 500])
        self.middle.setSizes([410, 590])
        self.bottom.setSizes([500, 500])
        for splitter in (self.top, self.middle, self.bottom):
            for index in range(splitter.count()):
                splitter.setStretchFactor(index, 1)
        # The settings keep their height; curves and images share the rest of a taller window.
        self.rows.setStretchFactor(0, 3)
        self.rows.setStretchFactor(1, 3)
        self.rows.setStretchFactor(2, 0)

    @property
    def splitters(self) -> tuple[QSplitter, ...]:
        return (self.rows, self.top, self.middle, self.bottom)
