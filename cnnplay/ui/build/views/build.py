"""The Build workspace: palette, stack, and the selected layer's properties, problems and costs."""

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.layer_times import LayerTimesModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.costs import CostsPanel
from cnnplay.ui.build.views.gallery import Gallery
from cnnplay.ui.build.views.palette import PalettePanel
from cnnplay.ui.build.views.problems import ProblemsPanel
from cnnplay.ui.build.views.properties import PropertiesPanel
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.panel import StackPanel
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.splitter import Splitter
from cnnplay.ui.kit.views.theme import theme

PALETTE_WIDTH = 224
"""The width of the palette, in design pixels: "Global average pooling" fits."""
MIN_COSTS_HEIGHT = 160
"""The least height of the costs panel, in design pixels, however tall the properties are."""
MIN_PAGE_HEIGHT = 360
"""Below this height a step-by-step page is too small to be read from the back of a lecture hall."""
LAYOUT = "build"
"""The first word of a saved layout."""


class BuildWorkspace(QWidget):
    """Palette | stack | properties, problems, and below them the costs or the step-by-step page.

    `preset_opened(key)`: a preset was opened from the list or the gallery.
    """

    preset_opened = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel,
        actions: StackActions,
        times: LayerTimesModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self.palette_panel = PalettePanel(editor)
        self.stack_panel = StackPanel(editor, model, actions)
        self.properties = PropertiesPanel(editor)
        self.problems = ProblemsPanel(editor)
        self.costs = CostsPanel(editor, model, times)
        self.pages = _Pages()
        self.pages.addWidget(self.costs)
        self.concept: QWidget | None = None
        self.step_button = QPushButton("Step through")
        self.step_button.setCheckable(True)
        self.step_button.hide()
        self.step_button.setToolTip("Step through the layer's arithmetic instead of showing the costs")
        self.step_button.toggled.connect(self.show_concept)
        self.properties.add_corner(self.step_button)
        self._gallery: Gallery | None = None
        lower = QWidget()
        self._column = vbox(self.problems, (self.pages, 1), into=lower)
        self._right = Splitter(Qt.Orientation.Vertical, self.properties, lower)
        self._right.setStretchFactor(1, 1)
        self._splitter = Splitter(
            Qt.Orientation.Horizontal, self.palette_panel, self.stack_panel, self._right
        )
        self._splitter.setStretchFactor(2, 1)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self._splitter)
        self.addAction(actions.by_name["insert"])
        self._width = actions.width
        self._palette, self._height = PALETTE_WIDTH, 0
        """In design pixels, as dragged by the user; a height of 0 fits the content."""
        self._properties_height = 0
        self._connect()
        self._restyle()

    @property
    def view(self) -> QWidget:
        """The stack view, which gets the keyboard focus when the workspace opens."""
        return self.stack_panel.view

    def set_concept_page(self, widget: QWidget) -> None:
        """Adds the step-by-step page in place of the costs, with a button next to the formula to show it."""
        if self.concept is not None:
            self.pages.removeWidget(self.concept)
        self.concept = widget
        self.pages.addWidget(widget)
        self.step_button.show()

    def show_concept(self, shown: bool = True) -> None:
        """Shows the step-by-step page, or the costs."""
        if self.concept is not None:
            self.pages.setCurrentWidget(self.concept if shown else self.costs)
            self.pages.updateGeometry()
            self.step_button.setChecked(shown)
            self._place_rows()

    def save_layout(self) -> QByteArray:
        """The splitter positions in design pixels; 0 for those never dragged."""
        return QByteArray(f"{LAYOUT} {self._palette} {self._width.preferred} {self._height}".encode())

    def restore_layout(self, state: QByteArray | bytes) -> bool:
        """Restores the splitters; returns whether the state was valid."""
        fields = bytes(state).decode("ascii", "replace").split()  # type: ignore[arg-type]
        if len(fields) != 4 or fields[0] != LAYOUT or not all(field.isdecimal() for field in fields[1:]):
            return False
        self._palette, stack, self._height = (int(field) for field in fields[1:])
        self._width.set_preferred(stack)
        self._place()
        return True

    def reset_layout(self) -> None:
        """Restores the default splitter positions."""
        self._palette, self._height, self._properties_height = PALETTE_WIDTH, 0, 0
        self._width.set_preferred(0)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        QTimer.singleShot(0, self, self._settle)

    def open_gallery(self) -> None:
        """Shows the presets as cards."""
        if self._gallery is None:
            self._gallery = Gallery(self)
            self._gallery.chosen.connect(self._open_preset)
        self._gallery.open()

    def _connect(self) -> None:
        layers, view = self.palette_panel.layers, self.stack_panel.view
        layers.drag_moved.connect(view.dragging.move_new)
        layers.drag_dropped.connect(view.dragging.drop_new)
        layers.drag_cancelled.connect(view.cancel_drag)
        view.activated.connect(self._activated)
        self.problems.focus_left.connect(view.setFocus)
        theme().changed.connect(self._restyle)
        self._width.changed.connect(self._place)
        self._splitter.splitterMoved.connect(self._dragged)
        self._right.splitterMoved.connect(self._row_dragged)
        self.properties.content_changed.connect(self._content_changed)
        self.palette_panel.gallery_requested.connect(self.open_gallery)
        self.palette_panel.preset_chosen.connect(self._open_preset)

    def _open_preset(self, key: str) -> None:
        self._editor.load_preset(key)
        self.preset_opened.emit(key)

    def _activated(self, _item: str) -> None:
        self.properties.focus_first()

    @Slot()
    def _restyle(self) -> None:
        gap = theme().px(8)
        self._layout.setContentsMargins(gap, gap, gap, gap)
        self._column.setSpacing(gap)
        self._settle()
        # Again once the panels know their minimum sizes with the new font.
        QTimer.singleShot(0, self, self._settle)

    @Slot()
    def _settle(self) -> None:
        """Measures the panels again after a change of width or font."""
        self._properties_height = 0
        self._place()

    @Slot()
    def _place(self) -> None:
        """Gives each panel its width and height in the current window."""
        palette, stack = theme().px(self._palette), self._width.pixels(self.width())
        rest = self._splitter.width() - palette - stack - 2 * self._splitter.handleWidth()
        self._splitter.setSizes([palette, stack, max(1, rest)])
        self._place_rows()

    @Slot()
    def _content_changed(self) -> None:
        # Deferred: the form lays itself out first.
        QTimer.singleShot(0, self, self._place_rows)

    @Slot()
    def _place_rows(self) -> None:
        """Gives the properties the height they need, if that leaves enough for the panels below.

        They do not shrink again for a layer with fewer fields, so that the panels below do not jump.
        """
        whole = self._right.height() - self._right.handleWidth()
        self._properties_height = max(self._properties_height, self.properties.full_height())
        self._fold(whole)
        if self.properties.folded:
            top = self.properties.title_height()
        elif self._height:
            top = theme().px(self._height)
        else:
            below = self.problems.height() + self._column.spacing() + theme().px(MIN_COSTS_HEIGHT)
            available = max(whole - below, self.properties.minimumSizeHint().height())
            top = (
                self._properties_height
                if self._properties_height <= available
                else self.properties.height_within(available)
            )
        self._right.setSizes([top, max(1, whole - top)])

    def _fold(self, whole: int) -> None:
        """Reduces the properties to their title while the step-by-step page is too small to read. Problems
        stay visible: they may be the reason why it cannot be shown.
        """
        stepping = self.concept is not None and self.pages.currentWidget() is self.concept
        least = self.concept.minimumSizeHint().height() if self.concept is not None else 0
        rest = whole - self.properties.full_height() - self.problems.height() - self._column.spacing()
        self.properties.set_folded(stepping and rest < max(least, theme().px(MIN_PAGE_HEIGHT)))

    @Slot()
    def _dragged(self) -> None:
        self._palette = round(self.palette_panel.width() / theme().text_scale)
        self._width.drag(self.stack_panel.width())

    @Slot()
    def _row_dragged(self) -> None:
        if not self.properties.folded:
            self._height = round(self.properties.height() / theme().text_scale)


class _Pages(QStackedWidget):
    """Asks for the minimum size of the current page, not of the hidden ones."""

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint()
