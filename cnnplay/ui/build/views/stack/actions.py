"""What can be done to the stack, as actions for menus, keys and the list of shortcuts."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.width import StackWidth

_STANDARD = QKeySequence.StandardKey
_KEYS: dict[str, tuple[str, tuple[QKeySequence.StandardKey | str, ...], str]] = {
    "undo": ("Undo", (_STANDARD.Undo,), "Takes the last change back."),
    "redo": ("Redo", (_STANDARD.Redo, "Ctrl+Shift+Z"), "Makes the change again that was taken back."),
    "insert": ("Insert a block…", ("Ins", "/"), "Chooses a block and puts it behind the current one."),
    "cut": ("Cut", (_STANDARD.Cut,), "Takes the chosen blocks out and keeps them on the clipboard."),
    "copy": ("Copy", (_STANDARD.Copy,), "Keeps the chosen blocks on the clipboard, as JSON."),
    "paste": ("Paste", (_STANDARD.Paste,), "Puts the clipboard's blocks behind the current one."),
    "duplicate": ("Duplicate", ("Ctrl+D",), "Puts copies behind the chosen blocks."),
    "delete": ("Delete", ("Del", "Backspace"), "Takes the chosen blocks out."),
    "select_all": ("Select all", (_STANDARD.SelectAll,), "Chooses every block of the stack."),
    "move_up": ("Move up", ("Alt+Up",), "Moves the chosen blocks up by one, out of a container at its top."),
    "move_down": ("Move down", ("Alt+Down",), "Moves the chosen blocks down by one."),
    "wrap": (
        "Wrap in a skip",
        ("Ctrl+G",),
        "Puts the chosen neighbours into a skip, with a projection where the shapes differ.",
    ),
    "unwrap": ("Unwrap", ("Ctrl+Shift+G",), "Puts the body of the skip, or the first branch, in its place."),
    "add_branch": ("Add a branch", ("Ctrl+B",), "Adds an empty branch beside the others."),
    "remove_branch": ("Remove the branch", ("Ctrl+Shift+B",), "Takes out the current block's branch."),
    "add_head": (
        "Add classifier head",
        ("Ctrl+H",),
        "Puts under the stack what is missing for one number a class.",
    ),
    "collapse": ("Open or close the container", ("Space",), "Shows a container as one card, or opens it."),
    "collapse_all": ("Close all containers", ("Ctrl+Shift+Left",), "Shows every container as one card."),
    "expand_all": ("Open all containers", ("Ctrl+Shift+Right",), "Shows what every container holds."),
}
_CONTEXTS = {
    "undo": Qt.ShortcutContext.WindowShortcut,
    "redo": Qt.ShortcutContext.WindowShortcut,
    "insert": Qt.ShortcutContext.WidgetWithChildrenShortcut,
}


class StackActions(QObject):
    """The actions of one edited network, shared by all its views.

    Those that edit blocks answer to their keys in the stack alone: Ctrl+C in a field stays the field's. A
    block can be inserted from all of the workspace to which that action is added.
    """

    insert_asked = Signal()

    def __init__(self, editor: EditorModel, model: StackModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = model
        self.width = StackWidth(self)
        """All views of the stack are as wide as one another."""
        self.by_name: dict[str, QAction] = {}
        for name, (text, keys, help_text) in _KEYS.items():
            self._add(name, text, keys, help_text)
        editor.changed.connect(self.refresh)
        editor.selection_changed.connect(self.refresh)
        editor.undo_changed.connect(self.refresh)
        QGuiApplication.clipboard().dataChanged.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enables what is possible; what is not says why."""
        for name, action in self.by_name.items():
            reason = self.reason(name)
            help_text = _KEYS[name][2]
            action.setEnabled(not reason)
            action.setToolTip(f"{help_text}\nNot now: {reason}." if reason else help_text)
            action.setStatusTip(action.toolTip())
        stack = self._editor.undo_stack
        self.by_name["undo"].setText(f"Undo {stack.undoText()}".rstrip())
        self.by_name["redo"].setText(f"Redo {stack.redoText()}".rstrip())

    def reason(self, name: str) -> str:
        """Why an action cannot be done now; "" when it can."""
        if name in ("collapse_all", "expand_all"):
            return "" if self._editor.containers else "the network has no skip and no branches"
        return self._editor.why_not(name)

    def _add(
        self, name: str, text: str, keys: tuple[QKeySequence.StandardKey | str, ...], help_text: str
    ) -> None:
        action = QAction(text, self)
        sequences: list[QKeySequence] = []
        for key in keys:
            sequence = QKeySequence(key)
            if not sequence.isEmpty() and sequence not in sequences:
                sequences.append(sequence)
        action.setShortcuts(sequences)
        action.setShortcutContext(_CONTEXTS.get(name, Qt.ShortcutContext.WidgetShortcut))
        action.setObjectName(name)
        action.setToolTip(help_text)
        action.triggered.connect(self._deed(name))
        self.by_name[name] = action

    def _deed(self, name: str) -> Callable[[], object]:
        editor = self._editor
        deeds: dict[str, Callable[[], object]] = {
            "undo": editor.undo,
            "redo": editor.redo,
            "insert": self.insert_asked.emit,
            "cut": editor.cut,
            "copy": editor.copy,
            "paste": editor.paste,
            "duplicate": editor.duplicate,
            "delete": editor.remove_selected,
            "select_all": editor.select_all,
            "move_up": self._move_up,
            "move_down": self._move_down,
            "wrap": editor.wrap_selected,
            "unwrap": editor.unwrap,
            "add_branch": editor.add_branch,
            "remove_branch": editor.remove_branch,
            "add_head": editor.add_head,
            "collapse": self._collapse,
            "collapse_all": self._close_all,
            "expand_all": self._open_all,
        }
        deed = deeds[name]

        def act(_checked: bool = False) -> None:
            deed()

        return act

    def _move_up(self) -> None:
        self._editor.step_selected(down=False)

    def _move_down(self) -> None:
        self._editor.step_selected(down=True)

    def _collapse(self) -> None:
        node_id = self._editor.current
        self._model.set_collapsed(node_id, not self._model.is_collapsed(node_id))

    def _close_all(self) -> None:
        self._model.collapse_all(True)

    def _open_all(self) -> None:
        self._model.collapse_all(False)
