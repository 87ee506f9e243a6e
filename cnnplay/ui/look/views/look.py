"""The right side of the workspace Look inside: the image, and below it what the network computes for it."""

from collections.abc import Iterator

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QSplitter, QTabWidget, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.panel import MARGINS, Panel, gap
from cnnplay.ui.kit.views.splitter import SplitPage, Splitter
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.confusion import ConfusionView
from cnnplay.ui.look.views.filters import FiltersView
from cnnplay.ui.look.views.image_bar import ImageBar
from cnnplay.ui.look.views.maps import MapsView
from cnnplay.ui.look.views.overlay import OverlayView
from cnnplay.ui.look.views.prediction import PredictionView
from cnnplay.ui.look.views.top_losses import TopLossesView


class LookWorkspace(SplitPage):
    """Image bar; maps and one of them over the image; filters and, in tabs, prediction and mistakes."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Look inside")
        self._look = look
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(gap())

    def build(self) -> Iterator[None]:
        self.image_bar = ImageBar(self._look, self)
        self._layout.addWidget(self.image_bar)
        self.rows = Splitter(Qt.Orientation.Vertical, parent=self)
        self.top, self.bottom = (Splitter(Qt.Orientation.Horizontal, parent=self.rows) for _ in range(2))
        self._layout.addWidget(self.rows, 1)
        yield
        self.maps = MapsView(self._look, self.top)
        yield
        self.overlay = OverlayView(self._look, self.top)
        self.maps.opened.connect(self.overlay.canvas.setFocus)
        yield
        self.filters = FiltersView(self._look, self.bottom)
        self._frame_tabs()
        yield
        self.prediction = PredictionView(self._look)
        self._add_tab(self.prediction, "The prediction for the image")
        yield
        self.confusion = ConfusionView(self._look)
        self._add_tab(self.confusion, "Which classes are confused with which, over all validation images")
        yield
        self.top_losses = TopLossesView(self._look)
        self._add_tab(self.top_losses, "The most confident mistakes")
        follow_theme(self._restyle)
        self.reset_layout()

    def _add_tab(self, panel: Panel, hint: str) -> None:
        name = panel.title()
        self.tabs.setTabToolTip(self.tabs.addTab(panel, name), hint)
        panel.set_title("")  # the tab has it
        panel.setAccessibleName(name)
        # The frame is around the tabs, not below them.
        role(panel, "")
        panel.set_margins(0, 0, 0, 0, 0)

    def _frame_tabs(self) -> None:
        """The tabs, in a panel of their own: their names are where the neighbors' titles are."""
        self._frame = role(QFrame(self.bottom), "panel")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        layout = QVBoxLayout(self._frame)
        left, top, right, bottom = MARGINS
        layout.setContentsMargins(left, top, right, bottom)
        layout.addWidget(self.tabs)

    def _restyle(self) -> None:
        self._measure_tabs()
        # Once more when the tabs have the new type.
        QTimer.singleShot(0, self, self._measure_tabs)

    def _measure_tabs(self) -> None:
        # Explicit, so that what a tab holds does not push the splitter about when tabs change; wide enough
        # for the tabs' names.
        names = self.tabs.tabBar().sizeHint().width() + MARGINS[0] + MARGINS[2] + 2
        self._frame.setMinimumSize(max(names, theme().px(240)), 160)

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view showed something new."""
        return {
            "maps": self.maps.redraws,
            "overlay": self.overlay.redraws,
            "filters": self.filters.redraws,
            "prediction": self.prediction.redraws,
            "confusion": self.confusion.redraws,
            "most wrong": self.top_losses.redraws,
        }

    def reset_layout(self) -> None:
        self.rows.setSizes([560, 440])
        self.top.setSizes([620, 380])
        self.bottom.setSizes([540, 460])

    @property
    def splitters(self) -> tuple[QSplitter, ...]:
        return (self.rows, self.top, self.bottom)
