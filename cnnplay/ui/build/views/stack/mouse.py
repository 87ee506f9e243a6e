"""The mouse in the stack: selecting, hovering, the plus signs, and drags of its layers."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from cnnplay.network.network import Place
from cnnplay.ui.build.views.stack.boxes import Item
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.dragging import Dragging
from cnnplay.ui.build.views.stack.picker import LayerInserter
from cnnplay.ui.build.views.stack.selection import StackSelection
from cnnplay.ui.kit.views.theme import theme

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class StackMouse:
    """Handles the events of the left button and the moves. `activate(id)`: a double click on a card."""

    def __init__(
        self,
        canvas: StackCanvas,
        selection: StackSelection,
        dragging: Dragging,
        inserter: LayerInserter,
        activate: Callable[[str], object],
    ) -> None:
        self._canvas, self._editor = canvas, canvas.editor
        self._selection, self._dragging, self._inserter = selection, dragging, inserter
        self._activate = activate
        self._pressed: QPoint | None = None
        self._pressed_item: Item | None = None
        self._select_on_release = False

    def press(self, event: QMouseEvent) -> None:
        canvas, at = self._canvas, event.position().toPoint()
        if canvas.pinned().contains(at):
            return
        point = canvas.on_canvas(at)
        if canvas.plus_gap is not None and self._on_plus(point):
            self._inserter.open(canvas.plus_gap.place)
            return
        item = canvas.boxes.item_at(point)
        self._pressed, self._pressed_item = at, item
        self._select_on_release = False
        modifiers = event.modifiers()
        if item is None:
            if not modifiers & (_CONTROL | _SHIFT):
                self._editor.select(())
        elif isinstance(item, Place) or item == "input":
            self._selection.select(item)
        elif modifiers & _SHIFT:
            self._selection.extend(item)
        elif modifiers & _CONTROL or item in self._editor.selected:
            # Either may become a drag: of a copy, or of the whole selection.
            self._select_on_release = True
        else:
            self._selection.select(item)

    def move(self, event: QMouseEvent) -> None:
        canvas, point = self._canvas, event.position().toPoint()
        if canvas.dragged is not None:
            self._drag(event)
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and isinstance(self._pressed_item, str) and self._pressed_item in self._editor.node_ids:
                self._start_drag(self._pressed_item)
                self._drag(event)
        else:
            self.hover(None if canvas.pinned().contains(point) else canvas.on_canvas(point))

    def release(self, event: QMouseEvent) -> None:
        dragged, item = self._canvas.dragged, self._pressed_item
        if dragged is not None and not dragged.tag:
            self._drag(event)
            self._dragging.drop()
        elif self._select_on_release and isinstance(item, str):
            control = bool(event.modifiers() & _CONTROL)
            (self._selection.toggle if control else self._selection.select)(item)
        self._pressed = None

    def double_click(self, event: QMouseEvent) -> None:
        canvas = self._canvas
        item = canvas.boxes.item_at(canvas.on_canvas(event.position().toPoint()))
        if isinstance(item, Place):
            self._inserter.open(item)
        elif isinstance(item, str) and item in self._editor.containers:
            canvas.model.set_collapsed(item, not canvas.model.is_collapsed(item))
        elif item is not None:
            self._activate(item)

    def hover(self, point: QPoint | None) -> None:
        """Highlights what is at a point of the canvas; None: the mouse left."""
        canvas = self._canvas
        gap = canvas.boxes.gap_at(point) if point is not None else None
        item = canvas.boxes.item_at(point) if point is not None else None
        if (gap, item) == (canvas.plus_gap, canvas.hovered):
            return
        canvas.plus_gap, canvas.hovered = gap, item
        canvas.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor
            if point is not None and self._on_plus(point)
            else Qt.CursorShape.ArrowCursor
        )
        canvas.viewport().update()

    def forget_press(self) -> None:
        """The press does not become a drag any more."""
        self._pressed = None

    def _on_plus(self, point: QPoint) -> bool:
        gap = self._canvas.plus_gap
        if gap is None or any(slot.place == gap.place for slot in self._canvas.boxes.empty_slots):
            return False
        return abs(point.x() - gap.wire) <= theme().px(10) and abs(point.y() - gap.y) <= theme().px(10)

    def _start_drag(self, item: str) -> None:
        if item not in self._editor.selected:
            self._editor.select((item,))
        self._select_on_release = False
        self._dragging.start(self._editor.selected)
        self._canvas.plus_gap = None
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)

    def _drag(self, event: QMouseEvent) -> None:
        copy = bool(event.modifiers() & _CONTROL)
        self._dragging.move(event.position().toPoint(), event.globalPosition().toPoint(), copy)
