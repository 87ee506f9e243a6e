"""The stack view: the canvas with mouse and keyboard."""

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from cnnplay.network.describe import shape_words
from cnnplay.network.network import Place, find
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.stack import StackModel
from cnnplay.widgets.stack.actions import StackActions
from cnnplay.widgets.stack.boxes import Gap, Spot
from cnnplay.widgets.stack.canvas import StackCanvas
from cnnplay.widgets.stack.drag import Drag, Tag
from cnnplay.widgets.stack.faces import spoken
from cnnplay.widgets.stack.keys import Map, Step
from cnnplay.widgets.stack.menu import block_menu
from cnnplay.widgets.stack.picker import BlockPicker
from cnnplay.widgets.stack.tips import tip
from cnnplay.widgets.theme import theme

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class StackView(StackCanvas):
    """The stack, to be looked at and edited. `activated(id)`: Enter on a block, or "input"."""

    activated = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel | None = None,
        actions: StackActions | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(editor, model or StackModel(editor), parent)
        self.actions_of_stack = actions or StackActions(editor, self.model, self)
        self.actions_of_stack.insert_asked.connect(self._insert_asked)
        self.addActions(list(self.actions_by_name.values()))
        self._pressed: QPoint | None = None
        self._pressed_spot: Spot | None = None
        self._anchor: Spot = ""
        self._choose_on_release = False
        self._tag: Tag | None = None
        self._picker: BlockPicker | None = None
        self._picker_place: Place | None = None
        self._cursor = QPoint()
        self._roll = QTimer(self)
        self._roll.setInterval(30)
        self._roll.timeout.connect(self._roll_on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Network stack")
        self.setMinimumWidth(theme().px(220))

    @property
    def actions_by_name(self) -> dict[str, QAction]:
        """The actions that the main window puts into its menus."""
        return self.actions_of_stack.by_name

    # Slots for others

    def set_input_picture(self, image: QImage | None, caption: str = "") -> None:
        self.model.set_input_picture(image, caption)

    def set_strip(self, node_id: str, image: QImage | None) -> None:
        self.model.set_strip(node_id, image)

    def set_prediction(self, classes: list[tuple[str, float]] | None, caption: str = "") -> None:
        self.model.set_prediction(classes, caption)

    def external_drag(self, tag: str, global_point: QPoint) -> bool:
        """A new block is carried from the palette; whether the cursor is over the stack."""
        point = self.viewport().mapFromGlobal(global_point)
        over = self.isVisible() and self.viewport().rect().contains(point)
        if self.dragged is None or self.dragged.tag != tag:
            self.dragged = Drag(self.editor, tag=tag)
        self._aim(point if over else None, global_point, copy=False)
        return over

    def external_drop(self, tag: str, global_point: QPoint) -> bool:
        """The block is let go; whether it was put into the network."""
        self.external_drag(tag, global_point)
        return self._drop()

    def cancel_drag(self) -> None:
        """Puts back what is in the hand."""
        self._end_drag()
        self._pressed = None

    def open_picker(self, place: Place | None = None) -> None:
        """Opens the list of blocks at a gap; by default behind the current block."""
        self._picker_place = place or self.editor.insertion_place()
        if self._picker is None:
            self._picker = BlockPicker(self)
            self._picker.chosen.connect(self._picked)
        gap = next(
            (gap for column in self.boxes.columns for gap in column.gaps if gap.place == self._picker_place),
            None,
        )
        at = QPoint(theme().px(40), theme().px(40))
        if gap is not None:
            at = QPoint(gap.wire + theme().px(12), gap.y - self.offset())
        self._picker.open_at(self.viewport().mapToGlobal(at))

    def context_menu(self) -> QMenu:
        """The menu for what is chosen."""
        return block_menu(self.editor, self.actions_of_stack, self)

    def open_menu(self, at: QPoint | None = None) -> QMenu:
        """Opens the menu at a point of the screen, or at the current card."""
        if at is None:
            box = self.shown_rect(self.current_spot) if self.current_spot else None
            at = self.viewport().mapToGlobal(box.center() if box is not None else QPoint(40, 40))
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)
        return menu

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        if self.pinned().contains(event.position().toPoint()):
            return
        point = self.on_canvas(event.position().toPoint())
        if self._on_sign(point):
            assert self.sign is not None
            self.open_picker(self.sign.place)
            return
        spot = self.boxes.spot_at(point)
        self._pressed, self._pressed_spot = event.position().toPoint(), spot
        self._choose_on_release = False
        modifiers = event.modifiers()
        if spot is None:
            if not modifiers & (_CONTROL | _SHIFT):
                self.editor.select(())
        elif isinstance(spot, Place) or spot == "input":
            self._go(spot)
        elif modifiers & _SHIFT:
            self._extend(spot)
        elif modifiers & _CONTROL or spot in self.editor.selected:
            # Either may become a drag: of the copy, or of all that is chosen.
            self._choose_on_release = True
        else:
            self._go(spot)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self.dragged is not None:
            self._aim(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and isinstance(self._pressed_spot, str) and self._pressed_spot in self.editor.node_ids:
                self._lift(self._pressed_spot)
                self._aim(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
        else:
            self._hover(None if self.pinned().contains(point) else self.on_canvas(point))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        if self.dragged is not None and not self.dragged.tag:
            point = event.position().toPoint()
            self._aim(point, event.globalPosition().toPoint(), bool(event.modifiers() & _CONTROL))
            self._drop()
        elif self._choose_on_release and isinstance(self._pressed_spot, str):
            if event.modifiers() & _CONTROL:
                self.editor.toggle(self._pressed_spot)
                self._anchor = self._pressed_spot
            else:
                self._go(self._pressed_spot)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self.boxes.spot_at(self.on_canvas(event.position().toPoint()))
        if isinstance(spot, Place):
            self.open_picker(spot)
        elif isinstance(spot, str) and spot in self.editor.containers:
            self.model.set_collapsed(spot, not self.model.is_collapsed(spot))
        elif spot is not None:
            self.activated.emit(spot)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            spot = self.boxes.spot_at(self.on_canvas(self.viewport().mapFromGlobal(at)))
            if spot is not None and spot not in self.editor.selected:
                self._go(spot)
            self.open_menu(at)
        else:
            self.open_menu()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.on_canvas(event.pos())
            QToolTip.showText(event.globalPos(), tip(self.editor, self.boxes, point), self.viewport())
            return True
        return super().viewportEvent(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        extend = bool(event.modifiers() & _SHIFT)
        keys = Map(self.boxes, self.editor.network)
        here = self.current_spot or self.boxes.order[0]
        if key == Qt.Key.Key_Escape:
            if self.dragged is not None:
                self.cancel_drag()
            else:
                self.editor.select(())
        elif key == Qt.Key.Key_Up:
            self._walk(keys.up(here) if self.current_spot else self.boxes.order[-1], extend)
        elif key == Qt.Key.Key_Down:
            self._walk(keys.down(here) if self.current_spot else here, extend)
        elif key == Qt.Key.Key_Right:
            self._take(keys.right(here))
        elif key == Qt.Key.Key_Left:
            self._take(keys.left(here))
        elif key == Qt.Key.Key_Home:
            self._walk(self.boxes.order[0], extend)
        elif key == Qt.Key.Key_End:
            self._walk(self.boxes.order[-1], extend)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._page(1 if key == Qt.Key.Key_PageDown else -1, extend)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(self.current_spot, Place):
                self.open_picker(self.current_spot)
            elif self.current_spot:
                self.activated.emit(self.current_spot)
        elif not self._say_why_not(event):
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # Choosing

    def _go(self, spot: Spot) -> None:
        self._anchor = spot
        if isinstance(spot, Place):
            self.editor.select_place(spot)
        elif spot == "input":
            self.editor.select_input()
        else:
            self.editor.select((spot,))

    def _walk(self, spot: Spot | None, extend: bool) -> None:
        if spot is None:
            return
        if extend:
            self._extend(spot)
        else:
            self._go(spot)

    def _extend(self, spot: Spot) -> None:
        """Chooses everything between the place where extending began and this one."""
        known = self._anchor in self.boxes.order
        anchor = self._anchor if known else self.current_spot or spot
        self._anchor = anchor
        chosen = Map(self.boxes, self.editor.network).between(anchor, spot)
        if chosen and isinstance(spot, str) and spot != "input":
            self.editor.select(chosen, spot)

    def _take(self, step: Step) -> None:
        if step.open:
            self.model.set_collapsed(step.open, False)
        elif step.close:
            self.model.set_collapsed(step.close, True)
        elif step.spot is not None:
            self._go(step.spot)

    def _page(self, direction: int, extend: bool) -> None:
        """Goes down or up by as much as is visible."""
        keys, spot = Map(self.boxes, self.editor.network), self.current_spot or self.boxes.order[0]
        start, far = self.boxes.box(spot), self.viewport().height() * 4 // 5
        while start is not None:
            following = keys.down(spot) if direction > 0 else keys.up(spot)
            box = self.boxes.box(following) if following is not None else None
            if following is None or box is None or abs(box.y() - start.y()) > far:
                break
            spot = following
        self._walk(spot, extend)

    def _say_why_not(self, event: QKeyEvent) -> bool:
        """A key whose action is disabled says why."""
        pressed = event.keyCombination()
        for name, action in self.actions_by_name.items():
            if not action.isEnabled() and QKeySequence(pressed) in action.shortcuts():
                self.editor.message.emit(f"{action.text()}: {self.actions_of_stack.reason(name)}")
                return True
        return False

    def _selection_changed(self) -> None:
        super()._selection_changed()
        if self.isVisible():
            words = self.spoken()
            self.setAccessibleDescription(words)
            if QAccessible.isActive() and self.hasFocus():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def spoken(self) -> str:
        """The current card in words."""
        spot = self.current_spot
        if isinstance(spot, Place):
            return f"an empty part of {spot.parent or 'the network'}"
        if spot == "input":
            return f"input, {shape_words(self.editor.network.input.shape)}"
        if spot not in self.editor.node_ids:
            return ""
        return spoken(spot, find(self.editor.network, spot), self.editor.report)

    # Hovering and dragging

    def _hover(self, point: QPoint | None) -> None:
        gap = self.boxes.gap_under(point) if point is not None else None
        spot = self.boxes.spot_at(point) if point is not None else None
        if (gap, spot) == (self.sign, self.hovered):
            return
        self.sign, self.hovered = gap, spot
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor
            if gap is not None and point is not None and self._on_sign(point)
            else Qt.CursorShape.ArrowCursor
        )
        self.viewport().update()

    def _on_sign(self, point: QPoint) -> bool:
        gap: Gap | None = self.sign
        if gap is None or any(hollow.place == gap.place for hollow in self.boxes.hollows):
            return False
        return abs(point.x() - gap.wire) <= theme().px(10) and abs(point.y() - gap.y) <= theme().px(10)

    def _lift(self, spot: str) -> None:
        if spot not in self.editor.selected:
            self.editor.select((spot,))
        self._choose_on_release = False
        self.dragged = Drag(self.editor, node_ids=self.editor.selected)
        self.sign = None
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _aim(self, point: QPoint | None, global_point: QPoint, copy: bool) -> None:
        """Moves what is in the hand; `point` is None outside the stack."""
        assert self.dragged is not None
        inside = point is not None and self.viewport().rect().adjusted(-24, -24, 24, 24).contains(point)
        gap = self.boxes.gap_for(self.on_canvas(point)) if inside and point is not None else None
        self.dragged.aim(gap, copy)
        self._cursor = global_point
        if self._tag is None or self._tag.window() is not self.window():
            self._tag = Tag(self.window())
        self._tag.show_at(global_point, self.dragged.words(), self.dragged.faulty)
        if not self._roll.isActive():
            self._roll.start()
        self.viewport().update()

    def _drop(self) -> bool:
        dragged = self.dragged
        self._end_drag()
        return dragged is not None and dragged.drop()

    def _end_drag(self) -> None:
        self.dragged = None
        self._roll.stop()
        if self._tag is not None:
            self._tag.hide()
        self.viewport().update()

    def _roll_on(self) -> None:
        """Scrolls while something is held at the upper or lower edge."""
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
        self._aim(point, self._cursor, self.dragged.copy)

    # Inserting

    def _insert_asked(self) -> None:
        if self.isVisible():
            self.open_picker()

    def _picked(self, tag: str) -> None:
        self.editor.insert(tag, self._picker_place)
        self.setFocus(Qt.FocusReason.PopupFocusReason)
