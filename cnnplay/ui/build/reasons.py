"""Why an action cannot be done now, in words for its tooltip: a disabled control says why."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnplay.network.network import find
from cnnplay.network.nodes import Branches
from cnnplay.shapes.output import tells_apart
from cnnplay.ui.build import clipboard
from cnnplay.ui.build.placement import neighbours, step

if TYPE_CHECKING:
    from cnnplay.ui.build.editor import EditorModel

_NOTHING = "choose a block first"


def why_not(editor: "EditorModel", action: str) -> str:
    """ "" when the action is possible. KeyError for an action that does not exist."""
    return _REASONS[action](editor)


def _never(editor: "EditorModel") -> str:
    return ""


def _selected(editor: "EditorModel") -> str:
    if editor.selected:
        return ""
    return "the input stays: choose a block instead" if editor.current == "input" else _NOTHING


def _paste(editor: "EditorModel") -> str:
    return "" if clipboard.holds_text() else "the clipboard holds no blocks: copy some first"


def _wrap(editor: "EditorModel") -> str:
    if not editor.selected:
        return _selected(editor)
    if neighbours(editor.network, editor.selected) is None:
        return "only neighbouring blocks of one stack can be wrapped together"
    return ""


def _unwrap(editor: "EditorModel") -> str:
    if not editor.selected:
        return _selected(editor)
    if len(editor.selected) > 1:
        return "choose one skip or branches alone"
    return (
        "" if editor.selected[0] in editor.containers else f"{editor.selected[0]} is no skip and no branches"
    )


def _move(editor: "EditorModel", down: bool) -> str:
    if not editor.selected:
        return _selected(editor)
    if neighbours(editor.network, editor.selected) is None:
        return "only neighbouring blocks move together"
    if step(editor.network, editor.selected, down) is None:
        return "it is the last one already" if down else "it is the first one already"
    return ""


def _add_branch(editor: "EditorModel") -> str:
    if editor.branches_of_current():
        return ""
    return "choose branches, or a block in one of them"


def _remove_branch(editor: "EditorModel") -> str:
    holder = editor.branches_of_current()
    if not holder:
        return "choose a block in a branch"
    node = find(editor.network, holder)
    assert isinstance(node, Branches)
    if len(node.branches) < 2:
        return "the last branch stays: delete the branches instead"
    return "" if editor.current != holder or editor.place is not None else "choose a block in the branch"


def _collapse(editor: "EditorModel") -> str:
    return "" if editor.current in editor.containers else "choose a skip or branches"


def _add_head(editor: "EditorModel") -> str:
    classes = editor.network.task.classes
    output = editor.report.output
    if tells_apart(output, classes):
        return f"the network ends in what tells its {classes:,} classes apart already"
    return (
        "mend the faults first: what the stack puts out is not known" if editor.report.output is None else ""
    )


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
    "add_head": _add_head,
    "undo": lambda editor: "" if editor.undo_stack.canUndo() else "nothing was changed yet",
    "redo": lambda editor: "" if editor.undo_stack.canRedo() else "nothing was undone",
    "select_all": lambda editor: "" if editor.network.stack else "the stack is empty",
}
ACTIONS = tuple(_REASONS)
