"""Why an editing action is unavailable, for the tooltips of disabled controls."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnplay.network.network import find
from cnnplay.network.nodes import Branches
from cnnplay.shapes.output import matches_classes
from cnnplay.ui.build import clipboard
from cnnplay.ui.build.placement import adjacent_nodes, move_target

if TYPE_CHECKING:
    from cnnplay.ui.build.editor import EditorModel

_NOTHING = "select a layer first"


def disabled_reason(editor: "EditorModel", action: str) -> str:
    """The reason, or "" when the action is available. KeyError for an unknown action."""
    return _REASONS[action](editor)


def _never(editor: "EditorModel") -> str:
    return ""


def _selected(editor: "EditorModel") -> str:
    if editor.selected:
        return ""
    return "the input is not a layer: select a layer first" if editor.current == "input" else _NOTHING


def _paste(editor: "EditorModel") -> str:
    return "" if clipboard.may_contain_layers() else "the clipboard contains no layers: copy some first"


def _wrap(editor: "EditorModel") -> str:
    if not editor.selected:
        return _selected(editor)
    if adjacent_nodes(editor.network, editor.selected) is None:
        return "only adjacent layers of one stack can be wrapped together"
    return ""


def _unwrap(editor: "EditorModel") -> str:
    if not editor.selected:
        return _selected(editor)
    if len(editor.selected) > 1:
        return "select a single skip or branches"
    return (
        "" if editor.selected[0] in editor.containers else f"{editor.selected[0]} is not a skip or branches"
    )


def _move(editor: "EditorModel", down: bool) -> str:
    if not editor.selected:
        return _selected(editor)
    if adjacent_nodes(editor.network, editor.selected) is None:
        return "only adjacent layers can be moved together"
    if move_target(editor.network, editor.selected, down) is None:
        return "it is already the last one" if down else "it is already the first one"
    return ""


def _add_branch(editor: "EditorModel") -> str:
    if editor.branches_of_current():
        return ""
    return "select branches, or a layer in one of them"


def _remove_branch(editor: "EditorModel") -> str:
    holder = editor.branches_of_current()
    if not holder:
        return "select a layer in a branch"
    node = find(editor.network, holder)
    assert isinstance(node, Branches)
    if len(node.branches) < 2:
        return "the last branch cannot be removed: delete the branches instead"
    return "" if editor.current != holder or editor.place is not None else "select a layer in the branch"


def _collapse(editor: "EditorModel") -> str:
    return "" if editor.current in editor.containers else "select a skip or branches"


def _containers(editor: "EditorModel") -> str:
    return "" if editor.containers else "the network has no skips or branches"


def _add_head(editor: "EditorModel") -> str:
    classes = editor.network.task.classes
    output = editor.report.output
    if matches_classes(output, classes):
        return f"the network already ends in a {classes:,}-class output layer"
    return "fix the problems first: the output shape is unknown" if editor.report.output is None else ""


_REASONS: dict[str, Callable[["EditorModel"], str]] = {
    "insert": _never,
    "delete": _selected,
    "copy": _selected,
    "cut": _selected,
    "paste": _paste,
    "duplicate": _selected,
    "wrap": _wrap,
    "unwrap": _unwrap,
    "move_up": lambda editor: _move(editor, down=False),
    "move_down": lambda editor: _move(editor, down=True),
    "add_branch": _add_branch,
    "remove_branch": _remove_branch,
    "collapse": _collapse,
    "collapse_all": _containers,
    "expand_all": _containers,
    "add_head": _add_head,
    "undo": lambda editor: "" if editor.undo_stack.canUndo() else "nothing to undo",
    "redo": lambda editor: "" if editor.undo_stack.canRedo() else "nothing to redo",
    "select_all": lambda editor: "" if editor.network.stack else "the stack is empty",
}
ACTIONS = tuple(_REASONS)
