"""The stack view: the canvas with mouse, keyboard, menu and actions."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from cnnplay.network.network import Place
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.actions import StackActions
from cnnplay.ui.build.views.stack.hands import StackHands
from cnnplay.ui.build.views.stack.keys import Map, Step
from cnnplay.ui.build.views.stack.menu import block_menu
from cnnplay.ui.build.views.stack.tips import tip
from cnnplay.ui.kit.views.keytable import ENTER, KeyAction, KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme


def _walks(extend: bool) -> dict[str, Mapping[Qt.Key, KeyAction]]:
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


_PLAIN, _EXTENDING = _walks(False), _walks(True)
KEYS = KeyTable(
    "Stack",
    KeyRow("Card above, card below", _PLAIN["card"]),
    KeyRow(
        "Leave or enter a container, previous or next branch",
        {Qt.Key.Key_Left: lambda view: view.leave(), Qt.Key.Key_Right: lambda view: view.enter()},
    ),
    KeyRow("Page up, page down", _PLAIN["page"]),
    KeyRow("First card, last card", _PLAIN["end"]),
    KeyRow(
        "Extend the selection", {k: d for part in _EXTENDING.values() for k, d in part.items()}, shift=True
    ),
    KeyRow(
        "Edit the fields of the card; insert into an empty stack",
        dict.fromkeys(ENTER, lambda v: v.activate()),
    ),
    KeyRow("Clear the selection; cancel a drag", {Qt.Key.Key_Escape: lambda view: view.let_go()}),
)


class StackView(StackHands):
    """The complete stack view. Signal: `activated(id)` (see `StackMouse`)."""

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
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Network stack")
        self.setMinimumWidth(theme().px(220))

    @property
    def actions_by_name(self) -> dict[str, QAction]:
        """The actions for the main window's menus."""
        return self.actions_of_stack.by_name

    # Slots for others

    def set_input_picture(self, image: QImage | None, caption: str = "") -> None:
        self.model.set_input_picture(image, caption)

    def set_strip(self, node_id: str, image: QImage | None) -> None:
        self.model.set_strip(node_id, image)

    def set_prediction(self, classes: list[tuple[str, float]] | None, caption: str = "") -> None:
        self.model.set_prediction(classes, caption)

    def context_menu(self) -> QMenu:
        """The menu for the selection."""
        return block_menu(self.editor, self.actions_of_stack, self)

    def open_menu(self, at: QPoint | None = None) -> QMenu:
        """Opens the menu at a screen position, or at the current card."""
        if at is None:
            box = self.shown_rect(self.current_spot) if self.current_spot else None
            at = self.viewport().mapToGlobal(box.center() if box is not None else QPoint(40, 40))
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)
        return menu

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
        if not KEYS.press(self, event) and not self._say_why_not(event):
            super().keyPressEvent(event)

    def up(self, extend: bool) -> None:
        """Goes to the card above; without a selection, to the last."""
        here = self.current_spot
        self._walk(self._map.up(here) if here else self.boxes.order[-1], extend)

    def down(self, extend: bool) -> None:
        """Goes to the card below; without a selection, to the first."""
        here = self.current_spot
        self._walk(self._map.down(here) if here else self.boxes.order[0], extend)

    def enter(self) -> None:
        """Expands a container, enters it, or goes to the branch at the right."""
        self._take(self._map.right(self.current_spot or self.boxes.order[0]))

    def leave(self) -> None:
        """Collapses a container, goes to the branch at the left, or out."""
        self._take(self._map.left(self.current_spot or self.boxes.order[0]))

    def end(self, index: int, extend: bool) -> None:
        """Goes to the first card (0) or the last (−1)."""
        self._walk(self.boxes.order[index], extend)

    def activate(self) -> None:
        """Goes to the fields of the current card; in an empty stack, opens the layer list."""
        if isinstance(self.current_spot, Place):
            self.open_picker(self.current_spot)
        elif self.current_spot:
            self.activated.emit(self.current_spot)

    def let_go(self) -> None:
        """Cancels a drag; without one, clears the selection."""
        if self.dragged is not None:
            self.cancel_drag()
        else:
            self.editor.select(())

    @property
    def _map(self) -> Map:
        return Map(self.boxes, self.editor.network)

    def _take(self, step: Step) -> None:
        if step.open:
            self.model.set_collapsed(step.open, False)
        elif step.close:
            self.model.set_collapsed(step.close, True)
        elif step.spot is not None:
            self._go(step.spot)

    def page(self, direction: int, extend: bool) -> None:
        """Goes up or down by about a page."""
        keys, spot = self._map, self.current_spot or self.boxes.order[0]
        start, far = self.boxes.box(spot), self.viewport().height() * 4 // 5
        while start is not None:
            following = keys.down(spot) if direction > 0 else keys.up(spot)
            box = self.boxes.box(following) if following is not None else None
            if following is None or box is None or abs(box.y() - start.y()) > far:
                break
            spot = following
        self._walk(spot, extend)

    def _say_why_not(self, event: QKeyEvent) -> bool:
        """Shows the reason when the key of a disabled action is pressed."""
        pressed = event.keyCombination()
        for name, action in self.actions_by_name.items():
            if not action.isEnabled() and QKeySequence(pressed) in action.shortcuts():
                self.editor.message.emit(f"{action.text()}: {self.actions_of_stack.reason(name)}")
                return True
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _insert_asked(self) -> None:
        if self.isVisible():
            self.open_picker()
