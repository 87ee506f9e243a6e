"""The stack view: the canvas with mouse, keyboard, menu and actions."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.menu import layer_menu
from cnnplay.ui.build.views.stack.mouse import StackMouse
from cnnplay.ui.build.views.stack.navigation import KeyEffect, StackNavigation
from cnnplay.ui.build.views.stack.tooltips import tooltip_text
from cnnplay.ui.kit.views.keytable import ENTER, KeyAction, KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme


def _movement_keys(extend: bool) -> dict[str, Mapping[Qt.Key, KeyAction]]:
    """The keys that move along the stack; with Shift they extend the selection."""
    return {
        "card": {
            Qt.Key.Key_Up: lambda view: view.up(extend),
            Qt.Key.Key_Down: lambda view: view.down(extend),
        },
        "page": {
            Qt.Key.Key_PageUp: lambda view: view.page(-1, extend),
            Qt.Key.Key_PageDown: lambda view: view.page(1, extend),
        },
        "end": {
            Qt.Key.Key_Home: lambda view: view.end(0, extend),
            Qt.Key.Key_End: lambda view: view.end(-1, extend),
        },
    }


_MOVE, _EXTEND = _movement_keys(False), _movement_keys(True)
KEYS = KeyTable(
    "Stack",
    KeyRow("Card above, card below", _MOVE["card"]),
    KeyRow(
        "Leave or enter a container, previous or next branch",
        {Qt.Key.Key_Left: lambda view: view.leave(), Qt.Key.Key_Right: lambda view: view.enter()},
    ),
    KeyRow("Page up, page down", _MOVE["page"]),
    KeyRow("First card, last card", _MOVE["end"]),
    KeyRow("Extend the selection", {k: d for part in _EXTEND.values() for k, d in part.items()}, shift=True),
    KeyRow(
        "Edit the fields of the card; insert into an empty stack",
        dict.fromkeys(ENTER, lambda v: v.activate()),
    ),
    KeyRow("Clear the selection; cancel a drag", {Qt.Key.Key_Escape: lambda view: view.escape()}),
)


class StackView(StackMouse):
    """The complete stack view. Signal: `activated(id)` (see `StackMouse`)."""

    def __init__(
        self,
        editor: EditorModel,
        model: StackModel | None = None,
        actions: StackActions | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(editor, model or StackModel(editor), parent)
        self.stack_actions = actions or StackActions(editor, self.model, self)
        self.stack_actions.insert_requested.connect(self._open_picker_if_visible)
        self.addActions(list(self.stack_actions.by_name.values()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Network stack")
        self.setMinimumWidth(theme().px(220))

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
                self._select_item(item)
            self.open_menu(at)
        else:
            self.open_menu()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.on_canvas(event.pos())
            QToolTip.showText(
                event.globalPos(), tooltip_text(self.editor, self.boxes, point), self.viewport()
            )
            return True
        return super().viewportEvent(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        commands = self.stack_actions.by_name.values()
        if not KEYS.press(self, event) and not any(command.refuse(event) for command in commands):
            super().keyPressEvent(event)

    def up(self, extend: bool) -> None:
        """Goes to the card above; without a selection, to the last."""
        here = self.current_item
        self._move_to(self._navigation.up(here) if here else self.boxes.order[-1], extend)

    def down(self, extend: bool) -> None:
        """Goes to the card below; without a selection, to the first."""
        here = self.current_item
        self._move_to(self._navigation.down(here) if here else self.boxes.order[0], extend)

    def enter(self) -> None:
        """Expands a container, enters it, or goes to the branch at the right."""
        self._apply(self._navigation.right(self.current_item or self.boxes.order[0]))

    def leave(self) -> None:
        """Collapses a container, goes to the branch at the left, or out."""
        self._apply(self._navigation.left(self.current_item or self.boxes.order[0]))

    def end(self, index: int, extend: bool) -> None:
        """Goes to the first card (0) or the last (−1)."""
        self._move_to(self.boxes.order[index], extend)

    def activate(self) -> None:
        """Goes to the fields of the current card; in an empty stack, opens the layer list."""
        if isinstance(self.current_item, Place):
            self.open_picker(self.current_item)
        elif self.current_item:
            self.activated.emit(self.current_item)

    def escape(self) -> None:
        """Cancels a drag; without one, clears the selection."""
        if self.dragged is not None:
            self.cancel_drag()
        else:
            self.editor.select(())

    @property
    def _navigation(self) -> StackNavigation:
        return StackNavigation(self.boxes, self.editor.network)

    def _apply(self, effect: KeyEffect) -> None:
        if effect.expand:
            self.model.set_collapsed(effect.expand, False)
        elif effect.collapse:
            self.model.set_collapsed(effect.collapse, True)
        elif effect.item is not None:
            self._select_item(effect.item)

    def page(self, direction: int, extend: bool) -> None:
        """Goes up or down by about a page."""
        keys, item = self._navigation, self.current_item or self.boxes.order[0]
        start, far = self.boxes.box(item), self.viewport().height() * 4 // 5
        while start is not None:
            following = keys.down(item) if direction > 0 else keys.up(item)
            box = self.boxes.box(following) if following is not None else None
            if following is None or box is None or abs(box.y() - start.y()) > far:
                break
            item = following
        self._move_to(item, extend)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _open_picker_if_visible(self) -> None:
        if self.isVisible():
            self.open_picker()
