"""The stack view: the canvas with mouse, keyboard, menu and actions."""

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.build.views.stack.card_text import spoken_item
from cnnplay.ui.build.views.stack.dragging import Dragging
from cnnplay.ui.build.views.stack.keys import KEYS, StackKeys
from cnnplay.ui.build.views.stack.menu import layer_menu
from cnnplay.ui.build.views.stack.mouse import StackMouse
from cnnplay.ui.build.views.stack.picker import LayerInserter
from cnnplay.ui.build.views.stack.selection import StackSelection
from cnnplay.ui.build.views.stack.tooltips import tooltip_text
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip


class StackView(StackCanvas):
    """The complete stack view. `activated(id)`: a double click on a card, or Enter; "input" too."""

    activated = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel | None = None,
        actions: StackActions | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(editor, model or StackModel(editor), parent)
        self.dragging, self.inserter = Dragging(self), LayerInserter(self)
        self._selection = StackSelection(self)
        self.keys = StackKeys(self, self._selection)
        self._mouse = StackMouse(self, self._selection, self.dragging, self.inserter, self.activated.emit)
        self.stack_actions = actions or StackActions(editor, self.model, self)
        self.stack_actions.insert_requested.connect(self._open_picker_if_visible)
        self.addActions(list(self.stack_actions.by_name.values()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Network stack")
        self.setMinimumWidth(theme().px(220))

    def cancel_drag(self) -> None:
        """Ends the drag without a change."""
        self.dragging.cancel()
        self._mouse.forget_press()

    def context_menu(self) -> QMenu:
        """The menu for the selection."""
        return layer_menu(self.editor, self.stack_actions, self)

    def open_menu(self, at: QPoint | None = None) -> QMenu:
        """Opens the menu at a screen position, or at the current card."""
        if at is None:
            box = self.item_rect(self.current_item) if self.current_item else None
            at = self.viewport().mapToGlobal(box.center() if box is not None else QPoint(40, 40))
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            item = self.boxes.item_at(self.on_canvas(self.viewport().mapFromGlobal(at)))
            if item is not None and item not in self.editor.selected:
                self._selection.select(item)
            self.open_menu(at)
        else:
            self.open_menu()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.on_canvas(event.pos())
            QToolTip.showText(
                event.globalPos(), tip(tooltip_text(self.editor, self.boxes, point)), self.viewport()
            )
            return True
        return super().viewportEvent(event)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._mouse.press(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._mouse.release(event)
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mouse.double_click(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse.hover(None)
        super().leaveEvent(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        commands = self.stack_actions.by_name.values()
        if not KEYS.press(self, event) and not any(command.refuse(event) for command in commands):
            super().keyPressEvent(event)

    def activate(self) -> None:
        """Goes to the fields of the current card; in an empty stack, opens the layer list."""
        if isinstance(self.current_item, Place):
            self.inserter.open(self.current_item)
        elif self.current_item:
            self.activated.emit(self.current_item)

    def escape(self) -> None:
        """Cancels a drag; without one, clears the selection."""
        if self.dragged is not None:
            self.cancel_drag()
        else:
            self.editor.select(())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _open_picker_if_visible(self) -> None:
        if self.isVisible():
            self.inserter.open()

    # Screen readers

    def _selection_changed(self) -> None:
        super()._selection_changed()
        if self.isVisible():
            text = spoken_item(self.current_item, self.editor.network, self.editor.report)
            self.setAccessibleDescription(text)
            if QAccessible.isActive() and self.hasFocus():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
