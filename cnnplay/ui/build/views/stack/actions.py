"""The editing actions of the stack, for menus, keys and the shortcut list."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.width import StackWidth
from cnnplay.ui.kit.views.command import Command

_STANDARD = QKeySequence.StandardKey
_ACTIONS: dict[str, tuple[str, tuple[QKeySequence.StandardKey | str, ...], str]] = {
    "undo": ("Undo", (_STANDARD.Undo,), "Undo the last change."),
    "redo": ("Redo", (_STANDARD.Redo, "Ctrl+Shift+Z"), "Redo the change that was undone."),
    "insert": ("Insert a layer…", ("Ins", "/"), "Pick a layer to insert after the current one."),
    "cut": ("Cut", (_STANDARD.Cut,), "Cut the selected layers to the clipboard."),
    "copy": ("Copy", (_STANDARD.Copy,), "Copy the selected layers to the clipboard, as JSON."),
    "paste": ("Paste", (_STANDARD.Paste,), "Insert the copied layers after the current one."),
    "duplicate": ("Duplicate", ("Ctrl+D",), "Insert copies after the selected layers."),
    "delete": ("Delete", ("Del", "Backspace"), "Delete the selected layers."),
    "select_all": ("Select all", (_STANDARD.SelectAll,), "Select every layer of the stack."),
    "move_up": ("Move up", ("Alt+Up",), "Move the selected layers up by one, out of a container at its top."),
    "move_down": ("Move down", ("Alt+Down",), "Move the selected layers down by one."),
    "wrap": (
        "Wrap in a skip",
        ("Ctrl+G",),
        "Wrap the selected adjacent layers in a skip, with a projection where the shapes differ.",
    ),
    "unwrap": ("Unwrap", ("Ctrl+Shift+G",), "Replace the skip by its body, or branches by the first one."),
    "add_branch": ("Add a branch", ("Ctrl+B",), "Add an empty branch next to the others."),
    "remove_branch": ("Remove the branch", ("Ctrl+Shift+B",), "Remove the branch of the current layer."),
    "add_head": (
        "Add classifier head",
        ("Ctrl+H",),
        "Append what is missing for one score per class.",
    ),
    "collapse": (
        "Expand or collapse the container",
        ("Space",),
        "Show a container as one card or in full.",
    ),
    "collapse_all": ("Collapse all containers", ("Ctrl+Shift+Left",), "Show every container as one card."),
    "expand_all": ("Expand all containers", ("Ctrl+Shift+Right",), "Show the layers in every container."),
}
_CONTEXTS = {
    "undo": Qt.ShortcutContext.WindowShortcut,
    "redo": Qt.ShortcutContext.WindowShortcut,
    "insert": Qt.ShortcutContext.WidgetWithChildrenShortcut,
}


class StackActions(QObject):
    """The actions of one edited network, shared by all its views.

    The shortcuts of actions that edit layers work only in the stack: Ctrl+C in a field copies its text. The
    insert action works in the whole workspace that it is added to.
    """

    insert_requested = Signal()

    def __init__(self, editor: EditorModel, model: StackModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = model
        self.width = StackWidth(self)
        """The width that all stack views share."""
        self.by_name: dict[str, Command] = {}
        for name, run in self._runs().items():
            text, keys, hint = _ACTIONS[name]
            self.by_name[name] = Command(
                self,
                text,
                run,
                name=name,
                keys=_sequences(keys),
                hint=hint,
                context=_CONTEXTS.get(name, Qt.ShortcutContext.WidgetShortcut),
                disabled_reason=partial(editor.disabled_reason, name),
            )
        for signal in (editor.changed, editor.selection_changed, editor.undo_changed):
            signal.connect(self.refresh)
        QGuiApplication.clipboard().dataChanged.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        for command in self.by_name.values():
            command.refresh()
        stack = self._editor.undo_stack
        self.by_name["undo"].setText(f"Undo {stack.undoText()}".rstrip())
        self.by_name["redo"].setText(f"Redo {stack.redoText()}".rstrip())

    def _runs(self) -> dict[str, Callable[[], object]]:
        editor = self._editor
        return {
            "undo": editor.undo,
            "redo": editor.redo,
            "insert": self.insert_requested.emit,
            "cut": editor.cut,
            "copy": editor.copy,
            "paste": editor.paste,
            "duplicate": editor.duplicate,
            "delete": editor.remove_selected,
            "select_all": editor.select_all,
            "move_up": lambda: editor.step_selected(down=False),
            "move_down": lambda: editor.step_selected(down=True),
            "wrap": editor.wrap_selected,
            "unwrap": editor.unwrap,
            "add_branch": editor.add_branch,
            "remove_branch": editor.remove_branch,
            "add_head": editor.add_head,
            "collapse": self._collapse,
            "collapse_all": lambda: self._model.collapse_all(True),
            "expand_all": lambda: self._model.collapse_all(False),
        }

    def _collapse(self) -> None:
        node_id = self._editor.current
        self._model.set_collapsed(node_id, not self._model.is_collapsed(node_id))


def _sequences(keys: tuple[QKeySequence.StandardKey | str, ...]) -> tuple[QKeySequence, ...]:
    """The first sequence of each standard key, and the others as they are; each once."""
    sequences = [QKeySequence(key) for key in keys]
    return tuple(dict.fromkeys(sequence for sequence in sequences if not sequence.isEmpty()))
