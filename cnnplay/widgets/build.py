"""The Build workspace: what blocks there are, the stack, and what is to be known of the chosen block."""

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.stack import StackModel
from cnnplay.widgets.costs import CostsPanel
from cnnplay.widgets.faults import FaultsPanel
from cnnplay.widgets.gallery import Gallery
from cnnplay.widgets.palette import PalettePanel
from cnnplay.widgets.properties import PropertiesPanel
from cnnplay.widgets.stack.actions import StackActions
from cnnplay.widgets.stack.panel import StackPanel
from cnnplay.widgets.theme import theme

WIDTHS = (200, 400, 780)
HEIGHTS = (332, 520)


class BuildWorkspace(QWidget):
    """Palette | stack | properties, faults, and below them the costs or the concept's page.

    `preset_opened(key)`: a preset was opened from the list or the gallery.
    """

    preset_opened = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel,
        actions: StackActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self.palette_panel = PalettePanel(editor)
        self.stack_panel = StackPanel(editor, model, actions)
        self.properties = PropertiesPanel(editor)
        self.faults = FaultsPanel(editor)
        self.costs = CostsPanel(editor, model)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.costs)
        self.concept: QWidget | None = None
        self.step_button = QPushButton()
        self.step_button.setCheckable(True)
        self.step_button.hide()
        self.step_button.setToolTip(
            "Pressed: steps through the block's arithmetic instead of showing the costs."
        )
        self.step_button.toggled.connect(self.show_concept)
        self.properties.add_corner(self.step_button)
        self._gallery: Gallery | None = None
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(8))
        column.addWidget(self.faults)
        column.addWidget(self.pages, 1)
        self._right = _splitter(Qt.Orientation.Vertical, self.properties, lower)
        self._splitter = _splitter(
            Qt.Orientation.Horizontal, self.palette_panel, self.stack_panel, self._right
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme().px(8), theme().px(8), theme().px(8), theme().px(8))
        layout.addWidget(self._splitter)
        self._scale = theme().text_scale
        self.reset_layout()
        self._connect()

    @property
    def view(self) -> QWidget:
        """The stack, where the keyboard goes when the workspace opens."""
        return self.stack_panel.view

    def set_concept(self, widget: QWidget, title: str = "Step through") -> None:
        """Puts the concept's page behind the costs, with a button beside the formula that shows it."""
        if self.concept is not None:
            self.pages.removeWidget(self.concept)
        self.concept = widget
        self.pages.addWidget(widget)
        self.step_button.setText(title)
        self.step_button.show()

    def show_concept(self, shown: bool = True) -> None:
        """Shows the concept's page, or the costs."""
        if self.concept is not None:
            self.pages.setCurrentWidget(self.concept if shown else self.costs)
            self.step_button.setChecked(shown)

    def save_layout(self) -> QByteArray:
        """Where the splitters stand."""
        return self._splitter.saveState() + b"|cnnplay|" + self._right.saveState()

    def restore_layout(self, state: QByteArray | bytes) -> bool:
        """Puts the splitters back; whether the state was one of ours."""
        outer, _, inner = bytes(state).partition(b"|cnnplay|")  # type: ignore[arg-type]
        restored = self._splitter.restoreState(QByteArray(outer))
        return self._right.restoreState(QByteArray(inner)) and restored

    def reset_layout(self) -> None:
        """The splitters as they were at first."""
        self._splitter.setSizes([theme().px(size) for size in WIDTHS])
        self._right.setSizes([theme().px(size) for size in HEIGHTS])

    def open_gallery(self) -> None:
        """Shows the presets as cards."""
        if self._gallery is None:
            self._gallery = Gallery(self)
            self._gallery.chosen.connect(self._open_preset)
        self._gallery.open()

    def _connect(self) -> None:
        blocks, view = self.palette_panel.blocks, self.stack_panel.view
        blocks.drag_moved.connect(view.external_drag)
        blocks.drag_dropped.connect(view.external_drop)
        blocks.drag_cancelled.connect(view.cancel_drag)
        view.activated.connect(self._activated)
        theme().changed.connect(self._restyle)
        self.palette_panel.gallery_asked.connect(self.open_gallery)
        self.palette_panel.preset_chosen.connect(self._open_preset)

    def _open_preset(self, key: str) -> None:
        self._editor.load_preset(key)
        self.preset_opened.emit(key)

    def _activated(self, _spot: str) -> None:
        self.properties.focus_first()

    def _restyle(self) -> None:
        """Larger text needs wider columns."""
        if theme().text_scale != self._scale:
            self._scale = theme().text_scale
            self.reset_layout()


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(theme().px(8))
    for part in parts:
        splitter.addWidget(part)
    splitter.setStretchFactor(splitter.count() - 1, 1)
    return splitter
