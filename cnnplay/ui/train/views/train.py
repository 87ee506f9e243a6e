"""The right side of the Train workspace: curves, filters and feature maps, settings and top losses."""

from collections.abc import Iterator

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
    """The loss and the primary metric; filters and feature maps; settings and top losses. The parts of other
    features are made with `middle` (filters, then feature maps) and `bottom` (top losses) as their parents.
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
        self._run, self._settings, self._estimate = run, settings, estimate
        self._augmentation = augmentation
        self.curves = curves
        self.rows = Splitter(Qt.Orientation.Vertical, parent=self)
        self.top, self.middle, self.bottom = (
            Splitter(Qt.Orientation.Horizontal, parent=self.rows) for _ in range(3)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap())
        layout.addWidget(self.rows, 1)

    def build(self) -> Iterator[None]:
        # pyqtgraph takes 0.4 s to import: only when this workspace is opened.
        from cnnplay.ui.train.views.curve_panel import CurvePanel

        yield
        self.loss: CurvePanel = CurvePanel("loss", self._run, self.curves, self.top)
        yield
        self.primary: CurvePanel = CurvePanel("primary", self._run, self.curves, self.top)
        yield
        self.settings = SettingsPanel(
            self._settings, self._run, self._estimate, self._augmentation, self.bottom
        )
        self.settings.setMinimumHeight(LEAST_SETTINGS)
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
