"""Mouse handling of the stack: selecting, dragging, the plus signs, and drags from the palette."""

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.boxes import InsertionGap, Item
from cnnplay.ui.build.views.stack.drag import Drag, DragLabel
from cnnplay.ui.build.views.stack.picker import LayerPicker
from cnnplay.ui.build.views.stack.selection import StackSelection
from cnnplay.ui.kit.views.theme import theme

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class StackMouse(StackSelection):
    """The canvas with mouse handling. `activated(id)`: a double click on a card, or Enter; "input" too."""

    activated = Signal(str)

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(editor, model, parent)
        self._pressed: QPoint | None = None
        self._pressed_item: Item | None = None
        self._select_on_release = False
        self._drag_label: DragLabel | None = None
        self._picker: LayerPicker | None = None
        self._picker_place: Place | None = None
        self._cursor = QPoint()
        self._scroll_timer = QTimer(self)
        self._scroll_timer.setInterval(30)
        self._scroll_timer.timeout.connect(self._autoscroll)

    def external_drag(self, tag: str, global_point: QPoint) -> bool:
        """Follows a new layer dragged from the palette; returns whether the cursor is over the stack."""
        point = self.viewport().mapFromGlobal(global_point)
        over = self.isVisible() and self.viewport().rect().contains(point)
        if self.dragged is None or self.dragged.tag != tag:
            self.dragged = Drag(self.editor, tag=tag)
        self._update_drag(point if over else None, global_point, copy=False)
        return over

    def external_drop(self, tag: str, global_point: QPoint) -> bool:
        """Drops the new layer; returns whether it was inserted."""
        self.external_drag(tag, global_point)
        return self._drop()

    def cancel_drag(self) -> None:
        """Ends the drag without a change."""
        self._end_drag()
        self._pressed = None

    def open_picker(self, place: Place | None = None) -> None:
        """Opens the layer list at a gap; by default after the current layer."""
        self._picker_place = place or self.editor.insertion_place()
        if self._picker is None:
            self._picker = LayerPicker(self)
            self._picker.chosen.connect(self._picked)
        gap = next(
            (gap for column in self.boxes.columns for gap in column.gaps if gap.place == self._picker_place),
            None,
        )
        at = QPoint(theme().px(40), theme().px(40))
        if gap is not None:
            at = QPoint(gap.wire + theme().px(12), gap.y - self.offset())
        self._picker.open_at(self.viewport().mapToGlobal(at))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        if self.pinned().contains(event.position().toPoint()):
            return
        point = self.on_canvas(event.position().toPoint())
        if self._on_plus(point):
            assert self.plus_gap is not None
            self.open_picker(self.plus_gap.place)
            return
        item = self.boxes.item_at(point)
        self._pressed, self._pressed_item = event.position().toPoint(), item
        self._select_on_release = False
        modifiers = event.modifiers()
        if item is None:
            if not modifiers & (_CONTROL | _SHIFT):
                self.editor.select(())
        elif isinstance(item, Place) or item == "input":
            self._select_item(item)
        elif modifiers & _SHIFT:
            self._extend(item)
        elif modifiers & _CONTROL or item in self.editor.selected:
            # Either may become a drag: of a copy, or of the whole selection.
            self._select_on_release = True
        else:
            self._select_item(item)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self.dragged is not None:
            self._update_drag(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and isinstance(self._pressed_item, str) and self._pressed_item in self.editor.node_ids:
                self._start_drag(self._pressed_item)
                self._update_drag(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
        else:
            self._hover(None if self.pinned().contains(point) else self.on_canvas(point))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        if self.dragged is not None and not self.dragged.tag:
            point = event.position().toPoint()
            self._update_drag(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
            self._drop()
        elif self._select_on_release and isinstance(self._pressed_item, str):
            if event.modifiers() & _CONTROL:
                self.editor.toggle(self._pressed_item)
                self._anchor = self._pressed_item
            else:
                self._select_item(self._pressed_item)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self.boxes.item_at(self.on_canvas(event.position().toPoint()))
        if isinstance(item, Place):
            self.open_picker(item)
        elif isinstance(item, str) and item in self.editor.containers:
            self.model.set_collapsed(item, not self.model.is_collapsed(item))
        elif item is not None:
            self.activated.emit(item)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    # Hovering and dragging

    def _hover(self, point: QPoint | None) -> None:
        gap = self.boxes.gap_at(point) if point is not None else None
        item = self.boxes.item_at(point) if point is not None else None
        if (gap, item) == (self.plus_gap, self.hovered):
            return
        self.plus_gap, self.hovered = gap, item
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor
            if gap is not None and point is not None and self._on_plus(point)
            else Qt.CursorShape.ArrowCursor
        )
        self.viewport().update()

    def _on_plus(self, point: QPoint) -> bool:
        gap: InsertionGap | None = self.plus_gap
        if gap is None or any(slot.place == gap.place for slot in self.boxes.empty_slots):
            return False
        return abs(point.x() - gap.wire) <= theme().px(10) and abs(point.y() - gap.y) <= theme().px(10)

    def _start_drag(self, item: str) -> None:
        if item not in self.editor.selected:
            self.editor.select((item,))
        self._select_on_release = False
        self.dragged = Drag(self.editor, node_ids=self.editor.selected)
        self.plus_gap = None
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _update_drag(self, point: QPoint | None, global_point: QPoint, copy: bool) -> None:
        """Moves the drag; `point` is None outside the stack."""
        assert self.dragged is not None
        inside = point is not None and self.viewport().rect().adjusted(-24, -24, 24, 24).contains(point)
        gap = self.boxes.drop_gap(self.on_canvas(point)) if inside and point is not None else None
        self.dragged.set_target(gap, copy)
        self._cursor = global_point
        if self._drag_label is None or self._drag_label.window() is not self.window():
            self._drag_label = DragLabel(self.window())
        self._drag_label.show_at(global_point, self.dragged.text(), self.dragged.has_problem)
        if not self._scroll_timer.isActive():
            self._scroll_timer.start()
        self.viewport().update()

    def _drop(self) -> bool:
        dragged = self.dragged
        self._end_drag()
        return dragged is not None and dragged.drop()

    def _end_drag(self) -> None:
        self.dragged = None
        self._scroll_timer.stop()
        if self._drag_label is not None:
            self._drag_label.hide()
        self.viewport().update()

    def _autoscroll(self) -> None:
        """Scrolls while the drag is near the upper or lower edge."""
        point = self.viewport().mapFromGlobal(self._cursor)
        edge, height, bar = theme().px(28), self.viewport().height(), self.verticalScrollBar()
        if self.dragged is None or not -edge <= point.x() <= self.viewport().width() + edge:
            return
        if point.y() < edge:
            bar.setValue(bar.value() - theme().px(10))
        elif point.y() > height - edge:
            bar.setValue(bar.value() + theme().px(10))
        else:
            return
        self._update_drag(point, self._cursor, self.dragged.copy)

    # Inserting

    def _picked(self, tag: str) -> None:
        self.editor.insert(tag, self._picker_place)
        self.setFocus(Qt.FocusReason.PopupFocusReason)
