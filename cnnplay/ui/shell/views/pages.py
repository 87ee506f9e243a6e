"""The pages of the workspaces: a feature's own panels, mostly with the stack at the left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnplay.ui.build.views.build import BuildWorkspace
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.panel import StackPanel
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.views.splitter import SplitPage, Splitter
from cnnplay.ui.kit.views.theme import follow_theme, theme
from cnnplay.ui.learn.views.concept import ConceptPage
from cnnplay.ui.look.views.filters import FiltersView
from cnnplay.ui.look.views.look import LookWorkspace
from cnnplay.ui.look.views.maps import MapsView
from cnnplay.ui.look.views.top_losses import TopLossesView
from cnnplay.ui.plot.curve_settings import SMOOTHINGS
from cnnplay.ui.shell.session import Session
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.views.train import TrainWorkspace

if TYPE_CHECKING:
    from cnnplay.ui.runs.views.runs import RunsWorkspace

SEPARATOR = b"|cnnplay|"
MODULES = (
    "cnnplay.ui.train.views.curve_panel",
    "cnnplay.ui.runs.views.runs",
    "cnnplay.ui.search.views.search_button",
)
"""What the pages import only when they are made."""


class BuildPage(BuildWorkspace):
    """The workspace Build, with the step-by-step page."""

    def __init__(self, session: Session, actions: StackActions) -> None:
        super().__init__(session.editor, session.stack, actions, session.layer_times)
        self.set_concept_page(ConceptPage(session.concept))
        self.problems.add_source(session.fit_offer.class_problems, session.data.changed)


class StackPage(QWidget):
    """The stack with a workspace beside it. It can be shown once `build` has made all its parts."""

    def __init__(self, session: Session, actions: StackActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._actions = session, actions
        self._width = actions.width
        self._layout = QVBoxLayout(self)
        self._splitter = Splitter(Qt.Orientation.Horizontal, parent=self)
        self._layout.addWidget(self._splitter)

    def build(self) -> Iterator[None]:
        """Makes the parts, one at each step."""
        session = self._session
        self.stack_panel = StackPanel(session.editor, session.stack, self._actions, self._splitter)
        self.view = self.stack_panel.view
        yield
        self.side: SplitPage = self._make_side(self._splitter)
        yield from self.side.build()
        yield from self._add_to_side()
        self._splitter.setStretchFactor(1, 1)
        self._splitter.splitterMoved.connect(self._dragged)
        self._width.changed.connect(self._place)
        follow_theme(self._restyle)

    def _make_side(self, parent: QWidget) -> SplitPage:
        """The workspace, none of its parts made yet."""
        raise NotImplementedError

    def _add_to_side(self) -> Iterator[None]:
        """Adds other features' parts to the workspace, one at each step."""
        yield from ()

    def save_layout(self) -> QByteArray:
        """The splitters beside the stack; the Build workspace saves the stack's width."""
        return QByteArray(SEPARATOR).append(self.side.save_layout())

    def restore_layout(self, state: QByteArray) -> None:
        """Restores the splitters; unreadable data changes nothing."""
        _, found, inner = bytes(state.data()).partition(SEPARATOR)
        if found:
            self.side.restore_layout(QByteArray(inner))

    def reset_layout(self) -> None:
        self._width.set_preferred(0)
        self._place()
        self.side.reset_layout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    @Slot()
    def _place(self) -> None:
        stack = self._width.pixels(self.width())
        self._splitter.setSizes(
            [stack, max(1, self._splitter.width() - stack - self._splitter.handleWidth())]
        )

    @Slot()
    def _dragged(self) -> None:
        self._width.drag(self.stack_panel.width())

    @Slot()
    def _restyle(self) -> None:
        margin = theme().px(8)
        self._layout.setContentsMargins(margin, margin, margin, margin)
        self._place()
        # Once more, when the parts know their minimum sizes in the new font.
        QTimer.singleShot(0, self, self._place)


class TrainPage(StackPage):
    """Curves, live filters and feature maps, settings, top losses."""

    def _make_side(self, parent: QWidget) -> TrainWorkspace:
        session = self._session
        self._curves = _curves_as_left(session.preferences)
        self.workspace = TrainWorkspace(
            session.run, session.settings, session.estimate, self._curves, session.augmentation, parent
        )
        return self.workspace

    def _add_to_side(self) -> Iterator[None]:
        yield
        self.filters = FiltersView(self._session.look, self.workspace.middle)
        yield
        self.maps = MapsView(self._session.look, self.workspace.middle)
        yield
        self.top_losses = TopLossesView(self._session.look, self.workspace.bottom)
        self.workspace.reset_layout()
        self._curves.changed.connect(self._remember_curves)

    @Slot()
    def _remember_curves(self) -> None:
        preferences = self._session.preferences
        preferences.set("smoothing", self._curves.smoothing)
        preferences.set("logarithmic", self._curves.logarithmic)

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view was redrawn."""
        return {
            **self.workspace.redraws,
            "filters": self.filters.redraws,
            "maps": self.maps.redraws,
            "most wrong": self.top_losses.redraws,
        }


def _curves_as_left(preferences: Preferences) -> CurvesModel:
    """Curves with the smoothing and scale that were used last."""
    curves = CurvesModel()
    smoothing = preferences.number("smoothing", curves.smoothing)
    if smoothing in SMOOTHINGS:
        curves.set_smoothing(int(smoothing))
    curves.set_logarithmic(preferences.flag("logarithmic", curves.logarithmic))
    return curves


class LookPage(StackPage):
    """What each layer computes from an image, and where the network is wrong."""

    def _make_side(self, parent: QWidget) -> LookWorkspace:
        self.workspace = LookWorkspace(self._session.look, parent)
        return self.workspace

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view was redrawn."""
        return self.workspace.redraws


class RunsPage(StackPage):
    """All runs, their curves and their differences."""

    def _make_side(self, parent: QWidget) -> RunsWorkspace:
        # Imported here: it brings pyqtgraph, which takes 0.4 s.
        from cnnplay.ui.runs.views.runs import RunsWorkspace

        session = self._session
        self.workspace = RunsWorkspace(session.runs, session.run_actions, session.run_loader, parent)
        return self.workspace

    @property
    def redraws(self) -> dict[str, int]:
        """How often each view was redrawn."""
        return self.workspace.redraws
